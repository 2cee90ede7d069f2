import { operatorName, walkAll } from '../compiler/tree.ts';
import { keyOf, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import { delimiterText, globParts, splitEscaped } from './glob-parts.ts';
import {
  arrayTerm,
  type Body,
  type Expression,
  isGround,
  isRooted,
  type RefTerm,
  sameTerm,
  type Term,
  type TracedRule,
  valueTerm,
  varTerm,
} from './terms.ts';

/** A place that the index looks at: a path into `input` or `data`, or a parameter. */
export interface Place {
  readonly key: string;
  readonly ref: RefTerm | undefined;
  readonly parameter: number;
}

/** Turns what is at a place into what is looked for: the parts of a string, for patterns. */
export interface Mapper {
  readonly key: string;
  readonly map: (value: Value) => Value;
}

/** What a rule wants to find at a place: a value, an array with variables in it, or (a variable) anything. */
export interface Constraint {
  readonly ref: Place;
  readonly key: string;
  readonly value: Term;
  readonly mapper: Mapper | undefined;
}

type Alternatives = readonly (readonly Constraint[])[];

/** More ways to reach one rule than this cost more than they save. */
const MAX_PATHS = 32;

const ANYTHING = varTerm('__any__');

/** Functions whose calls must not be lost to the index. */
const EFFECTS = new Set(['internal.print', 'internal.test_case']);

/** What each rule demands of its input, found in its body. */
export class Constraints {
  readonly #isVirtual: (ref: RefTerm) => boolean;
  readonly #byRule = new Map<TracedRule, Constraint[]>();
  readonly #disjunctions = new Map<TracedRule, Alternatives[]>();
  readonly #counts = new Map<string, { readonly place: Place; count: number }>();
  /** What the body around an operand demands: variables may be known from there. */
  readonly #outer: readonly Constraint[];

  constructor(isVirtual: (ref: RefTerm) => boolean, outer: readonly Constraint[] = []) {
    this.#isVirtual = isVirtual;
    this.#outer = outer;
  }

  add(rule: TracedRule): void {
    if (hasEffects(rule)) return;
    const constants = new Map<string, Term>();
    for (const expr of rule.body) this.#expression(rule, expr, constants);
  }

  /** Places, the most common first. */
  order(): readonly Place[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count).map(({ place }) => place);
  }

  /** Every set of constraints that leads to the rule. */
  paths(rule: TracedRule): Alternatives {
    const always = this.#byRule.get(rule) ?? [];
    let paths: Alternatives = [always];
    for (const alternatives of this.#disjunctions.get(rule) ?? []) {
      if (paths.length * alternatives.length > MAX_PATHS) return [always];
      paths = paths.flatMap((path) => alternatives.map((alternative) => [...path, ...alternative]));
    }
    return paths;
  }

  #expression(rule: TracedRule, expr: Expression, constants: Map<string, Term>): void {
    if (expr.with.length > 0 || expr.negated) return;
    const { terms } = expr;
    switch (terms.kind) {
      case 'logicalAnd': {
        const sides = [terms.lhs, terms.rhs].map((body) => this.#operand(rule, body, constants));
        for (const side of sides) this.#require(rule, side);
        return;
      }
      case 'logicalOr': {
        const left = this.#operand(rule, terms.lhs, constants);
        const right = left.length === 0 ? [] : this.#operand(rule, terms.rhs, constants);
        if (right.length > 0) this.#require(rule, [...left, ...right]);
        return;
      }
      case 'term':
        if (terms.term.kind === 'ref') this.#equality(rule, terms.term, ANYTHING, constants);
        return;
      case 'call': {
        const [a, b] = terms.args;
        if (a === undefined || b === undefined) return;
        const { length } = terms.args;
        if (terms.name === 'eq' || (terms.name === 'equal' && length === 2)) {
          if (!this.#wildcard(rule, a, b, constants) && !this.#wildcard(rule, b, a, constants)) {
            this.#equality(rule, a, b, constants);
          }
        } else if (terms.name === 'glob.match' && length === 3) this.#glob(rule, a, b, terms.args[2] as Term);
        else if (terms.name === 'internal.member_2' && length === 2) this.#member(rule, a, b, constants);
        return;
      }
      default:
    }
  }

  #operand(rule: TracedRule, body: Body, constants: ReadonlyMap<string, Term>): Alternatives {
    const inner = new Constraints(this.#isVirtual, this.#known(rule));
    const scoped = new Map(constants);
    for (const expr of body) inner.#expression(rule, expr, scoped);
    const alternatives = inner.paths(rule);
    if (alternatives.length === 1 && alternatives[0]?.length === 0) return [];
    // Variables of an operand are its own: outside only remains that there must be something.
    return alternatives.map((path) =>
      path.map((constraint) =>
        constraint.value.kind === 'var' ? { ...constraint, value: ANYTHING } : constraint,
      ),
    );
  }

  #require(rule: TracedRule, alternatives: Alternatives): void {
    if (alternatives.length === 1)
      for (const constraint of alternatives[0] ?? []) this.#insert(rule, constraint);
    if (alternatives.length < 2) return;
    for (const path of alternatives) for (const { ref } of path) this.#count(ref);
    const known = this.#disjunctions.get(rule) ?? [];
    this.#disjunctions.set(rule, [...known, alternatives]);
  }

  #known(rule: TracedRule): readonly Constraint[] {
    return [...(this.#byRule.get(rule) ?? []), ...this.#outer];
  }

  #count(place: Place): void {
    const known = this.#counts.get(place.key);
    if (known === undefined) this.#counts.set(place.key, { place, count: 1 });
    else known.count++;
  }

  #insert(rule: TracedRule, constraint: Constraint): void {
    this.#count(constraint.ref);
    const known = this.#byRule.get(rule) ?? [];
    this.#byRule.set(rule, known);
    for (const [index, other] of known.entries()) {
      if (other.key !== constraint.key) continue;
      if (sameTerm(other.value, constraint.value)) return;
      if (constraint.value.kind !== 'var' && other.value.kind === 'var') {
        known[index] = constraint;
        return;
      }
    }
    known.push(constraint);
  }

  #isIndexable(ref: RefTerm): boolean {
    return (
      (isRooted(ref, 'input') || isRooted(ref, 'data')) &&
      ref.terms.every((term, index) => index === 0 || term.kind === 'value') &&
      !this.#isVirtual(ref)
    );
  }

  #equality(rule: TracedRule, a: Term, b: Term, constants: Map<string, Term>): void {
    if (!this.#oneSide(rule, a, b, constants)) this.#oneSide(rule, b, a, constants);
  }

  #oneSide(rule: TracedRule, a: Term, b: Term, constants: Map<string, Term>): boolean {
    if (a.kind === 'var') {
      if (b.kind === 'value') constants.set(a.name, b);
      const place = isIndexValue(b) ? this.#placeOf(rule, a.name) : undefined;
      if (place === undefined) return false;
      this.#insert(rule, constraint(place, b));
      return true;
    }
    if (a.kind !== 'ref' || !this.#isIndexable(a)) return false;
    const value = b.kind === 'var' ? (constants.get(b.name) ?? b) : b;
    if (!isIndexValue(b)) return false;
    this.#insert(rule, constraint(placeOf(a), value));
    return true;
  }

  /** `input.xs[_] == "a"` */
  #wildcard(rule: TracedRule, a: Term, b: Term, constants: ReadonlyMap<string, Term>): boolean {
    if (a.kind !== 'ref' || a.terms.length < 2) return false;
    const prefix: RefTerm = { kind: 'ref', terms: a.terms.slice(0, -1) };
    if (isGround(a.terms.at(-1) as Term) || !isGround(prefix) || !this.#isIndexable(prefix)) return false;
    const value = b.kind === 'var' ? (constants.get(b.name) ?? b) : b;
    if (value.kind !== 'value' || !isScalar(value.value)) return false;
    this.#insert(rule, constraint(placeOf(prefix), value));
    return true;
  }

  #glob(rule: TracedRule, pattern: Term, delimiters: Term, subject: Term): void {
    const delimiter = delimiters.kind === 'value' ? delimiterText(delimiters.value) : undefined;
    const parts =
      pattern.kind !== 'value' || typeof pattern.value !== 'string' || delimiter === undefined
        ? undefined
        : globParts(pattern.value, delimiter);
    const place = subject.kind === 'var' ? this.#placeOf(rule, subject.name) : undefined;
    if (parts === undefined || delimiter === undefined || place === undefined) return;
    const map = (value: Value): Value =>
      typeof value === 'string' ? new RegoArray(splitEscaped(value, delimiter)) : value;
    const items = parts.map((part) => (part === undefined ? varTerm('$globwildcard') : valueTerm(part)));
    this.#insert(rule, { ...constraint(place, arrayTerm(items)), mapper: { key: delimiter, map } });
  }

  #member(rule: TracedRule, member: Term, collection: Term, constants: ReadonlyMap<string, Term>): void {
    const place = member.kind === 'var' ? this.#placeOf(rule, member.name) : undefined;
    if (place !== undefined) {
      const known = collection.kind === 'var' ? (constants.get(collection.name) ?? collection) : collection;
      if (known.kind === 'array' || known.kind === 'set') {
        for (const item of known.items) this.#insert(rule, constraint(place, item));
      } else if (known.kind === 'object') {
        for (const [, item] of known.pairs) this.#insert(rule, constraint(place, item));
      } else if (known.kind === 'value') {
        for (const item of itemsOf(known.value)) this.#insert(rule, constraint(place, valueTerm(item)));
      }
      return;
    }
    let value = member;
    if (member.kind === 'var') value = constants.get(member.name) ?? member;
    else if (member.kind !== 'value' || !isScalar(member.value)) return;
    const at = collection.kind === 'var' ? this.#placeOf(rule, collection.name) : undefined;
    if (at !== undefined) {
      if (at.ref !== undefined) this.#insert(rule, constraint(at, value));
    } else if (collection.kind === 'ref' && this.#isIndexable(collection)) {
      this.#insert(rule, constraint(placeOf(collection), value));
    }
  }

  /** The place a variable stands for, if it is one. */
  #placeOf(rule: TracedRule, name: string): Place | undefined {
    for (const { ref, value } of this.#known(rule))
      if (value.kind === 'var' && value.name === name) return ref;
    const parameter = rule.args.findIndex((arg) => arg.kind === 'var' && arg.name === name);
    return parameter < 0 ? undefined : { key: `args ${parameter}`, ref: undefined, parameter };
  }
}

function constraint(ref: Place, value: Term): Constraint {
  return { ref, key: ref.key, value, mapper: undefined };
}

function placeOf(ref: RefTerm): Place {
  const [head, ...path] = ref.terms;
  const name = head?.kind === 'var' ? head.name : '';
  const key = path.map((term) => (term.kind === 'value' ? keyOf(term.value) : ''));
  return { key: `${name} ${key.join('')}`, ref, parameter: -1 };
}

function isScalar(value: Value): boolean {
  return !(value instanceof RegoArray || value instanceof RegoObject || value instanceof RegoSet);
}

/** Scalars, variables, and arrays of them. */
function isIndexValue(term: Term): boolean {
  switch (term.kind) {
    case 'var':
      return true;
    case 'value':
      return isScalar(term.value) || (term.value instanceof RegoArray && term.value.items.every(isScalar));
    case 'array':
      return term.items.every(
        (item) => item.kind === 'var' || (item.kind === 'value' && isScalar(item.value)),
      );
    default:
      return false;
  }
}

export function itemsOf(value: Value): readonly Value[] {
  if (value instanceof RegoArray) return value.items;
  if (value instanceof RegoSet) return value.values();
  return value instanceof RegoObject ? value.entries().map(([, member]) => member) : [];
}

function hasEffects({ source }: TracedRule): boolean {
  let found = false;
  walkAll(source.body, (node) => {
    if (node.kind === 'call') found ||= EFFECTS.has(operatorName(node.operator) ?? '');
    return found || node.kind.endsWith('Comprehension');
  });
  return found;
}
