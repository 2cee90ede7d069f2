import { compareIdentifierLists, compareReleases, parseSemver } from './semver.ts';

/** Dart's Pub: Semantic Versioning, with build metadata counting: any is newer than none (pub_semver). */
export function comparePub(a: string, b: string): number {
  const left = parseSemver(a);
  const right = parseSemver(b);
  return compareReleases(left, right) || compareIdentifierLists(left.build, right.build);
}
