import { compareDigits, compareSequences, compareText, isDigits } from './order.ts';

/** What `major.minor.patch[-pre][+build]` is made of (https://semver.org). */
export interface SemverParts {
  readonly numbers: readonly string[];
  /** Dot-separated identifiers; empty for a release. */
  readonly pre: readonly string[];
  readonly build: readonly string[];
}

/**
 * npm, Cargo, Go, Hex: Semantic Versioning 2.0.0, §11. Build metadata does not count. A leading `v` is dropped, missing
 * numbers are zero, and what stands after the third number without `-` or `+` counts as build metadata.
 */
export function compareSemver(a: string, b: string): number {
  return compareReleases(parseSemver(a), parseSemver(b));
}

/** §11 without build metadata. */
export function compareReleases(a: SemverParts, b: SemverParts): number {
  return compareSequences(a.numbers, b.numbers, compareIdentifiers, '0') || comparePreReleases(a.pre, b.pre);
}

/** A release is newer than its pre-releases; more identifiers are newer than fewer (§11.4). */
export function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  return compareIdentifierLists(a, b);
}

/** Identifier by identifier; when one list is the beginning of the other, the longer is newer. */
export function compareIdentifierLists(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers by value, before everything else; the rest as ASCII text. */
function compareIdentifiers(a: string, b: string): number {
  if (isDigits(a) && isDigits(b)) return compareDigits(a, b);
  return Number(isDigits(b)) - Number(isDigits(a)) || compareText(a, b);
}

/** Takes apart up to `count` numbers and what follows. */
export function parseSemver(version: string, count = 3): SemverParts {
  const text = version.replace(/^v/i, '');
  const [, core = '', pre, rest = ''] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(text) ?? [];
  const numbers = core.split('.');
  return {
    numbers: numbers.slice(0, count),
    pre: pre === undefined || pre === '' ? [] : pre.split('.'),
    build: [...numbers.slice(count), ...(rest === '' ? [] : rest.split('.'))],
  };
}
