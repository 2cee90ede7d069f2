import type { PackageType } from '../packages/package.ts';
import type { PackageUrl } from '../packages/parse-purl.ts';

/** A distribution whose advisories others than Debian's kin publish, under the names each format has for it. */
interface Distribution {
  /** `ID` of os-release(5). */
  readonly id: string;
  readonly type: PackageType;
  /** Its OSV ecosystem, and what of the text after the colon is the release; without it the distribution is rolling. */
  readonly osv?: { readonly name: string; readonly release?: RegExp };
  /** Vendor and product of its CPEs. */
  readonly cpe?: readonly string[];
  /** Of its package URLs, where they are others than `id`; the first is the one that we write. */
  readonly namespaces?: readonly string[];
}

const number = /^([0-9]+)$/;
const twoNumbers = /^([0-9]+\.[0-9]+)$/;

const distributions: readonly Distribution[] = [
  { id: 'alpine', type: 'apk', osv: { name: 'Alpine', release: /^v([0-9]+\.[0-9]+)$/ } },
  { id: 'alpaquita', type: 'apk', osv: { name: 'Alpaquita', release: number } },
  { id: 'wolfi', type: 'apk', osv: { name: 'Wolfi' } },
  { id: 'chainguard', type: 'apk', osv: { name: 'Chainguard' } },
  { id: 'minimos', type: 'apk', osv: { name: 'MinimOS' } },
  { id: 'echo', type: 'deb', osv: { name: 'Echo' } },
  {
    id: 'rhel',
    type: 'rpm',
    // One ecosystem for each of its repositories. Extended support (`rhel_eus`) has other versions, for subscribers.
    osv: { name: 'Red Hat', release: /^enterprise_linux:([0-9]+)(?:\.[0-9]+)?(?:::|$)/ },
    cpe: ['redhat:enterprise_linux'],
    namespaces: ['redhat'],
  },
  {
    id: 'almalinux',
    type: 'rpm',
    osv: { name: 'AlmaLinux', release: number },
    cpe: ['almalinux:almalinux'],
  },
  {
    id: 'rocky',
    type: 'rpm',
    osv: { name: 'Rocky Linux', release: number },
    cpe: ['rocky:rocky', 'resf:rocky_linux'],
    namespaces: ['rocky', 'rocky-linux'],
  },
  { id: 'ol', type: 'rpm', cpe: ['oracle:linux'], namespaces: ['ol', 'oracle', 'oraclelinux'] },
  {
    id: 'sles',
    type: 'rpm',
    // Of its modules too, which images are made of; not of the service packs that are supported longer for more money.
    osv: {
      name: 'SUSE',
      release:
        /^Linux Enterprise (?:Server|Desktop|Module for [A-Za-z0-9 -]+?) ([0-9]+(?: SP[0-9]+|\.[0-9]+)?)$/,
    },
    cpe: ['suse:sles', 'suse:sled', 'suse:sle-module-*'],
    namespaces: ['suse'],
  },
  {
    id: 'opensuse-leap',
    type: 'rpm',
    osv: { name: 'openSUSE', release: /^Leap ([0-9]+\.[0-9]+)$/ },
    cpe: ['opensuse:leap'],
    namespaces: ['opensuse'],
  },
  {
    id: 'opensuse-tumbleweed',
    type: 'rpm',
    osv: { name: 'openSUSE', release: /^(Tumbleweed)$/ },
    cpe: ['opensuse:tumbleweed'],
    namespaces: ['opensuse'],
  },
  // Neither has advisories in OSV.
  { id: 'fedora', type: 'rpm', cpe: ['fedoraproject:fedora'] },
  { id: 'amzn', type: 'rpm', cpe: ['amazon:amazon_linux', 'amazon:linux'], namespaces: ['amzn', 'amazon'] },
  {
    id: 'openeuler',
    type: 'rpm',
    osv: { name: 'openEuler', release: /^([0-9]+\.[0-9]+(?:-LTS(?:-SP[0-9]+)?)?)$/ },
  },
  { id: 'mageia', type: 'rpm', osv: { name: 'Mageia', release: number } },
  {
    id: 'photon',
    type: 'rpm',
    osv: { name: 'Photon OS', release: twoNumbers },
    namespaces: ['photon', 'vmware'],
  },
  { id: 'azurelinux', type: 'rpm', osv: { name: 'Azure Linux', release: /^([3-9]|[1-9][0-9]+)$/ } },
  // What Azure Linux was called up to 2.
  { id: 'mariner', type: 'rpm', osv: { name: 'Azure Linux', release: /^([12])$/ } },
];

/** `15 SP6` is `15.6`, `15` is `15.0`; the rest, and from 16 on SUSE too, is as it is. */
function releaseKey(id: string, release: string): string {
  if (id === 'opensuse-tumbleweed') return id;
  const [, major, pack] = /^([0-9]+)(?: SP([0-9]+))?$/.exec(release) ?? [];
  return `${id}:${id === 'sles' && major !== undefined ? `${major}.${pack ?? 0}` : release}`;
}

/** Where an OSV ecosystem of a distribution is stored; undefined for one that is not known, or a release that is none. */
export function osvDistribution(
  base: string,
  release: string,
): { readonly type: PackageType; readonly distro: string } | undefined {
  for (const { id, type, osv } of distributions) {
    if (osv?.name !== base) continue;
    if (osv.release === undefined) return { type, distro: id };
    const found = osv.release.exec(release)?.[1];
    if (found !== undefined) return { type, distro: releaseKey(id, found) };
  }
  return undefined;
}

/** Who rates a distribution's vulnerabilities, as advisories of OSV and CSAF are stored: `red hat`. */
export function vendorOf(id: string): string {
  const known = distributions.find((one) => one.id === id);
  return known?.osv?.name.toLowerCase() ?? id;
}

/**
 * The release that a CPE names (2.2 or 2.3): `cpe:/o:redhat:enterprise_linux:9::baseos` is `rhel:9`,
 * `cpe:/o:suse:sles:15:sp6` is `sles:15.6`, `cpe:/o:suse:sles:16:16.0:server` is `sles:16.0`. Undefined for other products.
 */
export function cpeDistro(cpe: string): string | undefined {
  const [, vendor, product = '', version = '', update = ''] = cpe.replace(/^cpe:(?:\/|2\.3:)/, '').split(':');
  const name = `${vendor}:${product}`.toLowerCase();
  const distribution = distributions.find(({ cpe: names = [] }) =>
    names.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one)),
  );
  if (distribution === undefined) return undefined;
  const { id } = distribution;
  if (id === 'opensuse-tumbleweed') return id;
  if (!/^[0-9]+(?:\.[0-9]+)*$/.test(version)) return undefined;
  if (id === 'sles' && /^[0-9]+\.[0-9]+$/.test(update)) return releaseKey(id, update);
  if (id === 'sles') return releaseKey(id, `${version} SP${/^sp([0-9]+)$/i.exec(update)?.[1] ?? 0}`);
  return `${id}:${id === 'opensuse-leap' ? version : version.split('.')[0]}`;
}

/** The namespace of the package URLs of a distribution: `redhat` of `rhel`. */
export function purlNamespace(type: string, id: string): string {
  const known = distributions.find((one) => one.type === type && one.id === id);
  return known?.namespaces?.[0] ?? id;
}

/** Every namespace that package URLs of the same packages have: `redhat`, as all write it, is `rhel` in some. */
export function purlNamespaces({ type, namespace }: PackageUrl): readonly string[] {
  const same = distributions.filter(
    (one) => one.type === type && (one.id === namespace || one.namespaces?.includes(namespace)),
  );
  return [namespace, ...same.flatMap(({ id, namespaces = [] }) => [id, ...namespaces])];
}

/** `ID` of os-release(5) for the name that others have for a distribution: `redhat` is `rhel`. */
export function distroId(name: string): string {
  const named = distributions.filter(({ namespaces }) => namespaces?.includes(name));
  return named.length === 1 ? named[0]!.id : name;
}
