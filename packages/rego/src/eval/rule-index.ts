import type { Expr, Rule, Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { isEquality, isRootRef, operatorName, walk } from '../compiler/tree.ts';
import { RegoArray, RegoSet, type Value } from '../values/index.ts';
import { lookupPath } from './lookup.ts';
import type { Machine } from './machine.ts';
import { memberKey } from './set-unit.ts';

/** Fewer rules are faster tried than looked up. */
const MIN_RULES = 4;

/** A place in the input (by path) or a parameter (by position) that rules compare with constants. */
type Source = readonly Value[] | number;

/** What a rule wants to find at a place: any of some constants. */
type Wants = Map<string, { readonly source: Source; readonly keys: ReadonlySet<unknown> }>;

/**
 * Tells which rules can apply at all, from the one place that most of them compare with constants
 * (`input.kind == "Pod"`, `input.method in {"GET", "HEAD"}`, `f("a", x)`). Rules that say nothing about it always
 * can; so do those that print, and those with `else`.
 */
export class RuleIndex<R> {
  readonly #read: () => Value | undefined;
  readonly #compiled: readonly R[];
  /** Positions of the rules that want a key. */
  readonly #byKey: ReadonlyMap<unknown, readonly number[]>;
  readonly #others: readonly number[];
  readonly #unknown: readonly R[];
  /** Candidates by key, put together when a key is first seen. */
  readonly #merged = new Map<unknown, readonly R[]>();

  private constructor(
    read: () => Value | undefined,
    compiled: readonly R[],
    byKey: ReadonlyMap<unknown, readonly number[]>,
    others: readonly number[],
  ) {
    this.#read = read;
    this.#compiled = compiled;
    this.#byKey = byKey;
    this.#others = others;
    this.#unknown = others.map((index) => compiled[index] as R);
  }

  /** `compiled` goes with `rules`, one to one. Undefined where an index would not help. */
  static build<R>(
    machine: Machine,
    rules: readonly Rule[],
    compiled: readonly R[],
    parameters: readonly number[] = [],
  ): RuleIndex<R> | undefined {
    if (rules.length < MIN_RULES) return undefined;
    const wants = rules.map(wantsOf);
    const counts = new Map<string, { source: Source; count: number }>();
    for (const want of wants) {
      for (const [id, { source }] of want) {
        const known = counts.get(id);
        if (known === undefined) counts.set(id, { source, count: 1 });
        else known.count++;
      }
    }
    const [best] = [...counts].sort((a, b) => b[1].count - a[1].count);
    if (best === undefined || best[1].count < rules.length / 2) return undefined;
    const [id, { source }] = best;
    const byKey = new Map<unknown, number[]>();
    const others: number[] = [];
    for (const [index, want] of wants.entries()) {
      const keys = want.get(id)?.keys;
      if (keys === undefined) others.push(index);
      for (const key of keys ?? []) {
        const known = byKey.get(key);
        if (known === undefined) byKey.set(key, [index]);
        else known.push(index);
      }
    }
    const { registers } = machine;
    const read =
      typeof source === 'number'
        ? () => registers[parameters[source] as number]
        : () => lookupPath(machine.input, source);
    return new RuleIndex(read, compiled, byKey, others);
  }

  /** The rules that can apply, in their order. */
  candidates(): readonly R[] {
    const value = this.#read();
    if (value === undefined) return this.#unknown;
    const key = memberKey(value);
    const known = this.#merged.get(key);
    if (known !== undefined) return known;
    const own = this.#byKey.get(key);
    if (own === undefined) return this.#unknown;
    const positions = [...own, ...this.#others].sort((a, b) => a - b);
    const merged = positions.map((index) => this.#compiled[index] as R);
    this.#merged.set(key, merged);
    return merged;
  }
}

function wantsOf(rule: Rule): Wants {
  const wants: Wants = new Map();
  if (rule.else !== undefined || rule.body.some(prints)) return wants;
  // Variables that stand for a place in the input, or for a parameter.
  const sources = new Map<string, Source>();
  for (const [index, parameter] of (rule.head.args ?? []).entries()) {
    if (parameter.kind === 'var') sources.set(parameter.name, index);
    else want(wants, index, constantOf(parameter));
  }
  for (const expr of rule.body) {
    if (expr.negated || expr.with.length > 0 || expr.terms.kind !== 'call') continue;
    const [first, second] = expr.terms.args;
    if (first === undefined || second === undefined) continue;
    if (isEquality(expr)) {
      const left = sourceOf(first, sources);
      const right = sourceOf(second, sources);
      if (left !== undefined) want(wants, left, constantOf(second));
      if (right !== undefined) want(wants, right, constantOf(first));
      if (first.kind === 'var' && right !== undefined) sources.set(first.name, right);
      if (second.kind === 'var' && left !== undefined) sources.set(second.name, left);
    } else if (operatorName(expr.terms.operator) === 'internal.member_2' && expr.terms.args.length === 2) {
      const source = sourceOf(first, sources);
      const collection = constantOf(second);
      if (source !== undefined && collection !== undefined) wantAny(wants, source, collection);
    }
  }
  return wants;
}

function want(wants: Wants, source: Source, value: Value | undefined): void {
  if (value !== undefined) restrict(wants, source, new Set([memberKey(value)]));
}

function wantAny(wants: Wants, source: Source, collection: Value): void {
  if (collection instanceof RegoSet) restrict(wants, source, new Set(collection.unordered().map(memberKey)));
  else if (collection instanceof RegoArray) restrict(wants, source, new Set(collection.items.map(memberKey)));
}

function restrict(wants: Wants, source: Source, keys: Set<unknown>): void {
  const id = JSON.stringify(typeof source === 'number' ? source : source.map(memberKey));
  const known = wants.get(id);
  wants.set(id, { source, keys: known === undefined ? keys : keys.intersection(known.keys) });
}

function sourceOf(term: Term, sources: ReadonlyMap<string, Source>): Source | undefined {
  if (term.kind === 'var') return sources.get(term.name);
  if (term.kind !== 'ref' || !isRootRef(term, 'input')) return undefined;
  const path: Value[] = [];
  for (const part of term.terms.slice(1)) {
    const key = constantOf(part);
    if (key === undefined) return undefined;
    path.push(key);
  }
  return path;
}

function prints(expr: Expr): boolean {
  let found = false;
  walk(expr, (node) => {
    if (node.kind === 'call' && operatorName(node.operator) === 'internal.print') found = true;
    return found;
  });
  return found;
}
