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
  if (plan.masks && plan.machine.isMasked(path)) return base === undefined ? new RegoObject() : base;
  const document = new RegoObject();
  if (base instanceof RegoObject) for (const key of base.keys()) document.set(key, base.get(key) as Value);
  for (const child of node.children.values()) {
    if (child.hidden) continue;
    const below = base instanceof RegoObject ? base.get(child.key) : undefined;
    const childPath = [...path, child.key];
    if (plan.masks && plan.machine.isMasked(childPath)) continue;
    const unit = plan.unitAt(child);
    const value = unit === undefined ? documentAt(plan, child, childPath, below) : unit.value();
    if (value !== undefined) document.set(child.key, below === undefined ? value : merge(below, value));
  }
  return document;
}

/** Base documents and rules at one place: objects are merged, otherwise the base document stays. */
function merge(base: Value, virtual: Value): Value {
  if (!(base instanceof RegoObject) || !(virtual instanceof RegoObject)) return base;
  const merged = new RegoObject();
  for (const key of base.keys()) merged.set(key, base.get(key) as Value);
  for (const key of virtual.keys()) {
    const member = virtual.get(key) as Value;
    const below = base.get(key);
    merged.set(key, below === undefined ? member : merge(below, member));
  }
  return merged;
}
