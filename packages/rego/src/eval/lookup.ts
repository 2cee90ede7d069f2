import {
  isNumber,
  numberText,
  RegoArray,
  RegoNumber,
  RegoObject,
  RegoSet,
  type Value,
} from '../values/index.ts';

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

/** The base document at a path. */
export function baseAt(data: Value, path: readonly Value[]): Value | undefined {
  const value = lookupPath(data, path);
  return value === undefined ? lookupText(data, path) : value;
}

/** Paths into base documents are texts: `data[2]` finds the member "2". */
function lookupText(data: Value, path: readonly Value[]): Value | undefined {
  if (!path.some(isNumber)) return undefined;
  let value: Value | undefined = data;
  for (const key of path) {
    if (value === undefined) return undefined;
    value = value instanceof RegoObject && isNumber(key) ? value.get(numberText(key)) : lookup(value, key);
  }
  return value;
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
