import { compareTerms } from './compare.ts';
import type { Term } from './types.ts';

/** Members without repetition, in source order. */
export function uniqueItems(items: Term[]): Term[] {
  if (items.length < 2) return items;
  const same = firstOfEach(items);
  return items.filter((_, i) => same[i] === i);
}

/** Pairs with each key once: where it first stood, with the value it was given last. */
export function uniquePairs(pairs: readonly [Term, Term][]): readonly [Term, Term][] {
  if (pairs.length < 2) return pairs;
  const same = firstOfEach(pairs.map(([key]) => key));
  const values = new Map<number, Term>();
  for (const [i, [, value]] of pairs.entries()) values.set(same[i]!, value);
  return values.size === pairs.length ? pairs : [...values].map(([i, value]) => [pairs[i]![0], value]);
}

/** For each term, the index of the first that equals it. */
function firstOfEach(terms: readonly Term[]): number[] {
  const first = terms.map((_, i) => i);
  const strings = new Map<string, number>();
  const rest: number[] = [];
  for (const [i, term] of terms.entries()) {
    if (term.kind !== 'string' && term.kind !== 'var') {
      rest.push(i);
      continue;
    }
    const key = term.kind === 'string' ? `"${term.value}` : term.name;
    const known = strings.get(key);
    if (known === undefined) strings.set(key, i);
    else first[i] = known;
  }
  // Sorting keeps the work on hostile text at n log n; equal terms stay in source order.
  rest.sort((a, b) => compareTerms(terms[a]!, terms[b]!) || a - b);
  for (let k = 1; k < rest.length; k++) {
    const [previous, current] = [rest[k - 1]!, rest[k]!];
    if (compareTerms(terms[previous]!, terms[current]!) === 0) first[current] = first[previous]!;
  }
  return first;
}
