import type { Expr, Location, Rule, Term as Source } from '../ast/types.ts';
import { equal, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';

/*
 * What the interpreter works on: the compiled syntax tree with its constants as values, so that terms half known (arrays
 * with variables in them) and documents are terms alike. A composite term that is all values is a value.
 */

export interface ValueTerm {
  readonly kind: 'value';
  readonly value: Value;
}

export interface VarTerm {
  readonly kind: 'var';
  readonly name: string;
}

export interface RefTerm {
  readonly kind: 'ref';
  readonly terms: readonly Term[];
}

/** An array or a set, not all of whose items are values. */
export interface ItemsTerm {
  readonly kind: 'array' | 'set';
  readonly items: readonly Term[];
}

export interface ObjectTerm {
  readonly kind: 'object';
  readonly pairs: readonly (readonly [key: Term, value: Term])[];
}

export interface ComprehensionTerm {
  readonly kind: 'comprehension';
  readonly of: 'array' | 'set' | 'object';
  /** Of an object comprehension. */
  readonly key: Term | undefined;
  readonly term: Term;
  readonly body: Body;
  readonly source: Source;
  /** The outer variables by which results can be told apart when the body is evaluated once for all of them. */
  readonly keys: readonly VarTerm[] | undefined;
}

export type Term = ValueTerm | VarTerm | RefTerm | ItemsTerm | ObjectTerm | ComprehensionTerm;

export type Statement =
  | { readonly kind: 'term'; readonly term: Term }
  | {
      readonly kind: 'call';
      readonly operator: RefTerm;
      readonly name: string;
      readonly args: readonly Term[];
    }
  | {
      readonly kind: 'every';
      readonly key: VarTerm;
      readonly value: VarTerm;
      readonly domain: Term;
      readonly body: Body;
    }
  | { readonly kind: 'not'; readonly body: Body; readonly explicitBody: boolean }
  | { readonly kind: 'logicalAnd' | 'logicalOr'; readonly lhs: Body; readonly rhs: Body };

export interface Modifier {
  readonly target: RefTerm;
  readonly value: Term;
}

export interface Expression {
  readonly terms: Statement;
  readonly with: readonly Modifier[];
  readonly negated: boolean;
  readonly location: Location;
  readonly source: Expr;
  /** Of a negated expression: what is negated, without modifiers. */
  readonly complement: Body | undefined;
}

export type Body = readonly Expression[];

/** One rule, or one `else` of it. */
export interface TracedRule {
  readonly source: Rule;
  readonly location: Location;
  /** From `data` on. */
  readonly ref: readonly Term[];
  readonly args: readonly Term[];
  readonly key: Term | undefined;
  readonly value: Term | undefined;
  /** `p contains x` */
  readonly isMultiValue: boolean;
  readonly isDefault: boolean;
  readonly body: Body;
  readonly else: TracedRule | undefined;
  /** How many terms of the ref are the package's. */
  readonly packageLength: number;
}

export const TRUE: ValueTerm = { kind: 'value', value: true };

export function valueTerm(value: Value): ValueTerm {
  return { kind: 'value', value };
}

export function varTerm(name: string): VarTerm {
  return { kind: 'var', name };
}

export function refTerm(terms: readonly Term[]): RefTerm {
  return { kind: 'ref', terms };
}

export function arrayTerm(items: readonly Term[]): Term {
  const values = valuesOf(items);
  return values === undefined ? { kind: 'array', items } : valueTerm(new RegoArray(values));
}

export function setTerm(items: readonly Term[]): Term {
  const values = valuesOf(items);
  return values === undefined ? { kind: 'set', items } : valueTerm(RegoSet.of(values));
}

export function objectTerm(pairs: readonly (readonly [Term, Term])[]): Term {
  const object = new RegoObject();
  for (const [key, value] of pairs) {
    if (key.kind !== 'value' || value.kind !== 'value') return { kind: 'object', pairs };
    object.set(key.value, value.value);
  }
  return valueTerm(object);
}

function valuesOf(items: readonly Term[]): Value[] | undefined {
  const values: Value[] = [];
  for (const item of items) {
    if (item.kind !== 'value') return undefined;
    values.push(item.value);
  }
  return values;
}

/** No variables; the head of a ref does not count. */
export function isGround(term: Term): boolean {
  switch (term.kind) {
    case 'value':
      return true;
    case 'ref':
      return term.terms.every((part, index) => index === 0 || isGround(part));
    case 'array':
    case 'set':
      return term.items.every(isGround);
    case 'object':
      return term.pairs.every(([key, value]) => isGround(key) && isGround(value));
    default:
      return false;
  }
}

export function isRooted(term: Term, root: 'input' | 'data'): boolean {
  return term.kind === 'ref' && isVar(term.terms[0], root);
}

export function isVar(term: Term | undefined, name: string): boolean {
  return term?.kind === 'var' && term.name === name;
}

/** Equal as structure. */
export function sameTerm(a: Term, b: Term): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'value':
      return b.kind === 'value' && equal(a.value, b.value);
    case 'var':
      return b.kind === 'var' && a.name === b.name;
    case 'ref':
      return b.kind === 'ref' && sameTerms(a.terms, b.terms);
    case 'array':
    case 'set':
      return b.kind === a.kind && sameTerms(a.items, b.items);
    case 'object':
      return b.kind === 'object' && sameTerms(a.pairs.flat(), b.pairs.flat());
    default:
      return false;
  }
}

function sameTerms(a: readonly Term[], b: readonly Term[]): boolean {
  return a.length === b.length && hasPrefix(a, b);
}

/** Whether a ref begins with the terms of another. */
export function hasPrefix(ref: readonly Term[], prefix: readonly Term[]): boolean {
  return prefix.length <= ref.length && prefix.every((term, index) => sameTerm(term, ref[index] as Term));
}

/** Calls `visit` with a term and the terms in it, outermost first; comprehensions are visited, and not entered. */
export function walkTerms(term: Term, visit: (term: Term) => void): void {
  visit(term);
  switch (term.kind) {
    case 'ref':
      for (const part of term.terms) walkTerms(part, visit);
      return;
    case 'array':
    case 'set':
      for (const item of term.items) walkTerms(item, visit);
      return;
    case 'object':
      for (const [key, value] of term.pairs) {
        walkTerms(key, visit);
        walkTerms(value, visit);
      }
      return;
    default:
  }
}
