import { compare, compareStrings } from './compare.ts';
import type { Value } from './value.ts';

/** UTF-16 units whose order is not that of the UTF-8 bytes they become. */
const SURROGATE_OR_ABOVE = /[\ud800-\uffff]/;

/** Sorts into Rego's order, in place. Strings alone, which most lists are, are left to the engine where it agrees. */
export function sortValues(values: Value[]): void {
  if (values.length < 2) return;
  let strings = true;
  let plain = true;
  let sorted = true;
  let before: Value | undefined;
  for (const value of values) {
    if (typeof value !== 'string') {
      strings = false;
      break;
    }
    if (plain && SURROGATE_OR_ABOVE.test(value)) plain = false;
    if (sorted && before !== undefined && !((before as string) <= value)) sorted = false;
    before = value;
  }
  if (!strings) values.sort(compare);
  else if (!plain) (values as string[]).sort(compareStrings);
  else if (!sorted) values.sort();
}
