import type { Body, Ref, Rule, Term } from '../ast/types.ts';
import { keyOf } from '../values/index.ts';
import { constantOf } from './constants.ts';
import type { CompilerContext } from './context.ts';
import { pathText } from './rule-conflicts.ts';
import { type CompiledRule, type RuleNode, type RuleTree, walkTree } from './rule-tree.ts';
import { isRootRef, isWith, walk } from './tree.ts';

/** What depends on what. */
export interface RuleGraph {
  /** The rules, each after those that it depends on. */
  readonly sorted: readonly CompiledRule[];
  /** The rules a ref could name, and all that depend on them. */
  dependents(ref: Ref): readonly CompiledRule[];
}

/** No rule may depend on itself (stages SetGraph and CheckRecursion). */
export function checkRecursion(
  tree: RuleTree,
  rules: readonly CompiledRule[],
  context: CompilerContext,
): RuleGraph {
  const edges = new Map<CompiledRule, ReadonlySet<CompiledRule>>();
  for (const rule of rules) edges.set(rule, dependencies(tree, rule));
  return { sorted: sort(rules, edges, context), dependents: (ref) => dependentsOf(tree, edges, ref) };
}

function sort(
  rules: readonly CompiledRule[],
  edges: ReadonlyMap<CompiledRule, ReadonlySet<CompiledRule>>,
  context: CompilerContext,
): CompiledRule[] {
  const sorted: CompiledRule[] = [];
  const state = new Map<CompiledRule, 'open' | 'done'>();
  const reported = new Set<CompiledRule>();
  for (const start of rules) {
    // Iterative depth-first search: policies may be deep.
    const stack: { rule: CompiledRule; rest: Iterator<CompiledRule> }[] = [];
    const enter = (rule: CompiledRule): void => {
      state.set(rule, 'open');
      stack.push({ rule, rest: (edges.get(rule) as ReadonlySet<CompiledRule>).values() });
    };
    if (!state.has(start)) enter(start);
    while (stack.length > 0) {
      const top = stack.at(-1) as (typeof stack)[number];
      const { value: next, done } = top.rest.next();
      if (done === true) {
        state.set(top.rule, 'done');
        sorted.push(top.rule);
        stack.pop();
        continue;
      }
      const known = state.get(next);
      if (known === undefined) enter(next);
      else if (known === 'open') {
        const from = stack.findIndex((entry) => entry.rule === next);
        const cycle = stack.slice(from).map((entry) => entry.rule);
        for (const rule of cycle) {
          if (reported.has(rule)) continue;
          reported.add(rule);
          const at = cycle.indexOf(rule);
          const names = [...cycle.slice(at), ...cycle.slice(0, at), rule].map((member) =>
            pathText(member.path, context),
          );
          const name = pathText(rule.path, context);
          context.report(
            'rego_recursion_error',
            rule.location,
            `rule ${name} is recursive: ${names.join(' -> ')}`,
          );
        }
      }
    }
  }
  return sorted;
}

function dependentsOf(
  tree: RuleTree,
  edges: ReadonlyMap<CompiledRule, ReadonlySet<CompiledRule>>,
  ref: Ref,
): readonly CompiledRule[] {
  const found = isRootRef(ref, 'data') ? rulesFor(tree, ref) : new Set<CompiledRule>();
  if (found.size === 0) return [];
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [rule, needed] of edges)
      if (!found.has(rule) && !needed.isDisjointFrom(found)) found.add(rule);
  }
  return [...found];
}

function dependencies(tree: RuleTree, rule: CompiledRule): Set<CompiledRule> {
  const found = new Set<CompiledRule>();
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
    for (const ref of refsOf(branch.body)) for (const target of rulesFor(tree, ref)) found.add(target);
  }
  return found;
}

function refsOf(body: Body): Ref[] {
  const refs: Ref[] = [];
  for (const expr of body) {
    walk(expr, (node) => {
      if (!isWith(node) && node.kind === 'ref' && isRootRef(node as Term, 'data')) refs.push(node);
      return false;
    });
  }
  return refs;
}

/** The rules a ref may need: what stands on its way, and all below its end. */
export function rulesFor(tree: RuleTree, ref: Ref): Set<CompiledRule> {
  const found = new Set<CompiledRule>();
  const collect = (node: RuleNode, at: number): void => {
    const term = ref.terms[at];
    if (term === undefined) {
      walkTree(node, (inner) => {
        for (const rule of inner.rules) found.add(rule);
      });
      return;
    }
    const key = constantOf(term);
    if (key === undefined) {
      for (const child of node.children.values()) {
        if (child.hidden) continue;
        for (const rule of child.rules) found.add(rule);
        collect(child, at + 1);
      }
      return;
    }
    const child = node.children.get(keyOf(key));
    if (child === undefined) return;
    for (const rule of child.rules) found.add(rule);
    collect(child, at + 1);
  };
  collect(tree.root, 1);
  return found;
}
