import { spend } from '../../budget.ts';
import { compare as compareValues, type Value } from '../../values/index.ts';
import {
  type AnyType,
  type ArrayType,
  type FunctionType,
  type Maybe,
  type ObjectType,
  unwrapped,
} from './type.ts';

const ORDER = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set', 'any', 'function'];

export function compareTypes(first: Maybe, second: Maybe): number {
  spend();
  // Two recursive types are told apart by their names: to look into them would never end.
  if (first?.kind === 'recursive' && second?.kind === 'recursive')
    return compareNames(first.name, second.name);
  const a = unwrapped(first);
  const b = unwrapped(second);
  if (a === b) return 0;
  const order =
    (a === undefined ? ORDER.length : ORDER.indexOf(a.kind)) -
    (b === undefined ? ORDER.length : ORDER.indexOf(b.kind));
  if (order !== 0 || a === undefined || b === undefined) return order;
  switch (a.kind) {
    case 'array': {
      const other = b as ArrayType;
      return presence(a.rest, other.rest) || compareLists(a.items, other.items);
    }
    case 'object': {
      const other = b as ObjectType;
      const rest = presence(a.rest?.[0], other.rest?.[0]) || compareTypes(a.rest?.[1], other.rest?.[1]);
      if (rest !== 0) return rest;
      const length = Math.min(a.members.length, other.members.length);
      for (let index = 0; index < length; index++) {
        const [key, value] = a.members[index] as readonly [Value, Maybe];
        const [otherKey, otherValue] = other.members[index] as readonly [Value, Maybe];
        const found = compareValues(key, otherKey) || compareTypes(value, otherValue);
        if (found !== 0) return found;
      }
      return a.members.length - other.members.length;
    }
    case 'set':
      return compareTypes(a.of, (b as { of: Maybe }).of);
    case 'any':
      return compareLists(a.of, (b as AnyType).of);
    case 'function': {
      const other = b as FunctionType;
      return (
        a.args.length - other.args.length ||
        compareLists(a.args, other.args) ||
        compareTypes(a.result, other.result)
      );
    }
    default:
      return 0;
  }
}

function compareNames(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}

function presence(a: Maybe, b: Maybe): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareTypes(a, b);
}

function compareLists(a: readonly Maybe[], b: readonly Maybe[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareTypes(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
