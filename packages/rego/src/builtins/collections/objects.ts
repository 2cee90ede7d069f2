/** `object.get`, `object.keys`, `object.remove`, `object.filter`, `object.union`, `object.union_n`. */
import { EMPTY_OBJECT, RegoArray, RegoObject, RegoSet, type Value } from '../../values/index.ts';
import { arrayOperand, objectOperand, wrongElement, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, T } from '../types.ts';
import { memberAt } from './aggregates.ts';
import { filterPaths, pathTree } from './paths.ts';

const anyObject = T.object([T.any, T.any]);
const keyCollection = T.union(T.array(T.any), anyObject, T.set(T.any));

registerBuiltin(
  'object.get',
  { args: [anyObject, T.any, T.any], result: T.any },
  (_context, object, path, fallback) => {
    const operand = objectOperand(object, 1);
    if (!(path instanceof RegoArray)) return operand.get(path) ?? fallback;
    let current: Value | undefined = operand;
    for (const key of path.items) {
      current = current instanceof RegoSet ? setMember(current, key) : memberAt(current, key);
      if (current === undefined) return fallback;
    }
    return current;
  },
);

function setMember(set: RegoSet, key: Value): Value | undefined {
  return set.has(key) ? key : undefined;
}

registerBuiltin('object.keys', { args: [anyObject], result: T.set(T.any) }, (context, object) => {
  const operand = objectOperand(object, 1);
  context.charge(operand.size);
  return RegoSet.of(operand.unorderedKeys());
});

registerBuiltin(
  'object.remove',
  { args: [anyObject, keyCollection], result: anyObject },
  (context, object, keys) => {
    const operand = objectOperand(object, 1);
    const removed = keysOperand(keys);
    context.charge(operand.size);
    const result = new RegoObject();
    for (const key of operand.unorderedKeys()) if (!removed.has(key)) result.set(key, operand.get(key)!);
    return result;
  },
);

registerBuiltin(
  'object.filter',
  { args: [anyObject, keyCollection], result: anyObject },
  (context, object, keys) => {
    const operand = objectOperand(object, 1);
    const kept = keysOperand(keys);
    context.charge(operand.size);
    return filterPaths(operand, pathTree(kept.values().map((key) => [key])));
  },
);

function keysOperand(keys: Value): RegoSet {
  if (keys instanceof RegoSet) return keys;
  if (keys instanceof RegoArray) return RegoSet.of(keys.items);
  if (keys instanceof RegoObject) return RegoSet.of(keys.unorderedKeys());
  throw wrongType(2, keys, 'object', 'set', 'array');
}

registerBuiltin('object.union', { args: [anyObject, anyObject], result: anyObject }, (context, a, b) => {
  const left = objectOperand(a, 1);
  const right = objectOperand(b, 2);
  if (left.size === 0) return right;
  if (right.size === 0) return left;
  return merge(context, left, right);
});

registerBuiltin('object.union_n', { args: [T.array(anyObject)], result: anyObject }, (context, objects) => {
  const { items } = arrayOperand(objects, 1);
  for (const item of items) {
    if (!(item instanceof RegoObject)) throw wrongElement(1, objects, item, 'object');
  }
  return (items as readonly RegoObject[]).reduce(
    (merged, next) => merge(context, merged, next),
    EMPTY_OBJECT,
  );
});

/** Members of both; where both have a key, objects are merged and anything else is the right one's. */
function merge(context: BuiltinContext, left: RegoObject, right: RegoObject): RegoObject {
  context.charge(left.size + right.size);
  const result = new RegoObject();
  for (const key of left.unorderedKeys()) result.set(key, left.get(key)!);
  for (const key of right.unorderedKeys()) {
    const ours = left.get(key);
    const theirs = right.get(key)!;
    const nested = ours instanceof RegoObject && theirs instanceof RegoObject;
    result.set(key, nested ? merge(context, ours, theirs) : theirs);
  }
  return result;
}
