import type { Term } from '../ast/types.ts';
import { numberFromText, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';

/** The value of a term that holds no variables, refs, calls or comprehensions; undefined for others. */
export function constantOf(term: Term): Value | undefined {
  switch (term.kind) {
    case 'null':
      return null;
    case 'boolean':
    case 'string':
      return term.value;
    case 'number':
      return numberFromText(term.text);
    case 'array': {
      const items = constantsOf(term.items);
      return items === undefined ? undefined : new RegoArray(items);
    }
    case 'set': {
      const items = constantsOf(term.items);
      return items === undefined ? undefined : RegoSet.of(items);
    }
    case 'object': {
      const object = new RegoObject();
      for (const [key, value] of term.pairs) {
        const name = constantOf(key);
        const member = constantOf(value);
        if (name === undefined || member === undefined) return undefined;
        object.set(name, member);
      }
      return object;
    }
    default:
      return undefined;
  }
}

function constantsOf(terms: readonly Term[]): Value[] | undefined {
  const values: Value[] = [];
  for (const term of terms) {
    const value = constantOf(term);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
