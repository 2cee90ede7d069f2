import { spend } from '../../budget.ts';
import { compare as compareValues, type Value } from '../../values/index.ts';

/** What is known of a term when compiling. `undefined` inside and outside of types means: nothing yet. */
export type Type =
  | { readonly kind: 'null' | 'boolean' | 'number' | 'string' }
  | ArrayType
  | ObjectType
  | SetType
  /** One of some types; of any type when there are none. */
  | AnyType
  | FunctionType
  | RecursiveType;

export type Maybe = Type | undefined;

interface Composite {
  /** How many types it is made of, itself included. */
  readonly parts: number;
  /** Some of it is not known. */
  readonly unknown: boolean;
}

export interface ArrayType extends Composite {
  readonly kind: 'array';
  readonly items: readonly Maybe[];
  readonly rest: Maybe;
}

export interface ObjectType extends Composite {
  readonly kind: 'object';
  /** In the order of keys. */
  readonly members: readonly (readonly [key: Value, value: Maybe])[];
  readonly rest: readonly [key: Maybe, value: Maybe] | undefined;
}

export interface SetType extends Composite {
  readonly kind: 'set';
  readonly of: Maybe;
}

export interface AnyType extends Composite {
  readonly kind: 'any';
  /** In the order of types, each once. */
  readonly of: readonly Type[];
}

export interface FunctionType {
  readonly kind: 'function';
  readonly args: readonly Maybe[];
  readonly variadic: Maybe;
  readonly result: Maybe;
  /** What the operands and the result are called; not of functions of policies. */
  readonly names?: readonly string[];
}

/** A part of a schema that holds itself. */
export interface RecursiveType {
  readonly kind: 'recursive';
  readonly name: string;
  /** Assigned once the type is known. */
  type: Maybe;
}

export const ANY: AnyType = { kind: 'any', of: [], parts: 1, unknown: false };
export const NULL: Type = { kind: 'null' };
export const BOOLEAN: Type = { kind: 'boolean' };
export const NUMBER: Type = { kind: 'number' };
export const STRING: Type = { kind: 'string' };

/**
 * The most types that a type is made of; beyond it there is only {@link ANY}. `x1 := [x0, x0]; x2 := [x1, x1]; …`
 * doubles with every line.
 */
const MAX_PARTS = 20_000;

export function arrayType(items: readonly Maybe[], rest?: Maybe): ArrayType | AnyType {
  const parts = 1 + total(items) + partsOf(rest);
  if (parts > MAX_PARTS) return ANY;
  const unknown = items.some(isUnknown) || (rest !== undefined && isUnknown(rest));
  return { kind: 'array', items, rest, parts, unknown };
}

export function objectType(
  members: readonly (readonly [Value, Maybe])[],
  rest?: readonly [Maybe, Maybe],
): ObjectType | AnyType {
  spend(members.length);
  let parts = 1 + members.length + (rest === undefined ? 0 : total(rest));
  let unknown = rest?.some(isUnknown) ?? false;
  for (const [, value] of members) {
    parts += partsOf(value);
    unknown ||= isUnknown(value);
  }
  if (parts > MAX_PARTS) return ANY;
  const ordered = members.toSorted((a, b) => compareValues(a[0], b[0]));
  return { kind: 'object', members: ordered, rest, parts, unknown };
}

export function setType(of: Maybe): SetType {
  return { kind: 'set', of, parts: 1 + partsOf(of), unknown: isUnknown(of) };
}

/** One of some types, which must be different ones in the order of types. */
export function anyType(of: readonly Type[]): AnyType {
  const parts = 1 + total(of);
  if (parts > MAX_PARTS) return ANY;
  return { kind: 'any', of, parts, unknown: false };
}

function partsOf(type: Maybe): number {
  return type !== undefined && 'parts' in type ? type.parts : 1;
}

function total(types: readonly Maybe[]): number {
  spend(types.length);
  let parts = 0;
  for (const type of types) parts += partsOf(type);
  return parts;
}

/** Whether some of a type is not known. */
export function isUnknown(type: Maybe): boolean {
  if (type === undefined) return true;
  if (type.kind === 'function') return type.args.some(isUnknown) || isUnknown(type.result);
  return 'unknown' in type && type.unknown;
}

/** The type that a recursive one stands for. */
export function unwrapped(type: Maybe): Exclude<Type, RecursiveType> | undefined {
  let inner = type;
  while (inner?.kind === 'recursive') inner = inner.type;
  return inner;
}

/** Whether a type says nothing: it is any. */
export function isAny(type: Maybe): boolean {
  return type?.kind === 'any' && type.of.length === 0;
}
