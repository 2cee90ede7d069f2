import { RegoObject, type Value } from '../values/index.ts';

/**
 * Both documents in one; objects are merged member by member. Undefined where both have a value at one path and not
 * both are objects: nothing is ever overwritten.
 */
export function mergeDocuments(a: RegoObject, b: RegoObject): RegoObject | undefined {
  if (a.size === 0) return b;
  const merged = RegoObject.of(a.entries());
  for (const [key, value] of b.entries()) {
    const other = a.get(key);
    if (other === undefined) merged.set(key, value);
    else if (other instanceof RegoObject && value instanceof RegoObject) {
      const member = mergeDocuments(other, value);
      if (member === undefined) return undefined;
      merged.set(key, member);
    } else return undefined;
  }
  return merged;
}

/** The document that has `value` at `path` and nothing else; undefined where that would not be an object. */
export function nest(path: readonly string[], value: Value): RegoObject | undefined {
  const document = path.reduceRight<Value>((inner, name) => RegoObject.of([[name, inner]]), value);
  return document instanceof RegoObject ? document : undefined;
}

/** What stands at `path`. */
export function lookup(document: Value, path: readonly string[]): Value | undefined {
  let value: Value | undefined = document;
  for (const name of path) value = value instanceof RegoObject ? value.get(name) : undefined;
  return value;
}
