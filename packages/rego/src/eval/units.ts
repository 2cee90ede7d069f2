import type { Rule, Term } from '../ast/types.ts';
import type { CompiledRule, RuleNode } from '../compiler/rule-tree.ts';
import { hasDynamicPath } from '../compiler/rule-tree.ts';
import type { Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { CompleteUnit } from './complete-unit.ts';
import { FunctionUnit } from './function-unit.ts';
import { ObjectUnit } from './object-unit.ts';
import type { Plan } from './planner.ts';
import { SetUnit } from './set-unit.ts';

/** A virtual document or a function: all rules that make it. Rules become steps when it is first used. */
export interface Unit {
  /** The whole document; undefined when it has no value, and for functions. */
  value(): Value | undefined;
  /** Emits a ref to the document, whose terms from `at` on lead into it. */
  planRead(plan: Plan, block: Block, terms: readonly Term[], at: number, out: number): void;
}

/** Whether a rule adds a member to a set (`p contains x`). */
export function isMultiValue(rule: Rule): boolean {
  return rule.head.key !== undefined && rule.head.value === undefined;
}

/** The unit of a node of the rule tree; undefined for nodes that only lead to others. */
export function makeUnit(plan: Plan, node: RuleNode, path: readonly Value[], id: number): Unit | undefined {
  const { rules } = node;
  const first = rules[0];
  if (first === undefined) return undefined;
  if (first.head.args !== undefined && first.head.args.length > 0) return new FunctionUnit(plan, rules, id);
  if (rules.some(hasDynamicPath)) return new ObjectUnit(plan, extent(node), path.length + 1, id);
  if (isMultiValue(first)) return new SetUnit(plan, rules, id);
  return new CompleteUnit(plan, rules, id);
}

/** The rules at a node and below it. */
function extent(node: RuleNode): CompiledRule[] {
  const rules = [...node.rules];
  for (const child of node.children.values()) rules.push(...extent(child));
  return rules;
}
