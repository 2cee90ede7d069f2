import type { ObjectTerm, Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { equal, keyOf, RegoArray, RegoObject, type Value } from '../values/index.ts';
import { type Block, type Getter, UnboundError } from './block.ts';

/** Emits `pattern = (what is in the register)`, binding the pattern's unbound variables. */
export function match(block: Block, pattern: Term, slot: number): void {
  const { registers } = block.machine;
  if (pattern.kind === 'var' && !block.bound.has(pattern.name)) {
    bind(block, pattern.name, slot);
    return;
  }
  const constant = constantOf(pattern);
  if (constant !== undefined) {
    if (typeof constant === 'string' || typeof constant === 'boolean' || constant === null) {
      block.emit((next) => () => registers[slot] === constant && next());
    } else block.emit((next) => () => equal(registers[slot] as Value, constant) && next());
    return;
  }
  if (block.isBound(pattern)) {
    const get = block.getter(pattern);
    block.emit((next) => () => equal(registers[slot] as Value, get()) && next());
    return;
  }
  if (pattern.kind === 'array') {
    const { length } = pattern.items;
    const parts = pattern.items.map(() => block.frame.fresh());
    block.emit((next) => () => {
      const value = registers[slot];
      if (!(value instanceof RegoArray) || value.length !== length) return false;
      const { items } = value;
      for (let index = 0; index < length; index++) registers[parts[index] as number] = items[index];
      return next();
    });
    matchAll(
      block,
      pattern.items.map((item, index) => [item, parts[index] as number]),
    );
    return;
  }
  if (pattern.kind === 'object') {
    matchObject(block, pattern, slot);
    return;
  }
  // A set binds nothing, and a variable in it that has no value equals nothing.
  fail(block, [pattern]);
}

/** What is bound comes first, so that patterns may use variables that their other parts bind. */
function matchAll(block: Block, parts: readonly (readonly [Term, number])[]): void {
  for (const [term, slot] of parts) match(block, term, slot);
}

function matchObject(block: Block, pattern: ObjectTerm, slot: number): void {
  const { registers } = block.machine;
  const size = pattern.pairs.length;
  const keys = pattern.pairs.map(([key]) => block.getter(key));
  const parts = pattern.pairs.map(() => block.frame.fresh());
  block.emit((next) => () => {
    const value = registers[slot];
    if (!(value instanceof RegoObject) || value.size !== size) return false;
    for (let index = 0; index < size; index++) {
      const member = value.get((keys[index] as Getter)());
      if (member === undefined) return false;
      registers[parts[index] as number] = member;
    }
    return next();
  });
  matchAll(
    block,
    pattern.pairs.map(([, term], index) => [term, parts[index] as number]),
  );
}

/** Binds a variable to what is in a register. */
export function bind(block: Block, name: string, slot: number): void {
  const target = block.frame.slot(name);
  block.bound.add(name);
  if (target === slot) return;
  const { registers } = block.machine;
  block.emit((next) => () => {
    registers[target] = registers[slot];
    return next();
  });
}

/** Emits `a = b` for terms without refs and comprehensions, in whichever direction variables can be bound. */
export function unifyTerms(block: Block, a: Term, b: Term): void {
  let pending: (readonly [Term, Term])[] = [[a, b]];
  while (pending.length > 0) {
    const left: (readonly [Term, Term])[] = [];
    for (const pair of pending) if (!unifyOne(block, pair[0], pair[1], left)) left.push(pair);
    if (left.length === pending.length && left.every((pair, index) => pair === pending[index])) {
      throw new UnboundError(pending.map(([x]) => (x.kind === 'var' ? x.name : x.kind)).join(', '));
    }
    pending = left;
  }
}

/** False when neither side can be read yet. */
function unifyOne(block: Block, a: Term, b: Term, more: (readonly [Term, Term])[]): boolean {
  const left = constantOf(a);
  const right = constantOf(b);
  if (left !== undefined && right !== undefined) {
    if (!equal(left, right)) block.emit(() => () => false);
    return true;
  }
  if (block.isBound(a)) {
    matchGetter(block, b, a);
    return true;
  }
  if (block.isBound(b)) {
    matchGetter(block, a, b);
    return true;
  }
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.items.length !== b.items.length) {
      fail(block, [a, b]);
      return true;
    }
    for (const [index, item] of a.items.entries()) {
      const pair = [item, b.items[index] as Term] as const;
      if (!unifyOne(block, pair[0], pair[1], more)) more.push(pair);
    }
    return true;
  }
  if (a.kind === 'object' && b.kind === 'object') {
    const others = new Map(b.pairs.map(([key, value]) => [constantKey(key), value]));
    if (a.pairs.length !== b.pairs.length) {
      fail(block, [a, b]);
      return true;
    }
    for (const [key, value] of a.pairs) {
      const other = others.get(constantKey(key));
      if (other === undefined) fail(block, [a, b]);
      else if (!unifyOne(block, value, other, more)) more.push([value, other]);
    }
    return true;
  }
  if (a.kind !== 'var' && b.kind !== 'var') {
    fail(block, [a, b]);
    return true;
  }
  return false;
}

function constantKey(term: Term): string {
  const value = constantOf(term);
  return value === undefined ? `var ${term.kind === 'var' ? term.name : ''}` : keyOf(value);
}

/** Nothing can be equal here. Variables count as bound, as nothing after this is ever run. */
function fail(block: Block, terms: readonly Term[]): void {
  block.emit(() => () => false);
  for (const term of terms) markBound(block, term);
}

function markBound(block: Block, term: Term): void {
  if (term.kind === 'var') block.bound.add(term.name);
  else if (term.kind === 'array' || term.kind === 'set')
    for (const item of term.items) markBound(block, item);
  else if (term.kind === 'object')
    for (const pair of term.pairs) for (const part of pair) markBound(block, part);
}

/** `pattern = source`, where the source can be read. */
function matchGetter(block: Block, pattern: Term, source: Term): void {
  const { registers } = block.machine;
  const slot = block.slotOf(source);
  if (slot !== undefined) {
    match(block, pattern, slot);
    return;
  }
  const get = block.getter(source);
  const target =
    pattern.kind === 'var' && !block.bound.has(pattern.name)
      ? block.frame.slot(pattern.name)
      : block.frame.fresh();
  block.emit((next) => () => {
    registers[target] = get();
    return next();
  });
  match(block, pattern, target);
}
