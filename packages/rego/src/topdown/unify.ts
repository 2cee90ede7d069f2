import { conflict, MESSAGES } from '../eval/faults.ts';
import {
  EMPTY_ARRAY,
  EMPTY_OBJECT,
  EMPTY_SET,
  equal,
  RegoArray,
  RegoObject,
  RegoSet,
  type Value,
} from '../values/index.ts';
import type { Bindings } from './bindings.ts';
import { cacheKey } from './cache-key.ts';
import type { Continue, Step } from './exit.ts';
import type { Frame } from './frame.ts';
import { readTerm } from './read-term.ts';
import { readTree } from './read-tree.ts';
import {
  type ComprehensionTerm,
  isRooted,
  type ObjectTerm,
  type RefTerm,
  sameTerm,
  type Term,
  valueTerm,
} from './terms.ts';

/** Makes two terms equal in every way there is (`biunify` of OPA). */
export function unify(
  frame: Frame,
  left: Term,
  right: Term,
  b1: Bindings,
  b2: Bindings,
  next: Continue,
): Step {
  const { term: a, in: in1 } = b1.apply(left);
  const { term: b, in: in2 } = b2.apply(right);
  const { tracer } = frame.evaluation;
  if (tracer?.wantsUnify === true) frame.trace('Unify', { kind: 'unify', left: a, right: b }, undefined);
  if (evaluates(a) || evaluates(b)) return unifyValues(frame, a, b, in1, in2, next);
  if (isSet(a) || isSet(b))
    return isSet(a) && isSet(b) ? unifyValues(frame, a, b, in1, in2, next) : undefined;
  if (a.kind === 'value' && b.kind === 'value') return equal(a.value, b.value) ? next() : undefined;
  const itemsA = itemsOf(a);
  const itemsB = itemsOf(b);
  if (itemsA !== undefined && itemsB !== undefined) {
    return itemsA.length === itemsB.length ? unifyAll(frame, itemsA, itemsB, in1, in2, next) : undefined;
  }
  const pairsA = pairsOf(a, in1);
  const pairsB = pairsOf(b, in2);
  if (pairsA === undefined || pairsB === undefined || pairsA.length !== pairsB.length) return undefined;
  const values: Term[] = [];
  for (const [key] of pairsA) {
    const other = pairsB.find(([name]) => sameTerm(name, key));
    if (other === undefined) return undefined;
    values.push(other[1]);
  }
  return unifyAll(
    frame,
    pairsA.map(([, value]) => value),
    values,
    in1,
    in2,
    next,
  );
}

function evaluates(term: Term): boolean {
  return term.kind === 'var' || term.kind === 'ref' || term.kind === 'comprehension';
}

function isSet(term: Term): boolean {
  return term.kind === 'set' || (term.kind === 'value' && term.value instanceof RegoSet);
}

function itemsOf(term: Term): readonly Term[] | undefined {
  if (term.kind === 'array') return term.items;
  if (term.kind !== 'value' || !(term.value instanceof RegoArray)) return undefined;
  return term.value.items.map(valueTerm);
}

function pairsOf(term: Term, bindings: Bindings): ObjectTerm['pairs'] | undefined {
  if (term.kind === 'object') {
    return term.pairs.map(([key, value]) => [bindings.plug(key), value] as const);
  }
  if (term.kind !== 'value' || !(term.value instanceof RegoObject)) return undefined;
  return term.value.entries().map(([key, value]) => [valueTerm(key), valueTerm(value)] as const);
}

/** Unifies two lists of the same length, item by item. */
export function unifyAll(
  frame: Frame,
  a: readonly Term[],
  b: readonly Term[],
  b1: Bindings,
  b2: Bindings,
  next: Continue,
  at = 0,
): Step {
  const [x, y] = [a[at], b[at]];
  if (x === undefined || y === undefined) return next();
  return unify(frame, x, y, b1, b2, () => unifyAll(frame, a, b, b1, b2, next, at + 1));
}

function unifyValues(frame: Frame, a: Term, b: Term, b1: Bindings, b2: Bindings, next: Continue): Step {
  const { saving } = frame.evaluation;
  const saved = (term: Term, bindings: Bindings): boolean =>
    saving !== undefined &&
    (isSet(term) ? saving.containsWithin(term, bindings) : saving.contains(term, bindings));
  const saveA = saved(a, b1);
  if (!saveA && a.kind === 'ref') return unifyRef(frame, a, b, b1, b2, next);
  const saveB = saved(b, b2);
  if (!saveB && b.kind === 'ref') return unifyRef(frame, b, a, b2, b1, next);
  if (saving !== undefined && (saveA || saveB)) return saving.saveUnify(frame, a, b, b1, b2, next);
  if (a.kind === 'comprehension') return unifyComprehension(frame, a, b, b1, b2, false, next);
  if (b.kind === 'comprehension') return unifyComprehension(frame, b, a, b2, b1, true, next);
  if (a.kind === 'var') {
    if (b.kind === 'var' && b1 === b2 && a.name === b.name) return next();
    return b1.bind(a, b, b2, next);
  }
  if (b.kind === 'var') return b2.bind(b, a, b1, next);
  return sameTerm(b1.plug(a), b2.plug(b)) ? next() : undefined;
}

function unifyRef(frame: Frame, ref: RefTerm, b: Term, b1: Bindings, b2: Bindings, next: Continue): Step {
  const result = { term: b, in: b2 };
  if (isRooted(ref, 'data')) return readTree(frame, ref, b1, result, next);
  const head = ref.terms[0] as Term;
  if (isRooted(ref, 'input')) {
    const { input } = frame.scope;
    if (input === undefined) return undefined;
    return readTerm(
      frame,
      { terms: ref.terms, at: 1, in: b1 },
      { term: valueTerm(input), in: b1 },
      result,
      next,
    );
  }
  const found = b1.apply(head);
  if (found.term === head && head.kind === 'var') return undefined;
  return readTerm(frame, { terms: ref.terms, at: 1, in: b1 }, found, result, next);
}

function unifyComprehension(
  frame: Frame,
  a: ComprehensionTerm,
  b: Term,
  b1: Bindings,
  b2: Bindings,
  swapped: boolean,
  next: Continue,
): Step {
  const { saving } = frame.evaluation;
  if (saving !== undefined && frame.unknown([a], b1)) {
    const amended = saving.amendComprehension(frame, a, b1);
    const other = b.kind === 'comprehension' ? saving.amendComprehension(frame, b, b2) : b;
    return swapped
      ? saving.saveUnify(frame, other, amended, b2, b1, next)
      : saving.saveUnify(frame, amended, other, b1, b2, next);
  }
  const grouped = groupedValue(frame, a);
  const value = grouped ?? ownValue(frame, a);
  return unify(frame, valueTerm(value), b, b1, b2, next);
}

/** The value from one evaluation for all keys; undefined where there is none for these. */
function groupedValue(frame: Frame, term: ComprehensionTerm): Value | undefined {
  const { keys } = term;
  if (keys === undefined) return undefined;
  const { comprehensions } = frame;
  let groups = comprehensions.get(term);
  if (groups === undefined) {
    const found = new Map<string, { key: Value; collect: Collector }>();
    frame.child(term.body).run(({ bindings }) => {
      const key = new RegoArray(keys.map((name) => known(bindings.plug(name))));
      const text = cacheKey([valueTerm(key)]);
      let group = found.get(text);
      if (group === undefined) {
        group = { key, collect: new Collector(term, false) };
        found.set(text, group);
      }
      group.collect.add(bindings);
      return undefined;
    });
    groups = RegoObject.of([...found.values()].map(({ key, collect }) => [key, collect.value] as const));
    comprehensions.set(term, groups);
  }
  const wanted = keys.map((name) => frame.bindings.plug(name));
  const key = wanted.every(({ kind }) => kind === 'value') ? new RegoArray(wanted.map(known)) : undefined;
  return key === undefined ? undefined : groups.get(key);
}

function ownValue(frame: Frame, term: ComprehensionTerm): Value {
  const collect = new Collector(term, true);
  frame.closure(term.body).run(({ bindings }) => {
    collect.add(bindings);
    return undefined;
  });
  return collect.value;
}

/** What a comprehension comes to. */
class Collector {
  readonly #term: ComprehensionTerm;
  readonly #refusesConflicts: boolean;
  readonly #items: Value[] = [];
  readonly #object = new RegoObject();

  constructor(term: ComprehensionTerm, refusesConflicts: boolean) {
    this.#term = term;
    this.#refusesConflicts = refusesConflicts;
  }

  add(bindings: Bindings): void {
    const { key, term, source } = this.#term;
    const value = known(bindings.plug(term));
    if (key === undefined) {
      this.#items.push(value);
      return;
    }
    const name = known(bindings.plug(key));
    const before = this.#object.get(name);
    if (this.#refusesConflicts && before !== undefined && !equal(before, value)) {
      throw conflict(MESSAGES.objectKeys, source.location);
    }
    this.#object.set(name, value);
  }

  get value(): Value {
    switch (this.#term.of) {
      case 'array':
        return this.#items.length === 0 ? EMPTY_ARRAY : new RegoArray(this.#items);
      case 'set':
        return this.#items.length === 0 ? EMPTY_SET : RegoSet.of(this.#items);
      default:
        return this.#object.size === 0 ? EMPTY_OBJECT : this.#object;
    }
  }
}

/** A term of which everything is known by now. */
export function known(term: Term): Value {
  if (term.kind !== 'value') throw new Error(`a ${term.kind} was left without a value`);
  return term.value;
}
