import type { Distro, PackageType } from '../packages/package.ts';
import { osvDistribution } from './distributions.ts';

/** Debian's releases: advisories name them by codename, `/etc/os-release` by number. */
const debianReleases: Readonly<Record<string, string>> = {
  woody: '3.0',
  sarge: '3.1',
  etch: '4',
  lenny: '5',
  squeeze: '6',
  wheezy: '7',
  jessie: '8',
  stretch: '9',
  buster: '10',
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
  sid: 'sid',
};

/** `bookworm` → `debian:12`; undefined for a name that is no release. */
export function debianDistro(codename: string): string | undefined {
  const release = Object.hasOwn(debianReleases, codename) ? debianReleases[codename] : undefined;
  return release === undefined ? undefined : `debian:${release}`;
}

const ubuntuReleases: Readonly<Record<string, string>> = {
  trusty: '14.04',
  xenial: '16.04',
  bionic: '18.04',
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  plucky: '25.04',
  questing: '25.10',
  resolute: '26.04',
};

/** `jammy` → `ubuntu:22.04`, `bookworm` → `debian:12`; undefined for a name that is no release of either. */
export function codenameDistro(codename: string): string | undefined {
  const ubuntu = Object.hasOwn(ubuntuReleases, codename) ? ubuntuReleases[codename] : undefined;
  return ubuntu === undefined ? debianDistro(codename) : `ubuntu:${ubuntu}`;
}

/** How many numbers of `VERSION_ID` make a release that has advisories of its own. Absent: a rolling release. */
const releaseNumbers: Readonly<Record<string, number>> = {
  debian: 1,
  ubuntu: 2,
  alpine: 2,
  alpaquita: 1,
  almalinux: 1,
  rocky: 1,
  rhel: 1,
  ol: 1,
  sles: 2,
  'opensuse-leap': 2,
  mageia: 1,
  photon: 2,
  azurelinux: 1,
  mariner: 1,
  fedora: 1,
  amzn: 2,
  'centos-stream': 1,
  openeuler: 2,
};
const rolling = ['wolfi', 'chainguard', 'minimos', 'echo', 'opensuse-tumbleweed'];

/** Both have the same ID, and releases of the same numbers. */
export function isCentosStream({ id, prettyName = '' }: Distro): boolean {
  return id === 'centos' && /stream/i.test(prettyName);
}

/**
 * The key of a distribution's release in the database: `debian:12`, `ubuntu:22.04`, `alpine:3.19`, `wolfi`. Undefined
 * when there is no way to tell which advisories would apply.
 */
export function distroKey(distro: Distro): string | undefined {
  if (rolling.includes(distro.id)) return distro.id;
  // CentOS was Red Hat's releases built again; CentOS Stream is ahead of them, with versions of its own.
  if (distro.id === 'centos')
    return distroKey({ ...distro, id: isCentosStream(distro) ? 'centos-stream' : 'rhel' });
  const numbers = Object.hasOwn(releaseNumbers, distro.id) ? releaseNumbers[distro.id] : undefined;
  if (numbers === undefined) return undefined;
  const version = distro.versionId?.split('.').slice(0, numbers).join('.');
  // Before its first service pack, SUSE's version is one number.
  if (distro.id === 'sles' && /^[0-9]+$/.test(version ?? '')) return `sles:${version}.0`;
  if (version !== undefined && version !== '') return `${distro.id}:${version}`;
  // Debian testing and unstable have no VERSION_ID.
  return distro.id === 'debian' ? debianDistro(distro.codename ?? 'sid') : undefined;
}

/** The name under which advisories of a package are stored and looked up. */
export function advisoryName(type: PackageType, name: string): string {
  switch (type) {
    case 'pypi':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'nuget':
    case 'composer':
      return name.toLowerCase();
    default:
      return name;
  }
}

/** The version that is compared: Go writes `v1.2.3` and `go1.22.1` where advisories write the numbers. */
export function advisoryVersion(type: PackageType, version: string): string {
  return type === 'golang' ? version.replace(/^(?:go|v)(?=[0-9])/, '') : version;
}

/** Where an ecosystem of OSV (https://ossf.github.io/osv-schema/#affectedpackage-field) is stored. */
export function osvEcosystem(
  ecosystem: string,
): { readonly type: PackageType; readonly distro: string } | undefined {
  const [base = '', release = ''] = ecosystem.split(':');
  const rest = ecosystem.slice(base.length + 1);
  const language = Object.hasOwn(languages, base) ? languages[base] : undefined;
  if (language !== undefined) return { type: language, distro: '' };
  switch (base) {
    case 'Debian':
      return distribution('deb', /^[0-9]+$/.test(release) ? `debian:${release}` : debianDistro(release));
    case 'Ubuntu':
      // Ubuntu:Pro:… are fixes that only subscribers get, under the same versions of the distribution.
      return distribution('deb', /^[0-9]+\.[0-9]+$/.test(release) ? `ubuntu:${release}` : undefined);
    default:
      return osvDistribution(base, rest);
  }
}

const languages: Readonly<Record<string, PackageType>> = {
  npm: 'npm',
  PyPI: 'pypi',
  Go: 'golang',
  'crates.io': 'cargo',
  Maven: 'maven',
  RubyGems: 'gem',
  NuGet: 'nuget',
  Packagist: 'composer',
  Pub: 'pub',
  CRAN: 'cran',
  Hackage: 'hackage',
};

function distribution(
  type: PackageType,
  distro: string | undefined,
): { readonly type: PackageType; readonly distro: string } | undefined {
  return distro === undefined ? undefined : { type, distro };
}
