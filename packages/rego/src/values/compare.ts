import type { RegoArray } from './array.ts';
import { compareNumbers, RegoNumber } from './number.ts';
import type { RegoObject } from './object.ts';
import type { RegoSet } from './set.ts';
import { rankOf, type Value } from './value.ts';

/** Rego's total order: null < booleans < numbers < strings < arrays < objects < sets. Negative, zero or positive. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const rank = rankOf(a);
  const order = rank - rankOf(b);
  if (order !== 0) return order;
  switch (rank) {
    case 0:
      return 0;
    case 1:
      return a === false ? -1 : 1;
    case 2:
      return compareNumbers(a as number | RegoNumber, b as number | RegoNumber);
    case 3:
      return compareStrings(a as string, b as string);
    case 4:
      return compareLists((a as RegoArray).items, (b as RegoArray).items);
    case 5:
      return compareObjects(a as RegoObject, b as RegoObject);
    default:
      return compareLists((a as RegoSet).values(), (b as RegoSet).values());
  }
}

/** Equality as `==` means it: by value, and over the different ways to write one number. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' && typeof b !== 'object') return false;
  if (a === null || b === null) return false;
  if (typeof a !== 'object' || typeof b !== 'object') {
    if (a instanceof RegoNumber ? typeof b !== 'number' : typeof a !== 'number') return false;
    return b instanceof RegoNumber || a instanceof RegoNumber ? compare(a, b) === 0 : false;
  }
  if (a.rank !== b.rank) return false;
  switch (a.rank) {
    case 2:
      return compare(a, b) === 0;
    case 4: {
      const left = a.items;
      const right = (b as RegoArray).items;
      if (left.length !== right.length) return false;
      for (let index = 0; index < left.length; index++) {
        if (!equal(left[index] as Value, right[index] as Value)) return false;
      }
      return true;
    }
    case 5: {
      if (a.size !== (b as RegoObject).size) return false;
      for (const key of a.unorderedKeys()) {
        const other = (b as RegoObject).get(key);
        if (other === undefined || !equal(a.get(key) as Value, other)) return false;
      }
      return true;
    }
    default: {
      if (a.size !== (b as RegoSet).size) return false;
      for (const item of a.unordered()) if (!(b as RegoSet).has(item)) return false;
      return true;
    }
  }
}

/**
 * Strings compare by their UTF-8 bytes. That is UTF-16 order except that surrogates (code points above U+FFFF)
 * come after U+E000–U+FFFF.
 */
export function compareStrings(a: string, b: string): number {
  const length = a.length < b.length ? a.length : b.length;
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      if (left < 0xd800 || right < 0xd800) return left - right;
      return (
        (left >= 0xe000 ? left - 0x800 : left + 0x2000) - (right >= 0xe000 ? right - 0x800 : right + 0x2000)
      );
    }
  }
  return a.length - b.length;
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const length = a.length < b.length ? a.length : b.length;
  for (let index = 0; index < length; index++) {
    const order = compare(a[index] as Value, b[index] as Value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: RegoObject, b: RegoObject): number {
  const left = a.keys();
  const right = b.keys();
  const length = left.length < right.length ? left.length : right.length;
  for (let index = 0; index < length; index++) {
    const leftKey = left[index] as Value;
    const rightKey = right[index] as Value;
    const order = compare(leftKey, rightKey) || compare(a.get(leftKey) as Value, b.get(rightKey) as Value);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
