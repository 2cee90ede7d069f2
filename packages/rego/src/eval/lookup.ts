import { RegoArray, RegoNumber, RegoObject, RegoSet, type Value } from '../values/index.ts';

/** The member of a value at a key: of an object, an array (by index) or a set (the member itself). */
export function lookup(value: Value | undefined, key: Value): Value | undefined {
  if (value instanceof RegoObject) return value.get(key);
  if (value instanceof RegoArray) {
    if (typeof key === 'number') return value.items[key];
    return key instanceof RegoNumber ? value.items[key.toDouble()] : undefined;
  }
  if (value instanceof RegoSet) return value.has(key) ? key : undefined;
  return undefined;
}

export function lookupPath(value: Value | undefined, path: readonly Value[]): Value | undefined {
  let current = value;
  for (const key of path) {
    if (current === undefined) return undefined;
    current = lookup(current, key);
  }
  return current;
}

/** A copy of `value` with `member` at `path`; what stands in the way is replaced by objects. */
export function withMember(value: Value | undefined, path: readonly Value[], member: Value, at = 0): Value {
  if (at === path.length) return member;
  const key = path[at] as Value;
  const copy = new RegoObject();
  if (value instanceof RegoObject) for (const name of value.keys()) copy.set(name, value.get(name) as Value);
  copy.set(key, withMember(value instanceof RegoObject ? value.get(key) : undefined, path, member, at + 1));
  return copy;
}
