import type { VersionRange } from '../advisories/advisory.ts';
import type { PackageType } from '../packages/package.ts';
import { compareVersions } from '../versions/versions.ts';

interface AffectedVersions {
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
}

/** Whether `version` is one that the ranges or the list name (OSV schema, "Evaluation"). */
export function isAffected(
  type: PackageType,
  version: string,
  { ranges, versions }: AffectedVersions,
): boolean {
  return (
    versions.some((listed) => compareVersions(type, version, listed) === 0) ||
    ranges.some((range) => contains(type, version, range))
  );
}

function contains(
  type: PackageType,
  version: string,
  { introduced, fixed, lastAffected }: VersionRange,
): boolean {
  const compare = (other: string): number => compareVersions(type, version, other);
  return (
    (introduced === undefined || compare(introduced) >= 0) &&
    (fixed === undefined || (compare(fixed) < 0 && isSameLine(type, version, fixed))) &&
    (lastAffected === undefined || compare(lastAffected) <= 0)
  );
}

/** Whether all later versions are affected, too: only then there is no fix where none is named. */
export function isOpenEnded(type: PackageType, version: string, { ranges }: AffectedVersions): boolean {
  return ranges.some(
    (range) =>
      range.fixed === undefined && range.lastAffected === undefined && contains(type, version, range),
  );
}

/** In Red Hat's kin, modules are streams beside the packages of the system: a fix in the one says nothing of the other. */
function isSameLine(type: PackageType, a: string, b: string): boolean {
  return type !== 'rpm' || a.includes('.module') === b.includes('.module');
}

/** The lowest fixed version after `version`: the fix in its own branch where there are several. */
export function fixFor(type: PackageType, version: string, { ranges }: AffectedVersions): string | undefined {
  return ranges
    .flatMap(({ fixed }) =>
      fixed === undefined || compareVersions(type, fixed, version) <= 0 || !isSameLine(type, version, fixed)
        ? []
        : [fixed],
    )
    .sort((a, b) => compareVersions(type, a, b))[0];
}
