import type { Body, Call, Expr, Ref, Term, With } from '../ast/types.ts';
import type { Builtin } from '../builtins/types.ts';
import type { Purity } from '../compiler/purity.ts';
import type { Quiet } from '../compiler/quiet.ts';
import type { RuleNode, RuleTree } from '../compiler/rule-tree.ts';
import { isEquality } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import { equal, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { planCall } from './calls.ts';
import { planComprehension } from './comprehensions.ts';
import type { Machine } from './machine.ts';
import { bind, match, unifyTerms } from './match.ts';
import { planRef } from './refs.ts';
import type { Unit } from './units.ts';
import { planWith } from './with.ts';

/** What turning bodies into steps needs to know about the whole policy. */
export interface Plan {
  readonly machine: Machine;
  readonly tree: RuleTree;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** The document or function whose rules stand at a node, or have it in their extent. */
  unitAt(node: RuleNode): Unit | undefined;
  /** Names of functions that some `with` replaces: their calls have to look. */
  readonly mocked: ReadonlySet<string>;
  readonly purity: Purity;
  readonly quiet: Quiet;
  /** A new place in the machine's caches. */
  nextId(): number;
  /** Whether some `with` replaces a part of `data`. */
  readonly masks: boolean;
}

export function planBody(plan: Plan, block: Block, body: Body): void {
  for (const expr of body) planExpr(plan, block, expr);
}

function planExpr(plan: Plan, block: Block, expr: Expr): void {
  if (expr.negated) {
    const inner = block.child();
    inner.anyOrder = plan.quiet.body([expr]);
    planModified(plan, inner, expr, expr.with);
    const test = inner.link(() => true);
    block.emit((next) => () => !test() && next());
    return;
  }
  planModified(plan, block, expr, expr.with);
}

function planModified(plan: Plan, block: Block, expr: Expr, modifiers: readonly With[]): void {
  if (modifiers.length === 0) planPlain(plan, block, expr);
  else planWith(plan, block, modifiers, (inner) => planPlain(plan, inner, expr));
}

function planPlain(plan: Plan, block: Block, expr: Expr): void {
  const { terms } = expr;
  switch (terms.kind) {
    case 'call':
      if (isEquality(expr) && terms.args.length === 2) planEquality(plan, block, terms);
      else planCall(plan, block, terms);
      return;
    case 'not': {
      const inner = block.child();
      inner.anyOrder = plan.quiet.body(terms.body);
      planBody(plan, inner, terms.body);
      const test = inner.link(() => true);
      block.emit((next) => () => !test() && next());
      return;
    }
    case 'logicalAnd':
    case 'logicalOr': {
      const [left, right] = [terms.lhs, terms.rhs].map((body) => {
        const inner = block.child();
        planBody(plan, inner, body);
        return inner.link(() => true);
      }) as [() => boolean, () => boolean];
      if (terms.kind === 'logicalAnd') block.emit((next) => () => left() && right() && next());
      else block.emit((next) => () => (left() || right()) && next());
      return;
    }
    case 'every':
      planEvery(plan, block, expr);
      return;
    case 'some':
      return;
    default:
      planTruth(plan, block, terms);
  }
}

/** A term as a statement: it must have a value, and not false. */
function planTruth(plan: Plan, block: Block, term: Term): void {
  const { registers } = block.machine;
  const slot = planTerm(plan, block, term);
  block.emit((next) => () => registers[slot] !== false && next());
}

/** Evaluates any term into a register. */
export function planTerm(plan: Plan, block: Block, term: Term): number {
  const { registers } = block.machine;
  const known = block.slotOf(term);
  if (known !== undefined) return known;
  const slot = block.frame.fresh();
  switch (term.kind) {
    case 'ref':
      planRef(plan, block, term, slot);
      return slot;
    case 'arrayComprehension':
    case 'setComprehension':
    case 'objectComprehension':
      planComprehension(plan, block, term, slot);
      return slot;
    default: {
      const get = block.getter(term);
      block.emit((next) => () => {
        registers[slot] = get();
        return next();
      });
      return slot;
    }
  }
}

function needsEvaluation(term: Term): boolean {
  return (
    term.kind === 'ref' ||
    term.kind === 'arrayComprehension' ||
    term.kind === 'setComprehension' ||
    term.kind === 'objectComprehension'
  );
}

function planEquality(plan: Plan, block: Block, call: Call): void {
  const [left, right] = call.args as [Term, Term];
  if (!needsEvaluation(left) && !needsEvaluation(right)) {
    unifyTerms(block, left, right);
    return;
  }
  // The side that binds variables comes last; a ref may bind some itself.
  const [source, pattern] = needsEvaluation(right) && !needsEvaluation(left) ? [right, left] : [left, right];
  if (pattern.kind === 'var' && !block.bound.has(pattern.name) && !varsOf([source]).has(pattern.name)) {
    const slot = block.frame.slot(pattern.name);
    planInto(plan, block, source, slot);
    block.bound.add(pattern.name);
    return;
  }
  if (needsEvaluation(pattern)) {
    const [first, second] =
      source.kind === 'ref' && !canStart(block, source) ? [pattern, source] : [source, pattern];
    const a = planTerm(plan, block, first);
    const b = planTerm(plan, block, second);
    const { registers } = block.machine;
    block.emit((next) => () => equal(registers[a] as Value, registers[b] as Value) && next());
    return;
  }
  match(block, pattern, planTerm(plan, block, source));
}

function canStart(block: Block, ref: Ref): boolean {
  const head = ref.terms[0] as Term;
  return head.kind !== 'var' || head.name === 'input' || head.name === 'data' || block.bound.has(head.name);
}

function planInto(plan: Plan, block: Block, term: Term, slot: number): void {
  if (term.kind === 'ref') planRef(plan, block, term, slot);
  else if (
    term.kind === 'arrayComprehension' ||
    term.kind === 'setComprehension' ||
    term.kind === 'objectComprehension'
  ) {
    planComprehension(plan, block, term, slot);
  }
}

function planEvery(plan: Plan, block: Block, expr: Expr): void {
  if (expr.terms.kind !== 'every') return;
  const { key, value, domain, body } = expr.terms;
  const { machine } = plan;
  const { registers } = machine;
  const source = planTerm(plan, block, domain);
  const inner = block.child();
  const keySlot = block.frame.fresh();
  const valueSlot = block.frame.fresh();
  if (key !== undefined) bind(inner, key.name, keySlot);
  bind(inner, value.name, valueSlot);
  planBody(plan, inner, body);
  const test = inner.link(() => true);
  const holds = (name: Value, member: Value): boolean => {
    machine.tick();
    registers[keySlot] = name;
    registers[valueSlot] = member;
    return test();
  };
  block.emit((next) => () => {
    const collection = registers[source] as Value;
    if (collection instanceof RegoArray) {
      const { items } = collection;
      for (let index = 0; index < items.length; index++)
        if (!holds(index, items[index] as Value)) return false;
    } else if (collection instanceof RegoSet) {
      for (const member of collection.values()) if (!holds(member, member)) return false;
    } else if (collection instanceof RegoObject) {
      for (const name of collection.keys()) if (!holds(name, collection.get(name) as Value)) return false;
    } else return false;
    return next();
  });
}
