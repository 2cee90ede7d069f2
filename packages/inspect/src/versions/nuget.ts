import { compareReleases, parseSemver } from './semver.ts';

/** NuGet: Semantic Versioning with a fourth number, and identifiers without regard to case (NuGetVersion). */
export function compareNuget(a: string, b: string): number {
  return compareReleases(parseSemver(a.toLowerCase(), 4), parseSemver(b.toLowerCase(), 4));
}
