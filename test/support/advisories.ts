/** What an advisory database of ours says, for databases that others read. */
import { DatabaseSync } from 'node:sqlite';
import type { VersionRange } from '../../packages/inspect/src/advisories/advisory.ts';

/** What one advisory says of one package. */
export interface AffectedRow {
  readonly vulnerability: string;
  /** Of package URLs: `deb`, `pypi`. */
  readonly type: string;
  /** `debian:12`; empty for packages of languages. */
  readonly distro: string;
  readonly package: string;
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
}

export function readAffected(path: string): readonly AffectedRow[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare(
        'SELECT a.vulnerability, f.type, f.distro, f.package, f.ranges, f.versions FROM affected f JOIN advisories a ON a.id = f.advisory',
      )
      .all()
      .map(({ ranges, versions, ...row }) => ({
        ...(row as Omit<AffectedRow, 'ranges' | 'versions'>),
        ranges: JSON.parse(ranges as string) as VersionRange[],
        versions: JSON.parse(versions as string) as string[],
      }));
  } finally {
    database.close();
  }
}

/** As `pip` and those who read its advisories know versions: others Trivy and Grype cannot compare. */
export function isPep440(version: string): boolean {
  return /^[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc|\.post|\.dev)[0-9]+)*$/.test(version);
}

/** What `pratique scan` finds: vulnerability, package and installed version, and the next version that fixes it. */
export function ourFindings(report: string): ReadonlyMap<string, string | undefined> {
  const { findings } = JSON.parse(report) as {
    findings: { vulnerability: string; package: { name: string; version: string }; fixedVersion?: string }[];
  };
  return new Map(
    findings.map((one) => [
      [one.vulnerability, one.package.name, one.package.version].join(' '),
      one.fixedVersion,
    ]),
  );
}

/** In what ours and theirs differ. Of several fixes others name all, and we the next. */
export function differences(
  ours: ReadonlyMap<string, string | undefined>,
  theirs: ReadonlyMap<string, readonly string[]>,
) {
  return {
    onlyOurs: [...ours.keys()].filter((key) => !theirs.has(key)).sort(),
    onlyTheirs: [...theirs.keys()].filter((key) => !ours.has(key)).sort(),
    otherFix: [...ours].filter(([key, fix]) => {
      const known = theirs.get(key);
      return known !== undefined && (fix === undefined ? known.length > 0 : !known.includes(fix));
    }),
  };
}
