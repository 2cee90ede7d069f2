import { compareDigits, isDigits } from './order.ts';

/**
 * PHP's Packagist: PHP's version_compare, after the leading `v` that Composer drops. Words rank
 * `dev` < `alpha` < `beta` < `RC` < a number < `pl`; any other word is before all of them.
 */
export function comparePackagist(a: string, b: string): number {
  return compareParts(parts(a), parts(b));
}

/** Stands where a word is compared with a number. */
const number = '#';

const words: readonly (readonly [prefix: string, rank: number])[] = [
  ['dev', 0],
  ['a', 1],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  [number, 4],
  ['p', 5],
];

function parts(version: string): readonly string[] {
  return version
    .replace(/^v/i, '')
    .replace(/[-_+]/g, '.')
    .replace(/(?<=[^0-9.])(?=[0-9])|(?<=[0-9])(?=[^0-9.])/g, '.')
    .split('.');
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const left = a[i]!;
    const right = b[i]!;
    const order = isDigits(left) && isDigits(right) ? compareDigits(left, right) : rank(left) - rank(right);
    if (order !== 0) return order;
  }
  return beyond(a.slice(common)) - beyond(b.slice(common));
}

/** A further number makes a version newer; a further word counts as that word against a number. */
function beyond(further: readonly string[]): number {
  for (const part of further) {
    const order = isDigits(part) ? 1 : rank(part) - rank(number);
    if (order !== 0) return order;
  }
  return 0;
}

function rank(part: string): number {
  if (isDigits(part)) return rank(number);
  return words.find(([prefix]) => part.startsWith(prefix))?.[1] ?? -1;
}
