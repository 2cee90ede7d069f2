import type { Rule, Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import { equal, type Value } from '../values/index.ts';
import { Block, Frame, lazily } from './block.ts';
import { conflict } from './faults.ts';
import type { Step } from './machine.ts';
import { match } from './match.ts';
import { type Plan, planBody } from './planner.ts';

/** A rule and its `else` branches. */
export interface Chain {
  readonly branches: readonly Step[];
}

/** A value that several rules must agree on. */
export class Outcome {
  value: Value | undefined = undefined;
  /** Whether the branch under way made a value. */
  produced = false;
}

/**
 * Turns a single-valued rule with its branches into steps which put the value into `outcome`. Loops stop at the
 * first value where all that could follow would be the same.
 */
export function planChain(
  plan: Plan,
  rule: CompiledRule,
  outcome: Outcome,
  message: string,
  enter: (block: Block, branch: Rule) => void,
): Chain {
  const branches: Step[] = [];
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
    const current = branch;
    branches.push(lazily(() => planBranch(plan, current, outcome, message, enter)));
  }
  return { branches };
}

function planBranch(
  plan: Plan,
  branch: Rule,
  outcome: Outcome,
  message: string,
  enter: (block: Block, branch: Rule) => void,
): Step {
  const block = new Block(new Frame(plan.machine));
  enter(block, branch);
  const term: Term = branch.head.value ?? { kind: 'boolean', value: true, location: branch.location };
  const enough = constantOf(term) !== undefined;
  block.anyOrder = enough && plan.quiet.body(branch.body);
  planBody(plan, block, branch.body);
  const get = block.getter(term);
  const { location } = branch.head;
  return block.link(() => {
    outcome.produced = true;
    const value = get();
    if (outcome.value === undefined) outcome.value = value;
    else if (!equal(outcome.value, value)) throw conflict(message, location);
    return enough;
  });
}

export function runChain(chain: Chain, outcome: Outcome): void {
  for (const branch of chain.branches) {
    outcome.produced = false;
    branch();
    if (outcome.produced) return;
  }
}

/** The value that all rules have in common, if it is the same constant for all. */
export function commonValue(rules: readonly Rule[]): Value | undefined {
  let common: Value | undefined;
  for (const rule of rules) {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      const value = branch.head.value === undefined ? true : constantOf(branch.head.value);
      if (value === undefined || (common !== undefined && !equal(common, value))) return undefined;
      common = value;
    }
  }
  return common;
}

/** Binds parameters to the registers of arguments. */
export function bindParameters(block: Block, rule: Rule, slots: readonly number[]): void {
  for (const [index, parameter] of (rule.head.args ?? []).entries())
    match(block, parameter, slots[index] as number);
}
