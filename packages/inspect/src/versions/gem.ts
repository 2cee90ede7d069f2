import { compareDigits, compareSequences, compareText, isDigits } from './order.ts';

/**
 * RubyGems (Gem::Version): segments of digits and of letters; letters are older than digits, so that `1.0.a` is
 * before `1.0`. Trailing zeros do not count, at the end and before the first letters.
 */
export function compareGem(a: string, b: string): number {
  return compareSequences(segments(a), segments(b), compareSegments, '0');
}

function segments(version: string): readonly string[] {
  // Gem::Version reads `-` as `.pre.`.
  const all = version.replaceAll('-', '.pre.').match(/[0-9]+|[A-Za-z]+/g) ?? [];
  const letters = all.findIndex((segment) => !isDigits(segment));
  const numbers = letters < 0 ? all : all.slice(0, letters);
  return [...withoutZeros(numbers), ...withoutZeros(letters < 0 ? [] : all.slice(letters))];
}

function withoutZeros(list: readonly string[]): readonly string[] {
  return list.slice(0, list.findLastIndex((segment) => !/^0+$/.test(segment)) + 1);
}

function compareSegments(a: string, b: string): number {
  if (isDigits(a) && isDigits(b)) return compareDigits(a, b);
  return Number(isDigits(a)) - Number(isDigits(b)) || compareText(a, b);
}
