import type { RuleNode } from '../compiler/rule-tree.ts';
import { RegoObject, type Value } from '../values/index.ts';
import type { Plan } from './planner.ts';

/** The whole document at a node of the rule tree: what rules say, over what `data` holds. */
export function documentAt(
  plan: Plan,
  node: RuleNode,
  path: readonly Value[],
  base: Value | undefined,
): Value {
  if (plan.masks && plan.machine.isMasked(path)) return base ?? new RegoObject();
  const document = new RegoObject();
  if (base instanceof RegoObject) for (const key of base.keys()) document.set(key, base.get(key) as Value);
  for (const child of node.children.values()) {
    if (child.hidden) continue;
    const below = base instanceof RegoObject ? base.get(child.key) : undefined;
    const childPath = [...path, child.key];
    if (plan.masks && plan.machine.isMasked(childPath)) continue;
    const unit = plan.unitAt(child);
    const value = unit === undefined ? documentAt(plan, child, childPath, below) : unit.value();
    if (value !== undefined) document.set(child.key, value);
  }
  return document;
}
