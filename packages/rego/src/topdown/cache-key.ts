import { keyOf } from '../values/index.ts';
import type { Term } from './terms.ts';

/** A text for some terms, the same exactly for equal ones; all variables but the head of a ref are equal. */
export function cacheKey(terms: readonly Term[]): string {
  return terms.map(termKey).join('');
}

function termKey(term: Term): string {
  switch (term.kind) {
    case 'value':
      return keyOf(term.value);
    case 'var':
      return term.name === 'data' || term.name === 'input' ? term.name : '_';
    case 'ref':
      return `(${cacheKey(term.terms)})`;
    case 'array':
      return `[${cacheKey(term.items)}]`;
    case 'set':
      return `<${cacheKey(term.items)}>`;
    case 'object':
      return `{${cacheKey(term.pairs.flat())}}`;
    default:
      return '?';
  }
}
