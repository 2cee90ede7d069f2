import type { Ref, Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import type { RuleNode } from '../compiler/rule-tree.ts';
import { keyOf, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { documentAt } from './documents.ts';
import { baseAt, lookup, lookupPath } from './lookup.ts';
import { bind, match } from './match.ts';
import type { Plan } from './planner.ts';

/** Emits the evaluation of a ref into a register, binding the unbound variables in it. */
export function planRef(plan: Plan, block: Block, ref: Ref, out: number): void {
  const head = ref.terms[0] as Term;
  const { machine } = plan;
  const { registers } = machine;
  if (head.kind === 'var' && head.name === 'data' && !block.bound.has('data')) {
    planData(plan, block, plan.tree.root, [], ref.terms, 1, out);
    return;
  }
  if (head.kind === 'var' && head.name === 'input' && !block.bound.has('input')) {
    const { path, rest } = constantPath(ref.terms, 1);
    if (path.length === 1) {
      const key = path[0] as Value;
      block.emit((next) => () => {
        const value = lookup(machine.input, key);
        if (value === undefined) return false;
        registers[out] = value;
        return next();
      });
    } else {
      block.emit((next) => () => {
        const value = lookupPath(machine.input, path);
        if (value === undefined) return false;
        registers[out] = value;
        return next();
      });
    }
    planPath(plan, block, ref.terms, rest, out, out);
    return;
  }
  const slot = block.slotOf(head);
  if (slot !== undefined) {
    planPath(plan, block, ref.terms, 1, slot, out);
    return;
  }
  const get = block.getter(head);
  block.emit((next) => () => {
    registers[out] = get();
    return next();
  });
  planPath(plan, block, ref.terms, 1, out, out);
}

/** The constant keys from `at` on, and where they end. */
function constantPath(terms: readonly Term[], at: number): { path: Value[]; rest: number } {
  const path: Value[] = [];
  let rest = at;
  for (; rest < terms.length; rest++) {
    const value = constantOf(terms[rest] as Term);
    if (value === undefined) break;
    path.push(value);
  }
  return { path, rest };
}

/** Emits the rest of a ref over a value which is in a register. `from` and `out` may be the same. */
export function planPath(
  plan: Plan,
  block: Block,
  terms: readonly Term[],
  at: number,
  from: number,
  out: number,
): void {
  const { registers } = plan.machine;
  let source = from;
  for (let index = at; index < terms.length; ) {
    const { path, rest } = constantPath(terms, index);
    const target =
      rest === terms.length || (path.length === 0 && index + 1 === terms.length) ? out : block.frame.fresh();
    if (path.length > 0) {
      const start = source;
      if (path.length === 1) emitMember(block, path[0] as Value, start, target);
      else
        block.emit((next) => () => {
          const value = lookupPath(registers[start], path);
          if (value === undefined) return false;
          registers[target] = value;
          return next();
        });
      index = rest;
    } else {
      planKey(plan, block, terms[index] as Term, source, target);
      index++;
    }
    source = target;
  }
  if (source === out) return;
  const last = source;
  block.emit((next) => () => {
    registers[out] = registers[last];
    return next();
  });
}

/** One constant key: the commonest step of all. */
function emitMember(block: Block, key: Value, from: number, out: number): void {
  const { registers } = block.machine;
  block.emit((next) => () => {
    const collection = registers[from];
    const value = collection instanceof RegoObject ? collection.get(key) : lookup(collection, key);
    if (value === undefined) return false;
    registers[out] = value;
    return next();
  });
}

/** Emits `registers[out] = registers[from][key]`: one lookup when the key is bound, else a loop. */
function planKey(plan: Plan, block: Block, key: Term, from: number, out: number): void {
  const { registers } = plan.machine;
  if (block.isBound(key)) {
    const slot = block.slotOf(key);
    if (slot !== undefined) {
      block.emit((next) => () => {
        const value = lookup(registers[from], registers[slot] as Value);
        if (value === undefined) return false;
        registers[out] = value;
        return next();
      });
      return;
    }
    const get = block.getter(key);
    block.emit((next) => () => {
      const value = lookup(registers[from], get());
      if (value === undefined) return false;
      registers[out] = value;
      return next();
    });
    return;
  }
  const keySlot = key.kind === 'var' ? block.frame.slot(key.name) : block.frame.fresh();
  emitLoop(plan, block, from, keySlot, out);
  if (key.kind === 'var') bind(block, key.name, keySlot);
  else match(block, key, keySlot);
}

/** Loops over the members of what is in a register. */
function emitLoop(plan: Plan, block: Block, from: number, key: number, out: number): void {
  const { machine } = plan;
  const { registers } = machine;
  const { anyOrder } = block;
  block.loops = true;
  block.emit((next) => () => {
    const collection = registers[from];
    if (collection instanceof RegoArray) {
      const { items } = collection;
      for (let index = 0; index < items.length; index++) {
        machine.tick();
        registers[key] = index;
        registers[out] = items[index];
        if (next()) return true;
      }
    } else if (collection instanceof RegoSet) {
      const members = anyOrder && machine.anyOrder ? collection.unordered() : collection.values();
      for (const member of members) {
        machine.tick();
        registers[key] = member;
        registers[out] = member;
        if (next()) return true;
      }
    } else if (collection instanceof RegoObject) {
      for (const name of collection.keys()) {
        machine.tick();
        registers[key] = name;
        registers[out] = collection.get(name);
        if (next()) return true;
      }
    }
    return false;
  });
}

/** Emits a ref into `data`, from a node of the rule tree on. `prefix` is the path to the node. */
function planData(
  plan: Plan,
  block: Block,
  start: RuleNode,
  prefix: readonly Value[],
  terms: readonly Term[],
  at: number,
  out: number,
): void {
  let node = start;
  let index = at;
  const path = [...prefix];
  for (; index < terms.length; index++) {
    if (plan.unitAt(node) !== undefined) break;
    const key = constantOf(terms[index] as Term);
    if (key === undefined) break;
    const child = node.children.get(keyOf(key));
    path.push(key);
    if (child === undefined) {
      planBase(plan, block, path, terms, index + 1, out);
      return;
    }
    node = child;
  }
  const whole = index === terms.length;
  planMasked(plan, block, path, terms, index, out, (inner) => {
    const unit = plan.unitAt(node);
    if (unit !== undefined) unit.planRead(plan, inner, terms, index, out);
    else if (whole) planDocument(plan, inner, node, path, out);
    else planBranches(plan, inner, node, path, terms, index, out);
  });
}

/** A path with no rules on it. */
function planBase(
  plan: Plan,
  block: Block,
  prefix: readonly Value[],
  terms: readonly Term[],
  at: number,
  out: number,
): void {
  const { machine } = plan;
  const { registers } = machine;
  const { path: more, rest } = constantPath(terms, at);
  const path = [...prefix, ...more];
  // Base documents change only under `with`.
  const original = machine.data;
  const constant = baseAt(original, path);
  block.emit((next) => () => {
    const value = machine.data === original ? constant : baseAt(machine.data, path);
    if (value === undefined) return false;
    registers[out] = value;
    return next();
  });
  planPath(plan, block, terms, rest, out, out);
}

/** Rules do not count where `with` replaces the document that they make. */
function planMasked(
  plan: Plan,
  block: Block,
  path: readonly Value[],
  terms: readonly Term[],
  at: number,
  out: number,
  virtual: (inner: Block) => void,
): void {
  const { machine } = plan;
  if (!plan.masks || path.length === 0) {
    virtual(block);
    return;
  }
  const replaced = block.child();
  planBase(plan, replaced, path, terms, at, out);
  const inner = block.child();
  virtual(inner);
  for (const name of inner.bound) block.bound.add(name);
  block.emit((next) => {
    const base = replaced.link(next);
    const main = inner.link(next);
    return () => (machine.mask !== undefined && machine.isMasked(path) ? base() : main());
  });
}

/** A whole subtree of `data`: rules and base documents together. */
function planDocument(plan: Plan, block: Block, node: RuleNode, path: readonly Value[], out: number): void {
  const { machine } = plan;
  const { registers } = machine;
  block.emit((next) => () => {
    registers[out] = documentAt(plan, node, path, lookupPath(machine.data, path));
    return next();
  });
}

/** A key that is not constant at a node which has children: each child goes its own way, base members another. */
function planBranches(
  plan: Plan,
  block: Block,
  node: RuleNode,
  path: readonly Value[],
  terms: readonly Term[],
  at: number,
  out: number,
): void {
  const { machine } = plan;
  const { registers } = machine;
  const key = terms[at] as Term;
  const bound = block.isBound(key);
  const keySlot = block.frame.fresh();
  const inner = block.child();
  if (bound) {
    const get = block.getter(key);
    block.emit((next) => () => {
      registers[keySlot] = get();
      return next();
    });
  } else match(inner, key, keySlot);
  const branches = [...node.children.entries()].map(([name, child]) => {
    const branch = inner.child();
    planData(plan, branch, child, [...path, child.key], terms, at + 1, out);
    return { name, child, branch };
  });
  const baseSlot = block.frame.fresh();
  const base = inner.child();
  planPath(plan, base, terms, at + 1, baseSlot, out);
  for (const name of base.bound) block.bound.add(name);
  block.emit((next) => {
    const steps = new Map(
      branches.map(({ name, child, branch }) => [name, { child, step: link2(inner, branch, next) }] as const),
    );
    const baseStep = link2(inner, base, next);
    const go = (keyValue: Value): boolean => {
      registers[keySlot] = keyValue;
      const known = steps.get(keyOf(keyValue));
      if (known !== undefined) return known.step();
      const member = lookup(lookupPath(machine.data, path), keyValue);
      if (member === undefined) return false;
      registers[baseSlot] = member;
      return baseStep();
    };
    if (bound) return () => go(registers[keySlot] as Value);
    return () => {
      const keys = new RegoSet();
      for (const { child } of steps.values()) if (!child.hidden) keys.add(child.key);
      const own = lookupPath(machine.data, path);
      if (own instanceof RegoObject) for (const name of own.keys()) keys.add(name);
      for (const name of keys.values()) {
        machine.tick();
        if (go(name)) return true;
      }
      return false;
    };
  });
}

function link2(first: Block, second: Block, next: () => boolean): () => boolean {
  return first.link(second.link(next));
}
