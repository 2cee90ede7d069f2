import type { AdvisoryDatabase, PackageAdvisory } from '../advisories/database.ts';
import { advisoryName, advisoryVersion, distroKey } from '../advisories/names.ts';
import type { Package } from '../packages/package.ts';
import { compareVersions } from '../versions/versions.ts';
import type { Finding, Uncovered } from './finding.ts';
import { fixFor, isAffected, isOpenEnded } from './ranges.ts';
import { chooseSeverity, compareSeverity, riskOf } from './severity.ts';

export interface Matches {
  /** Worst first, then by risk and package. */
  readonly findings: readonly Finding[];
  readonly uncovered: readonly Uncovered[];
}

/** Looks every package up. Operating-system packages by their source package, in their own release only. */
export function matchPackages(packages: readonly Package[], database: AdvisoryDatabase): Matches {
  const findings: Finding[] = [];
  const uncovered = new Map<string, Uncovered & { packages: number }>();
  const covered = new Map<string, boolean>();
  for (const installed of packages) {
    const distro = placeOf(installed);
    const key = `${installed.type} ${distro}`;
    const whole = covered.get(key) ?? (distro !== undefined && database.covers(installed.type, distro));
    covered.set(key, whole);
    // Single advisories count also where nobody speaks of all packages.
    if (distro !== undefined) findings.push(...findingsOf(installed, distro, database));
    if (whole || (distro !== undefined && isExamined(installed, distro, database))) continue;
    const counted = uncovered.get(key) ?? { type: installed.type, distro, packages: 0 };
    counted.packages++;
    uncovered.set(key, counted);
  }
  return { findings: findings.sort(worstFirst), uncovered: [...uncovered.values()] };
}

/** The release whose advisories count; empty for a language ecosystem, undefined where it cannot be told. */
function placeOf({ type, distro }: Package): string | undefined {
  if (type === 'deb' || type === 'apk' || type === 'rpm') return distro && distroKey(distro);
  return '';
}

/** A name under which advisories may speak of a package, with the version to compare. */
interface Named {
  readonly name: string;
  readonly version: string;
  /** Whether the version is whole. */
  readonly hasEpoch: boolean;
}

function namesOf({ type, name, version, source }: Package): readonly Named[] {
  const own = { name: advisoryName(type, name), version: advisoryVersion(type, version), hasEpoch: true };
  if (source === undefined) return [own];
  // What an rpm was built from is told by a file name, which has no epoch: perl 4:5.32.1 is built into perl-Errno 1.30.
  const hasEpoch = type !== 'rpm' || source.version.includes(':');
  const built = { name: advisoryName(type, source.name), version: source.version, hasEpoch };
  // Debian's and Ubuntu's speak of source packages only; a binary package may be called like another source.
  if (type === 'deb') return [built];
  return own.name === built.name ? [own] : [own, built];
}

function isExamined(installed: Package, distro: string, database: AdvisoryDatabase): boolean {
  return namesOf(installed).some(({ name }) => database.examined(installed.type, distro, name));
}

/** What is said of one vulnerability of a package. */
interface Group {
  readonly advisories: PackageAdvisory[];
  readonly fixes: string[];
  /** Somebody says that later versions are not affected, and not from which on. */
  mayBeFixed: boolean;
}

function findingsOf(installed: Package, distro: string, database: AdvisoryDatabase): readonly Finding[] {
  const { type } = installed;
  /** Advisories about the same vulnerability, under each of its names. */
  const groups = new Map<string, Group>();
  for (const { name, version, hasEpoch } of namesOf(installed)) {
    for (const advisory of database.advisories(type, distro, name)) {
      if (!isAffected(type, version, hasEpoch ? advisory : withoutEpochs(advisory))) continue;
      const names = distro === '' ? namesOfAdvisory(advisory) : [advisory.vulnerability];
      const group = names.map((one) => groups.get(one)).find((one) => one !== undefined) ?? {
        advisories: [],
        fixes: [],
        mayBeFixed: false,
      };
      for (const one of names) groups.set(one, group);
      group.advisories.push(advisory);
      const fix = fixFor(type, version, advisory);
      if (fix !== undefined) group.fixes.push(fix);
      else if (!isOpenEnded(type, version, advisory)) group.mayBeFixed = true;
    }
  }
  return [...new Set(groups.values())].map((group) => findingOf(installed, group, database));
}

/**
 * What tells that two advisories of language ecosystems are about the same. The aliases of one with a CVE are not: they
 * also name what another CVE was split from. In distributions, neither is the id: a notice is about many vulnerabilities.
 */
function namesOfAdvisory({ vulnerability, id, aliases }: PackageAdvisory): readonly string[] {
  return [vulnerability, id, ...(vulnerability.startsWith('CVE-') ? [] : aliases)];
}

/** For a version whose epoch is not known. */
function withoutEpochs({ ranges, versions }: PackageAdvisory): Pick<PackageAdvisory, 'ranges' | 'versions'> {
  const cut = (version: string) => version.replace(/^[0-9]+:/, '');
  const bound = (version: string | undefined) => (version === undefined ? undefined : cut(version));
  return {
    ranges: ranges.map(({ introduced, fixed, lastAffected }) => ({
      introduced: bound(introduced),
      fixed: bound(fixed),
      lastAffected: bound(lastAffected),
    })),
    versions: versions.map(cut),
  };
}

function findingOf(
  installed: Package,
  { advisories, fixes, mayBeFixed }: Group,
  database: AdvisoryDatabase,
): Finding {
  const first = advisories.find(({ vulnerability }) => vulnerability.startsWith('CVE-')) ?? advisories[0]!;
  const { vulnerability } = first;
  const names = new Set(advisories.flatMap((one) => [one.vulnerability, ...one.aliases]));
  names.delete(vulnerability);
  const ratings = database.ratings(vulnerability);
  const exploited = database.exploited(vulnerability);
  const partial = {
    severity: chooseSeverity(installed, ratings),
    exploited: exploited && { added: exploited.added, ransomware: exploited.ransomware },
    exploitation: database.score(vulnerability),
  };
  const described = advisories.find(({ title }) => title !== undefined) ?? first;
  return {
    vulnerability,
    aliases: [...names].sort(),
    title: described.title,
    url: first.url,
    published: first.published,
    package: installed,
    // What satisfies every advisory: the highest of their fixes.
    fixedVersion: [...fixes].sort((a, b) => compareVersions(installed.type, b, a))[0],
    ...(fixes.length === 0 && mayBeFixed ? { fixUnknown: true as const } : {}),
    ...partial,
    ratings,
    advisories: advisories.map(({ id, source, url }) => ({ id, source, url })),
    risk: riskOf(partial),
  };
}

function worstFirst(a: Finding, b: Finding): number {
  return (
    compareSeverity(a.severity.severity, b.severity.severity) ||
    (b.risk ?? -1) - (a.risk ?? -1) ||
    order(a.package.name, b.package.name) ||
    order(a.vulnerability, b.vulnerability)
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
