import { termText } from '../../ast/print.ts';
import type { Term } from '../../ast/types.ts';
import { constantOf } from '../constants.ts';
import { or, select, unifies } from './algebra.ts';
import type { TypeEnv } from './env.ts';
import { ANY, type ArrayType, isUnknown, type Maybe, type ObjectType, type Type, unwrapped } from './type.ts';

/** Checks two terms that must be equal against each other, and gives untyped variables of either their types. */
export function unify2(env: TypeEnv, a: Term, left: Maybe, b: Term, right: Maybe): boolean {
  const leftUnknown = isUnknown(left);
  const rightUnknown = isUnknown(right);
  if (leftUnknown && !rightUnknown) return unify1(env, a, right, false);
  if (rightUnknown && !leftUnknown) return unify1(env, b, left, false);
  if (!leftUnknown) return unifies(left, right);
  if (a.kind === 'array') return unify2Array(env, a, b);
  if (a.kind === 'object') return unify2Object(env, a, b);
  if (a.kind === 'var') {
    if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
    if (b.kind === 'array') return unify2Array(env, b, a);
    if (b.kind === 'object') return unify2Object(env, b, a);
  }
  if (a.kind === 'var' && left === undefined && right !== undefined) return unify1(env, a, right, false);
  if (b.kind === 'var' && right === undefined && left !== undefined) return unify1(env, b, left, false);
  return false;
}

function unify2Array(env: TypeEnv, a: Term & { kind: 'array' }, b: Term): boolean {
  if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
  if (b.kind !== 'array' || a.items.length !== b.items.length) return false;
  return a.items.every((item, index) => {
    const other = b.items[index] as Term;
    return unify2(env, item, env.of(item), other, env.of(other));
  });
}

function unify2Object(env: TypeEnv, a: Term & { kind: 'object' }, b: Term): boolean {
  if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
  if (b.kind !== 'object' || a.pairs.length !== b.pairs.length) return false;
  const others = new Map(b.pairs.map(([key, value]) => [termText(key), value]));
  return a.pairs.every(([key, value]) => {
    const other = others.get(termText(key));
    return other !== undefined && unify2(env, value, env.of(value), other, env.of(other));
  });
}

/** Checks a term against a type, and gives its untyped variables their types. */
export function unify1(env: TypeEnv, term: Term, known: Maybe, union: boolean): boolean {
  const type = unwrapped(known);
  switch (term.kind) {
    case 'array':
      if (type?.kind === 'array') return unify1Array(env, term.items, type, union);
      return type?.kind === 'any' && unify1Any(env, term, term.items, type.of);
    case 'object':
      if (type?.kind === 'object') return unify1Object(env, term.pairs, type, union);
      return type?.kind === 'any' && unify1Any(env, term, term.pairs.flat(), type.of);
    case 'set':
      if (type?.kind === 'set') return term.items.every((item) => unify1(env, item, type.of, union));
      return type?.kind === 'any' && unify1Any(env, term, term.items, type.of);
    case 'var': {
      const own = env.of(term);
      if (union) env.setVar(term, or(own, known));
      else if (own !== undefined) return unifies(own, known);
      else env.setVar(term, known);
      return true;
    }
    default:
      return unifies(env.of(term), type);
  }
}

function unify1Any(env: TypeEnv, term: Term, parts: readonly Term[], types: readonly Type[]): boolean {
  if (types.length === 0) {
    for (const part of parts) unify1(env, part, ANY, true);
    return true;
  }
  let found = false;
  for (const type of types) found = unify1(env, term, type, true) || found;
  return found;
}

function unify1Array(env: TypeEnv, items: readonly Term[], type: ArrayType, union: boolean): boolean {
  if (items.length !== type.items.length && type.rest === undefined) return false;
  return items.every((item, index) => unify1(env, item, select(type, index), union));
}

function unify1Object(
  env: TypeEnv,
  pairs: readonly (readonly [Term, Term])[],
  type: ObjectType,
  union: boolean,
): boolean {
  if (pairs.length !== type.members.length && type.rest === undefined) return false;
  return pairs.every(([key, value]) => {
    const constant = constantOf(key);
    if (constant === undefined) {
      unify1(env, value, ANY, union);
      return true;
    }
    const member = select(type, constant);
    return member !== undefined && unify1(env, value, member, union);
  });
}
