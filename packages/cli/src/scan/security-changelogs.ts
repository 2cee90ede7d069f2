import {
  type AptPackage,
  type AptSource,
  fetchPackage,
  openDeb,
  openSource,
  type PackageIndex,
  type RepositoryOptions,
} from '@pratique/harden';
import {
  changelogOf,
  codenameDistro,
  compareVersions,
  distroKey,
  type Package,
  type SourceChangelog,
} from '@pratique/inspect';
import { cliErrors } from '../errors.ts';

/** Packages fetched at the same time. */
const concurrency = 4;

export interface SecurityChangelogs {
  /** One for each source package that is installed; without a text where nothing newer is published. */
  readonly changelogs: readonly SourceChangelog[];
  /** Source packages of which something newer is published that carries no changelog. */
  readonly missing: readonly string[];
}

/**
 * What the security suites among `sources` have to say about packages: the changelog of each source package of which
 * they have something newer than is installed.
 */
export async function securityChangelogs(
  installed: readonly Package[],
  sources: readonly AptSource[],
  options: RepositoryOptions,
): Promise<SecurityChangelogs> {
  const distros = new Set(
    installed.flatMap((one) => (one.type === 'deb' && one.distro && distroKey(one.distro)) || []),
  );
  const suites = sources.filter(({ suite }) => distros.has(distroOfSuite(suite) ?? ''));
  if (suites.length === 0) {
    throw cliErrors.error('USAGE', {
      message: 'none of the apt sources is a security suite of what is installed',
      expected: `a security suite of ${[...distros].join(', ') || 'Debian or Ubuntu'}, such as bookworm-security`,
      found: sources.map(({ suite }) => suite).join(' ') || 'no sources',
    });
  }
  const indexes = new Map<string, PackageIndex[]>();
  for (const source of suites) {
    const distro = distroOfSuite(source.suite)!;
    const opened = await openSource(source, options);
    indexes.set(distro, [...(indexes.get(distro) ?? []), ...opened.indexes]);
  }
  const groups = Map.groupBy(installed, ({ name, source, distro }) =>
    JSON.stringify([distro && distroKey(distro), source?.name ?? name]),
  );
  const changelogs: SourceChangelog[] = [];
  const missing: string[] = [];
  const waiting = groups.entries();
  const work = async (): Promise<void> => {
    for (const [key, group] of waiting) {
      const [distro, source] = JSON.parse(key) as [string, string];
      const known = indexes.get(distro);
      if (known === undefined) continue;
      const newer = newest(group, known);
      const text = await firstChangelog(newer, options);
      if (text === undefined && newer.length > 0) missing.push(source);
      else changelogs.push({ distro, source, text });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { changelogs: changelogs.sort((a, b) => (a.source < b.source ? -1 : 1)), missing: missing.sort() };
}

/** `jammy-security` → `ubuntu:22.04`; undefined for a suite that is not for security. */
function distroOfSuite(suite: string): string | undefined {
  const codename = /^([a-z]+)(?:-security|\/updates)$/.exec(suite)?.[1];
  return codename === undefined ? undefined : codenameDistro(codename);
}

/** The binary packages of one source in the newest version that is newer than what is installed, smallest first. */
function newest(group: readonly Package[], indexes: readonly PackageIndex[]): readonly AptPackage[] {
  const newer = group
    .flatMap(({ name, version }) =>
      indexes
        .flatMap((index) => index.versions(name))
        .filter((candidate) => compareVersions('deb', candidate.version, version) > 0),
    )
    .sort((a, b) => compareVersions('deb', b.version, a.version) || a.size - b.size);
  return newer.filter(({ version }) => version === newer[0]!.version);
}

/** Documentation may be a link to that of another binary of the same source. */
async function firstChangelog(
  candidates: readonly AptPackage[],
  options: RepositoryOptions,
): Promise<string | undefined> {
  for (const candidate of candidates) {
    const { data } = await openDeb(await fetchPackage(candidate, options.fetcher));
    const text = changelogOf(data);
    if (text !== undefined) return text;
  }
  return undefined;
}
