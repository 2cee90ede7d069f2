import { fromJson } from './number.ts';
import { bool, type Scalar, sameScalar, string } from './scalar.ts';

/** A value all of which is known: what JSON can say. */
export type Concrete =
  | Scalar
  | { readonly kind: 'list'; readonly items: readonly Concrete[] }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Concrete> };

/** A parsed document of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Reads parsed JSON as CUE reads its text; null where it nests further than `depth`, or a number is none. */
export function concreteOf(json: Json, depth: number): Concrete | null {
  if (json === null) return { kind: 'null' };
  if (typeof json === 'boolean') return bool(json);
  if (typeof json === 'string') return string(json.toWellFormed());
  if (typeof json === 'number') return Number.isFinite(json) ? fromJson(json) : null;
  if (depth <= 0) return null;
  if (Array.isArray(json)) {
    const items = (json as readonly Json[]).map((item) => concreteOf(item, depth - 1));
    return items.includes(null) ? null : { kind: 'list', items: items as Concrete[] };
  }
  const fields = new Map<string, Concrete>();
  for (const [name, value] of Object.entries(json)) {
    const field = concreteOf(value, depth - 1);
    if (field === null) return null;
    fields.set(name.toWellFormed(), field);
  }
  return { kind: 'struct', fields };
}

/** Deep equality, numbers by their value: what `==` says of lists. */
export function equal(a: Concrete, b: Concrete): boolean {
  if (a.kind === 'list')
    return (
      b.kind === 'list' &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => equal(item, b.items[i]!))
    );
  if (a.kind === 'struct')
    return (
      b.kind === 'struct' &&
      a.fields.size === b.fields.size &&
      [...a.fields].every(([name, value]) => b.fields.has(name) && equal(value, b.fields.get(name)!))
    );
  return b.kind !== 'list' && b.kind !== 'struct' && sameScalar(a, b);
}
