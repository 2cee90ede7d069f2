/** `count`, `sum`, `product`, `max`, `min`, `sort`, the deprecated `all` and `any`, and membership (`in`). */
import {
  compare,
  equal,
  floatProduct,
  isNumber,
  multiply,
  type Num,
  plus,
  RegoArray,
  RegoObject,
  RegoSet,
  toBigInt,
  type Value,
} from '../../values/index.ts';
import { bounded } from '../numbers/arithmetic.ts';
import { listOperand, wrongElement, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';

const anyList = T.union(T.array(T.any), T.set(T.any));
const numberList = T.union(T.array(T.number), T.set(T.number));

registerBuiltin(
  'count',
  { args: [T.union(T.string, T.array(T.any), T.object([T.any, T.any]), T.set(T.any))], result: T.number },
  (_context, value) => {
    if (value instanceof RegoArray) return value.length;
    if (value instanceof RegoObject || value instanceof RegoSet) return value.size;
    if (typeof value === 'string') return codePointCount(value);
    throw wrongType(1, value, 'array', 'object', 'set', 'string');
  },
);

function codePointCount(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

registerBuiltin('sum', { args: [numberList], result: T.number }, (context, list) => {
  return accumulate(context, list, 0, plus);
});

/** Of a number with as many digits as are computed with. */
const MAX_BITS = 1_000_000;

registerBuiltin('product', { args: [numberList], result: T.number }, (context, list) => {
  const items = listOperand(list, 1, 'set', 'array');
  if (items.every((item) => !isNumber(item) || toBigInt(item) !== undefined)) {
    return accumulate(context, list, 1, multiply);
  }
  context.charge(items.length);
  const factors = items.map((item) => {
    if (!isNumber(item)) throw wrongElement(1, list, item, 'number');
    return bounded(item);
  });
  const result = floatProduct(factors, MAX_BITS);
  if (result === undefined) throw new BuiltinError('number exceeds the limit');
  return bounded(result);
});

function accumulate(context: BuiltinContext, list: Value, initial: Num, step: (a: Num, b: Num) => Num): Num {
  const items = listOperand(list, 1, 'set', 'array');
  context.charge(items.length);
  let total = initial;
  for (const item of items) {
    if (!isNumber(item)) throw wrongElement(1, list, item, 'number');
    total = bounded(step(total, bounded(item)));
    if (typeof total !== 'number') context.charge(1 + (total.text.length >> 6));
  }
  return total;
}

registerBuiltin('max', { args: [anyList], result: T.any }, (_context, list) => {
  if (list instanceof RegoSet) return list.values().at(-1);
  return listOperand(list, 1, 'set', 'array').reduce<Value | undefined>((best, item) => {
    return best === undefined || compare(best, item) <= 0 ? item : best;
  }, undefined);
});

registerBuiltin('min', { args: [anyList], result: T.any }, (_context, list) => {
  if (list instanceof RegoSet) return list.values()[0];
  return listOperand(list, 1, 'set', 'array').reduce<Value | undefined>((best, item) => {
    return best === undefined || compare(best, item) >= 0 ? item : best;
  }, undefined);
});

registerBuiltin('sort', { args: [anyList], result: T.array(T.any) }, (context, list) => {
  const items = listOperand(list, 1, 'set', 'array');
  context.charge(items.length);
  return new RegoArray(list instanceof RegoSet ? items : [...items].sort(compare));
});

registerBuiltin('all', { args: [anyList], result: T.boolean, deprecated: true }, (_context, list) => {
  return listOperand(list, 1, 'array', 'set').every((item) => item === true);
});

registerBuiltin('any', { args: [anyList], result: T.boolean, deprecated: true }, (_context, list) => {
  return listOperand(list, 1, 'array', 'set').some((item) => item === true);
});

registerBuiltin(
  'internal.member_2',
  { args: [T.any, T.any], result: T.boolean, infix: 'in' },
  (context, value, collection) => {
    if (collection instanceof RegoSet) return collection.has(value);
    if (collection instanceof RegoArray) {
      context.charge(collection.length);
      return collection.items.some((item) => equal(item, value));
    }
    if (collection instanceof RegoObject) {
      context.charge(collection.size);
      return collection.unorderedKeys().some((key) => equal(collection.get(key)!, value));
    }
    return false;
  },
);

registerBuiltin(
  'internal.member_3',
  { args: [T.any, T.any, T.any], result: T.boolean, infix: 'in' },
  (_context, key, value, collection) => {
    if (collection instanceof RegoSet) return collection.has(key) && equal(key, value);
    const found = memberAt(collection, key);
    return found !== undefined && equal(found, value);
  },
);

/** The element of an array at an index, or of an object under a key. */
export function memberAt(collection: Value, key: Value): Value | undefined {
  if (collection instanceof RegoObject) return collection.get(key);
  if (!(collection instanceof RegoArray) || !isNumber(key)) return undefined;
  const index = toBigInt(key);
  return index === undefined || index < 0n || index >= collection.length
    ? undefined
    : collection.at(Number(index));
}
