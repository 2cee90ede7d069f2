import { equal, keyOf, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Mapper, Place } from './index-constraints.ts';
import { itemsOf } from './index-constraints.ts';
import type { Candidates } from './rule-index.ts';
import { sameTerm, type Term, type TracedRule } from './terms.ts';

/** What stands at a place: undefined for nothing, `unknown` where partial evaluation does not know. */
export type Resolve = (place: Place) => Value | undefined | typeof UNKNOWN;

export const UNKNOWN = Symbol('unknown');

interface Entry {
  /** Of the rule among the rules, and of the branch in it. */
  readonly position: number;
  readonly priority: number;
  readonly rule: TracedRule;
}

/** A node of the index: alternately a place to look at, and what was found there. */
export class IndexNode {
  next: IndexNode | undefined;
  #place: Place | undefined;
  readonly #mappers: Mapper[] = [];
  #any: IndexNode | undefined;
  #undefined: IndexNode | undefined;
  #array: IndexNode | undefined;
  readonly #scalars = new Map<string, IndexNode>();
  readonly entries: Entry[] = [];
  /** The value that the rules here have in common, if they have one. */
  value: Term | undefined;
  hasSeveralValues = false;

  append(entry: Entry): void {
    this.entries.push(entry);
    const { value } = entry.rule;
    if (this.value !== undefined && value !== undefined && !sameTerm(this.value, value)) {
      this.hasSeveralValues = true;
    }
    if (this.value === undefined && isComplete(entry.rule)) this.value = value;
  }

  insert(place: Place, value: Term | undefined, mapper: Mapper | undefined): IndexNode {
    if (this.next === undefined) {
      this.next = new IndexNode();
      this.next.#place = place;
    }
    if (mapper !== undefined) this.next.addMapper(mapper);
    return this.next.#insertValue(value);
  }

  addMapper(mapper: Mapper): void {
    if (!this.#mappers.some(({ key }) => key === mapper.key)) this.#mappers.push(mapper);
  }

  #insertValue(value: Term | undefined): IndexNode {
    if (value === undefined) {
      this.#undefined ??= new IndexNode();
      return this.#undefined;
    }
    const items = arrayItems(value);
    if (items !== undefined) {
      this.#array ??= new IndexNode();
      return this.#array.#insertArray(items);
    }
    return this.#insertItem(value);
  }

  #insertItem(value: Term): IndexNode {
    if (value.kind !== 'value' || !isScalar(value.value)) {
      this.#any ??= new IndexNode();
      return this.#any;
    }
    const key = keyOf(value.value);
    let child = this.#scalars.get(key);
    if (child === undefined) {
      child = new IndexNode();
      this.#scalars.set(key, child);
    }
    return child;
  }

  #insertArray([head, ...rest]: readonly Term[]): IndexNode {
    return head === undefined ? this : this.#insertItem(head).#insertArray(rest);
  }

  traverse(resolve: Resolve, into: Traversal): void {
    into.add(this);
    this.next?.traverseNext(resolve, into);
  }

  /** Passes everything. */
  walk(into: Traversal): void {
    into.add(this);
    const children = [this.#any, this.#undefined, ...this.#scalars.values(), this.#array, this.next];
    for (const child of children) child?.walk(into);
  }

  private traverseNext(resolve: Resolve, into: Traversal): void {
    const value = resolve(this.#place as Place);
    if (value === UNKNOWN) {
      this.traverseUnknown(resolve, into);
      return;
    }
    this.#undefined?.traverse(resolve, into);
    if (value === undefined) return;
    this.#any?.traverse(resolve, into);
    this.#traverseValue(resolve, into, value);
    for (const { map } of this.#mappers) {
      const mapped = map(value);
      if (!equal(mapped, value)) this.#traverseValue(resolve, into, mapped);
    }
  }

  #traverseValue(resolve: Resolve, into: Traversal, value: Value): void {
    if (isScalar(value)) {
      this.#scalars.get(keyOf(value))?.traverse(resolve, into);
      return;
    }
    if (value instanceof RegoArray) this.#array?.traverseArray(resolve, into, value.items);
    if (this.#scalars.size === 0) return;
    for (const item of itemsOf(value)) {
      if (isScalar(item)) this.#scalars.get(keyOf(item))?.traverse(resolve, into);
    }
  }

  private traverseArray(resolve: Resolve, into: Traversal, [head, ...rest]: readonly Value[]): void {
    if (head === undefined) {
      this.traverse(resolve, into);
      return;
    }
    this.#any?.traverseArray(resolve, into, rest);
    if (isScalar(head)) this.#scalars.get(keyOf(head))?.traverseArray(resolve, into, rest);
  }

  private traverseUnknown(resolve: Resolve, into: Traversal): void {
    this.traverse(resolve, into);
    for (const child of [this.#undefined, this.#any, this.#array, ...this.#scalars.values()]) {
      child?.traverseUnknown(resolve, into);
    }
  }
}

function isScalar(value: Value): boolean {
  return !(value instanceof RegoArray || value instanceof RegoObject || value instanceof RegoSet);
}

function arrayItems(term: Term): readonly Term[] | undefined {
  if (term.kind === 'array') return term.items;
  if (term.kind !== 'value' || !(term.value instanceof RegoArray)) return undefined;
  return term.value.items.map((value) => ({ kind: 'value', value }));
}

/** Not a set, nor an object to which rules add members, nor `p.q := …`, which OPA counts as such. */
export function isComplete(rule: TracedRule): boolean {
  const isMember = rule.args.length === 0 && rule.ref.length - rule.packageLength === 2;
  return (
    !isMember &&
    rule.key === undefined &&
    rule.ref.every((term, index) => index === 0 || term.kind === 'value')
  );
}

/** Collects what a look-up passes. */
export class Traversal {
  readonly #found = new Map<number, Entry[]>();
  #several = false;
  #value: Term | undefined;

  add(node: IndexNode): void {
    for (const entry of node.entries) {
      const known = this.#found.get(entry.position);
      if (known === undefined) this.#found.set(entry.position, [entry]);
      else if (!known.some(({ priority }) => priority === entry.priority)) known.push(entry);
    }
    if (node.hasSeveralValues) this.#several = true;
    if (this.#several || node.value === undefined) return;
    if (this.#value === undefined && node.value.kind === 'value') this.#value = node.value;
    else if (this.#value === undefined || !sameTerm(this.#value, node.value)) this.#several = true;
  }

  /** `checked`: the rules must have one value by their heads too, not only by the nodes that were passed. */
  candidates(fallback: TracedRule | undefined, checked: boolean): Candidates {
    const rules: TracedRule[] = [];
    const branches = new Map<TracedRule, readonly TracedRule[]>();
    for (const entries of this.#found.values()) {
      const [first, ...rest] = entries.sort((a, b) => a.priority - b.priority) as [Entry, ...Entry[]];
      rules.push(first.rule);
      if (rest.length > 0)
        branches.set(
          first.rule,
          rest.map(({ rule }) => rule),
        );
    }
    return {
      rules,
      branches,
      default: fallback,
      earlyExit: !this.#several && (!checked || haveOneValue(rules)),
    };
  }
}

function haveOneValue(rules: readonly TracedRule[]): boolean {
  let last: Term | undefined;
  for (const rule of rules) {
    if (!isComplete(rule)) return false;
    if (rule.value === undefined) continue;
    if (last !== undefined && !sameTerm(last, rule.value)) return false;
    last = rule.value;
  }
  return true;
}
