import type { Type as Declared } from '../../builtins/types.ts';
import {
  compare as compareValues,
  RegoArray,
  RegoObject,
  RegoSet,
  toTerm,
  typeName,
  type Value,
} from '../../values/index.ts';

/** What is known of a term when compiling. `undefined` inside and outside of types means: nothing yet. */
export type Type =
  | { readonly kind: 'null' | 'boolean' | 'number' | 'string' }
  | ArrayType
  | ObjectType
  | { readonly kind: 'set'; readonly of: Maybe }
  /** One of some types; of any type when there are none. */
  | AnyType
  | FunctionType;

export type Maybe = Type | undefined;

export interface ArrayType {
  readonly kind: 'array';
  readonly items: readonly Maybe[];
  readonly rest: Maybe;
}

export interface ObjectType {
  readonly kind: 'object';
  /** In the order of keys. */
  readonly members: readonly (readonly [key: Value, value: Maybe])[];
  readonly rest: readonly [key: Maybe, value: Maybe] | undefined;
}

export interface AnyType {
  readonly kind: 'any';
  readonly of: readonly Type[];
}

export interface FunctionType {
  readonly kind: 'function';
  readonly args: readonly Maybe[];
  readonly variadic: Maybe;
  readonly result: Maybe;
}

export const ANY: AnyType = { kind: 'any', of: [] };
export const NULL: Type = { kind: 'null' };
export const BOOLEAN: Type = { kind: 'boolean' };
export const NUMBER: Type = { kind: 'number' };
export const STRING: Type = { kind: 'string' };

export function objectType(
  members: readonly (readonly [Value, Maybe])[],
  rest?: readonly [Maybe, Maybe],
): ObjectType {
  return { kind: 'object', members: members.toSorted((a, b) => compareValues(a[0], b[0])), rest };
}

/** The type of a constant. */
export function typeOf(value: Value): Type {
  if (value instanceof RegoArray) {
    return { kind: 'array', items: value.items.map(typeOf), rest: value.length === 0 ? ANY : undefined };
  }
  if (value instanceof RegoObject) {
    return objectType(
      value.entries().map(([key, member]) => [key, typeOf(member)] as const),
      value.size === 0 ? [ANY, ANY] : undefined,
    );
  }
  if (value instanceof RegoSet) {
    return { kind: 'set', of: value.unordered().map(typeOf).reduce<Maybe>(or, undefined) ?? ANY };
  }
  return { kind: typeName(value) } as Type;
}

/** A built-in's declaration as this module's type. */
export function fromDeclared(type: Declared): Type {
  switch (type.type) {
    case 'any':
      return ANY;
    case 'array':
      return {
        kind: 'array',
        items: type.items.map(fromDeclared),
        rest: type.rest === null ? undefined : fromDeclared(type.rest),
      };
    case 'object':
      return objectType(
        type.members.map(([key, member]) => [key, fromDeclared(member)] as const),
        type.rest === null ? undefined : [fromDeclared(type.rest[0]), fromDeclared(type.rest[1])],
      );
    case 'set':
      return { kind: 'set', of: fromDeclared(type.of) };
    case 'union':
      return { kind: 'any', of: type.of.map(fromDeclared).sort(compareTypes) };
    default:
      return { kind: type.type };
  }
}

const ORDER = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set', 'any', 'function'];

export function compareTypes(a: Maybe, b: Maybe): number {
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

/** Either of two types. Nothing when only one is a function. */
export function or(a: Maybe, b: Maybe): Maybe {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.kind === 'function' || b.kind === 'function') {
    return a.kind === 'function' && b.kind === 'function' ? orFunctions(a, b) : undefined;
  }
  if (a.kind === 'any') return merge(a, b);
  if (b.kind === 'any') return merge(b, a);
  return compareTypes(a, b) === 0 ? a : { kind: 'any', of: [a, b].sort(compareTypes) };
}

function merge(any: AnyType, other: Type): AnyType {
  if (any.of.length === 0) return any;
  if (other.kind === 'any' && other.of.length === 0) return other;
  const more = other.kind === 'any' ? other.of : [other];
  const fresh = more.filter((type) => !any.of.some((known) => compareTypes(known, type) === 0));
  return fresh.length === 0 ? any : { kind: 'any', of: [...any.of, ...fresh].sort(compareTypes) };
}

function orFunctions(a: FunctionType, b: FunctionType): Maybe {
  if (a.args.length !== b.args.length) return undefined;
  const args = a.args.map((arg, index) => or(arg, b.args[index]));
  return { kind: 'function', args, result: or(a.result, b.result), variadic: undefined };
}

/** Whether every value of `b` is one of `a`, as far as unions go. */
function contains(a: Maybe, b: Maybe): boolean {
  if (a?.kind === 'any') return a.of.length === 0 || a.of.some((type) => compareTypes(type, b) === 0);
  return compareTypes(a, b) === 0;
}

/** The type of a member at a constant key. */
export function select(type: Maybe, key: Value): Maybe {
  switch (type?.kind) {
    case 'array': {
      if (typeof key !== 'number' || !Number.isInteger(key) || key < 0) return undefined;
      return key < type.items.length ? type.items[key] : type.rest;
    }
    case 'object': {
      const found = type.members.find(([name]) => compareValues(name, key) === 0);
      if (found !== undefined) return found[1];
      return type.rest !== undefined && contains(type.rest[0], typeOf(key)) ? type.rest[1] : undefined;
    }
    case 'set': {
      const own = typeOf(key);
      if (compareTypes(type.of, own) === 0) return type.of;
      return type.of?.kind === 'any' && contains(type.of, own) ? own : undefined;
    }
    case 'any':
      if (type.of.length === 0) return ANY;
      return type.of.reduce<Maybe>((found, inner) => or(select(inner, key), found), undefined);
    default:
      return undefined;
  }
}

/** The type of what can be iterated over; undefined for what has no members. */
export function keysOf(type: Maybe): Maybe {
  switch (type?.kind) {
    case 'array':
      return NUMBER;
    case 'object':
      return or(
        type.members.reduce<Maybe>((found, [key]) => or(found, typeOf(key)), undefined),
        type.rest?.[0],
      );
    case 'set':
      return type.of;
    case 'any':
      if (type.of.length === 0) return ANY;
      return type.of.reduce<Maybe>((found, inner) => or(keysOf(inner), found), undefined);
    default:
      return undefined;
  }
}

export function valuesOf(type: Maybe): Maybe {
  switch (type?.kind) {
    case 'array':
      return or(type.items.reduce<Maybe>(or, undefined), type.rest);
    case 'object':
      return or(
        type.members.reduce<Maybe>((found, [, value]) => or(found, value), undefined),
        type.rest?.[1],
      );
    case 'set':
      return type.of;
    case 'any':
      if (type.of.length === 0) return ANY;
      return type.of.reduce<Maybe>((found, inner) => or(valuesOf(inner), found), undefined);
    default:
      return undefined;
  }
}

/** Whether some of a type is not known. */
export function isUnknown(type: Maybe): boolean {
  switch (type?.kind) {
    case undefined:
      return true;
    case 'array':
      return type.items.some(isUnknown) || (type.rest !== undefined && isUnknown(type.rest));
    case 'object':
      return (
        type.members.some(([, value]) => isUnknown(value)) ||
        (type.rest !== undefined && (isUnknown(type.rest[0]) || isUnknown(type.rest[1])))
      );
    case 'set':
      return isUnknown(type.of);
    case 'function':
      return type.args.some(isUnknown) || isUnknown(type.result);
    default:
      return false;
  }
}

/** Whether some value could be of both types. */
export function unifies(a: Maybe, b: Maybe): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.kind === 'any' && unifiesAny(a, b)) return true;
  if (b.kind === 'any' && unifiesAny(b, a)) return true;
  if (a.kind === 'any' || b.kind === 'any' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'array': {
      const other = b as ArrayType;
      if (!itemsUnify(a, other) || !itemsUnify(other, a)) return false;
      return a.rest === undefined || other.rest === undefined || unifies(a.rest, other.rest);
    }
    case 'object': {
      const other = b as ObjectType;
      if (!membersUnify(a, other) || !membersUnify(other, a)) return false;
      return a.rest?.[1] === undefined || other.rest?.[1] === undefined || unifies(a.rest[1], other.rest[1]);
    }
    case 'set':
      return unifies(a.of, (b as { of: Maybe }).of);
    case 'function': {
      const other = b as FunctionType;
      return (
        a.args.length === other.args.length && a.args.every((arg, index) => unifies(arg, other.args[index]))
      );
    }
    default:
      return true;
  }
}

function unifiesAny(a: AnyType, b: Type): boolean {
  if (b.kind === 'function') return false;
  return a.of.length === 0 || a.of.some((type) => unifies(type, b));
}

function itemsUnify(a: ArrayType, b: ArrayType): boolean {
  return a.items.every((item, index) => unifies(item, select(b, index)));
}

function membersUnify(a: ObjectType, b: ObjectType): boolean {
  return a.members.every(([key, value]) => {
    const other = select(b, key);
    return other === undefined ? a.rest !== undefined || b.rest !== undefined : unifies(value, other);
  });
}

/** A type as messages show it. */
export function typeText(type: Maybe): string {
  switch (type?.kind) {
    case undefined:
      return '???';
    case 'array':
      return `array${list(type.items.map(typeText))}${type.rest === undefined ? '' : `[${typeText(type.rest)}]`}`;
    case 'object': {
      const members = type.members.map(
        ([key, value]) => `${typeof key === 'string' ? key : toTerm(key)}: ${typeText(value)}`,
      );
      const rest = type.rest === undefined ? '' : `[${typeText(type.rest[0])}: ${typeText(type.rest[1])}]`;
      return `object${list(members)}${rest}`;
    }
    case 'set':
      return `set[${typeText(type.of)}]`;
    case 'any':
      return `any${list(type.of.map(typeText))}`;
    case 'function':
      return `(${type.args.map(typeText).join(', ')}) => ${typeText(type.result)}`;
    default:
      return type?.kind ?? '???';
  }
}

function list(parts: readonly string[]): string {
  return parts.length === 0 ? '' : `<${parts.join(', ')}>`;
}
