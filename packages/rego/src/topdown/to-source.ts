import { NO_LOCATION } from '../ast/nodes.ts';
import type { Term as Source } from '../ast/types.ts';
import { numberText, RegoArray, RegoNumber, RegoObject, type Value } from '../values/index.ts';
import type { Term } from './terms.ts';

/** The interpreter's terms as those of the syntax tree. */
export function toSource(term: Term): Source {
  const location = NO_LOCATION;
  switch (term.kind) {
    case 'value':
      return valueSource(term.value);
    case 'var':
      return { kind: 'var', name: term.name, location };
    case 'ref':
      return { kind: 'ref', terms: term.terms.map(toSource), location };
    case 'array':
    case 'set':
      return { kind: term.kind, items: term.items.map(toSource), location };
    case 'object':
      return {
        kind: 'object',
        pairs: term.pairs.map(([key, value]) => [toSource(key), toSource(value)]),
        location,
      };
    default:
      return term.source;
  }
}

export function valueSource(value: Value): Source {
  const location = NO_LOCATION;
  if (value === null) return { kind: 'null', location };
  if (typeof value === 'boolean') return { kind: 'boolean', value, location };
  if (typeof value === 'string') return { kind: 'string', value, location };
  if (typeof value === 'number' || value instanceof RegoNumber) {
    return { kind: 'number', text: numberText(value), location };
  }
  if (value instanceof RegoArray) return { kind: 'array', items: value.items.map(valueSource), location };
  if (value instanceof RegoObject) {
    const pairs = value
      .entries()
      .map(([key, member]): [Source, Source] => [valueSource(key), valueSource(member)]);
    return { kind: 'object', pairs, location };
  }
  return { kind: 'set', items: value.values().map(valueSource), location };
}
