import { printable } from '@pratique/errors';
import { inspectErrors } from '../errors.ts';
import type { PackageType } from '../packages/package.ts';
import { compareApk } from './apk.ts';
import { compareDpkg } from './dpkg.ts';
import { compareGem } from './gem.ts';
import { compareMaven } from './maven.ts';
import { compareNuget } from './nuget.ts';
import { compareCran, compareHackage } from './numbers.ts';
import type { Compare } from './order.ts';
import { comparePackagist } from './packagist.ts';
import { comparePep440 } from './pep440.ts';
import { comparePub } from './pub.ts';
import { compareRpm } from './rpm.ts';
import { compareSemver } from './semver.ts';

/** Longest version that is compared, in UTF-16 units. The longest real ones have about a hundred. */
const maxVersionLength = 1024;

/** The scheme of each type of package. */
const schemes: Readonly<Record<PackageType, Compare>> = {
  deb: compareDpkg,
  apk: compareApk,
  rpm: compareRpm,
  npm: compareSemver,
  golang: compareSemver,
  cargo: compareSemver,
  pypi: comparePep440,
  maven: compareMaven,
  gem: compareGem,
  nuget: compareNuget,
  composer: comparePackagist,
  pub: comparePub,
  cran: compareCran,
  hackage: compareHackage,
};

/** Whether a text is a type whose versions can be compared. */
export function isPackageType(text: string): text is PackageType {
  return Object.hasOwn(schemes, text);
}

/**
 * Compares two versions by the rules of their ecosystem: negative when `a` is older, zero when they are equal,
 * positive when `a` is newer. Every text has a place in the order; an empty or overlong one is refused.
 *
 * @throws `INSPECT_VERSION_INVALID`
 */
export function compareVersions(type: PackageType, a: string, b: string): number {
  for (const version of [a, b]) {
    if (version === '' || version.length > maxVersionLength) {
      throw inspectErrors.error('INSPECT_VERSION_INVALID', {
        message: `a version of type ${type} cannot be compared`,
        expected: `1 to ${maxVersionLength} characters`,
        found: version === '' ? 'nothing' : `${version.length} characters: ${printable(version, 40)}`,
      });
    }
  }
  return schemes[type](a, b);
}

/** How a version stands to a bound. */
export type VersionOperator = '<' | '<=' | '=' | '>=' | '>';

/**
 * Whether `version` stands to `bound` as the operator says, by the rules of their ecosystem.
 *
 * @throws `INSPECT_VERSION_INVALID`
 */
export function satisfies(
  type: PackageType,
  version: string,
  operator: VersionOperator,
  bound: string,
): boolean {
  const order = compareVersions(type, version, bound);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}
