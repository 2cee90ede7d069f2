import { spend } from '../../budget.ts';
import type { Type as Declared } from '../../builtins/types.ts';
import {
  compare as compareValues,
  RegoArray,
  RegoObject,
  RegoSet,
  typeName,
  type Value,
} from '../../values/index.ts';
import { compareTypes } from './order.ts';
import {
  ANY,
  type AnyType,
  type ArrayType,
  anyType,
  arrayType,
  type FunctionType,
  isUnknown,
  type Maybe,
  NUMBER,
  type ObjectType,
  objectType,
  setType,
  type Type,
  unwrapped,
} from './type.ts';

/** The type of a constant. */
export function typeOf(value: Value): Type {
  if (value instanceof RegoArray) {
    return arrayType(value.items.map(typeOf), value.length === 0 ? ANY : undefined);
  }
  if (value instanceof RegoObject) {
    return objectType(
      value.entries().map(([key, member]) => [key, typeOf(member)] as const),
      value.size === 0 ? [ANY, ANY] : undefined,
    );
  }
  if (value instanceof RegoSet) {
    return setType(value.unordered().map(typeOf).reduce<Maybe>(or, undefined) ?? ANY);
  }
  return { kind: typeName(value) } as Type;
}

/** A built-in's declaration as this module's type. */
export function fromDeclared(type: Declared): Type {
  switch (type.type) {
    case 'any':
      return ANY;
    case 'array':
      return arrayType(
        type.items.map(fromDeclared),
        type.rest === null ? undefined : fromDeclared(type.rest),
      );
    case 'object':
      return objectType(
        type.members.map(([key, member]) => [key, fromDeclared(member)] as const),
        type.rest === null ? undefined : [fromDeclared(type.rest[0]), fromDeclared(type.rest[1])],
      );
    case 'set':
      return setType(fromDeclared(type.of));
    case 'union':
      return anyType(type.of.map(fromDeclared).sort(compareTypes));
    default:
      return { kind: type.type };
  }
}

/** Either of two types. Nothing when only one is a function. */
export function or(a: Maybe, b: Maybe): Maybe {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  if (a.kind === 'function' || b.kind === 'function') {
    return a.kind === 'function' && b.kind === 'function' ? orFunctions(a, b) : undefined;
  }
  if (a.kind === 'any') return merge(a, b);
  if (b.kind === 'any') return merge(b, a);
  return compareTypes(a, b) === 0 ? a : anyType([a, b].sort(compareTypes));
}

function merge(any: AnyType, other: Type): AnyType {
  if (any.of.length === 0) return any;
  if (other.kind === 'any' && other.of.length === 0) return other;
  spend(any.of.length);
  const of = [...any.of];
  for (const type of other.kind === 'any' ? other.of : [other]) {
    const at = placeOf(of, type);
    if (at >= of.length || compareTypes(of[at], type) !== 0) of.splice(at, 0, type);
  }
  return of.length === any.of.length ? any : anyType(of);
}

/** Where a type stands or would stand in a list in order. */
function placeOf(types: readonly Type[], type: Type): number {
  let low = 0;
  let high = types.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareTypes(types[middle], type) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function orFunctions(a: FunctionType, b: FunctionType): Maybe {
  if (a.args.length !== b.args.length) return undefined;
  const args = a.args.map((arg, index) => or(arg, b.args[index]));
  return { kind: 'function', args, result: or(a.result, b.result), variadic: undefined };
}

/** Whether every value of `b` is one of `a`, as far as unions go. */
function contains(type: Maybe, b: Maybe): boolean {
  const a = unwrapped(type);
  if (a?.kind === 'any') return a.of.length === 0 || a.of.some((type) => compareTypes(type, b) === 0);
  return compareTypes(a, b) === 0;
}

/** The member at a key that the type names. */
function memberOf({ members }: ObjectType, key: Value): readonly [Value, Maybe] | undefined {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareValues((members[middle] as readonly [Value, Maybe])[0], key) < 0) low = middle + 1;
    else high = middle;
  }
  const found = members[low];
  return found !== undefined && compareValues(found[0], key) === 0 ? found : undefined;
}

/** The type of a member at a constant key. */
export function select(from: Maybe, key: Value): Maybe {
  const type = unwrapped(from);
  switch (type?.kind) {
    case 'array': {
      if (typeof key !== 'number' || !Number.isInteger(key) || key < 0) return undefined;
      return key < type.items.length ? type.items[key] : type.rest;
    }
    case 'object': {
      const found = memberOf(type, key);
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
export function keysOf(of: Maybe): Maybe {
  const type = unwrapped(of);
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

export function valuesOf(of: Maybe): Maybe {
  const type = unwrapped(of);
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

/** Whether some value could be of both types. */
export function unifies(first: Maybe, second: Maybe): boolean {
  spend();
  // To look into two recursive types might never end; they are taken to have a value in common.
  if (first?.kind === 'recursive' && second?.kind === 'recursive') return true;
  const a = unwrapped(first);
  const b = unwrapped(second);
  if (a === undefined || b === undefined) return false;
  if (a === b && !isUnknown(a)) return true;
  if (a.kind === 'any' && unifiesAny(a, b)) return true;
  if (b.kind === 'any' && unifiesAny(b, a)) return true;
  if (a.kind === 'any' || b.kind === 'any' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'array': {
      const other = b as ArrayType;
      if (!itemsUnify(a, other, 0) || !itemsUnify(other, a, a.items.length)) return false;
      return a.rest === undefined || other.rest === undefined || unifies(a.rest, other.rest);
    }
    case 'object': {
      const other = b as ObjectType;
      if (!membersUnify(a, other) || !membersUnify(other, a, a)) return false;
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

/** What both have is looked at once only: twice at each level would be squares of the size. */
function itemsUnify(a: ArrayType, b: ArrayType, from: number): boolean {
  return a.items.every((item, index) => index < from || unifies(item, select(b, index)));
}

function membersUnify(a: ObjectType, b: ObjectType, except?: ObjectType): boolean {
  return a.members.every(([key, value]) => {
    if (except !== undefined && memberOf(except, key) !== undefined) return true;
    const other = select(b, key);
    return other === undefined ? a.rest !== undefined || b.rest !== undefined : unifies(value, other);
  });
}
