import type { Body, Ref, Rule, Term } from '../ast/types.ts';
import { spend } from '../budget.ts';
import { keyOf } from '../values/index.ts';
import { constantOf } from './constants.ts';
import type { CompilerContext } from './context.ts';
import { pathText } from './rule-conflicts.ts';
import { type CompiledRule, type RuleNode, type RuleTree, walkTree } from './rule-tree.ts';
import { isRootRef, walk } from './tree.ts';

/** What depends on what. */
export interface RuleGraph {
  /** The rules, each after those that it depends on. */
  readonly sorted: readonly CompiledRule[];
  /** The rules a ref could name, and all that depend on them. */
  dependents(ref: Ref): readonly CompiledRule[];
}

/**
 * The rules that each rule refers to, in sets that all refs to the same share: a thousand rules that read a package of
 * a thousand are not a million edges.
 */
type Edges = ReadonlyMap<CompiledRule, readonly ReadonlySet<CompiledRule>[]>;

/** No rule may depend on itself (stages SetGraph and CheckRecursion). */
export function checkRecursion(
  tree: RuleTree,
  rules: readonly CompiledRule[],
  context: CompilerContext,
): RuleGraph {
  const edges = edgesOf(tree, rules);
  const sorted = sort(rules, edges, context);
  return { sorted, dependents: (ref) => dependentsOf(tree, sorted, edges, ref) };
}

function sort(rules: readonly CompiledRule[], edges: Edges, context: CompilerContext): CompiledRule[] {
  const sorted: CompiledRule[] = [];
  const state = new Map<CompiledRule, 'open' | 'done'>();
  const reported = new Set<CompiledRule>();
  for (const start of rules) {
    // Iterative depth-first search: policies may be deep.
    const stack: { rule: CompiledRule; rest: Iterator<CompiledRule> }[] = [];
    const enter = (rule: CompiledRule): void => {
      state.set(rule, 'open');
      stack.push({ rule, rest: needed(edges, rule) });
    };
    if (!state.has(start)) enter(start);
    while (stack.length > 0) {
      const top = stack.at(-1) as (typeof stack)[number];
      spend();
      const { value: next, done } = top.rest.next();
      if (done === true) {
        state.set(top.rule, 'done');
        sorted.push(top.rule);
        stack.pop();
        continue;
      }
      const known = state.get(next);
      if (known === undefined) enter(next);
      else if (known === 'open' && !context.full) {
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

function* needed(edges: Edges, rule: CompiledRule): Generator<CompiledRule> {
  for (const targets of edges.get(rule) ?? []) yield* targets;
}

/** `sorted` has each rule after those that it depends on, so that one pass finds all. */
function dependentsOf(
  tree: RuleTree,
  sorted: readonly CompiledRule[],
  edges: Edges,
  ref: Ref,
): readonly CompiledRule[] {
  const found = isRootRef(ref, 'data') ? rulesFor(tree, ref) : new Set<CompiledRule>();
  if (found.size === 0) return [];
  for (const rule of sorted) {
    spend();
    if (!found.has(rule) && edges.get(rule)?.some((targets) => !targets.isDisjointFrom(found)))
      found.add(rule);
  }
  return [...found];
}

function edgesOf(tree: RuleTree, rules: readonly CompiledRule[]): Edges {
  const known = new Map<string, ReadonlySet<CompiledRule>>();
  const edges = new Map<CompiledRule, readonly ReadonlySet<CompiledRule>[]>();
  for (const rule of rules) {
    if (!rule.uses.documents) continue;
    const targets = new Set<ReadonlySet<CompiledRule>>();
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      for (const ref of refsOf(branch.body)) {
        const name = ref.terms.map(nameInPath).join();
        let found = known.get(name);
        if (found === undefined) {
          found = rulesFor(tree, ref);
          known.set(name, found);
        }
        if (found.size > 0) targets.add(found);
      }
    }
    edges.set(rule, [...targets]);
  }
  return edges;
}

/** A text that two parts of refs share when they lead to the same rules. */
function nameInPath(term: Term): string {
  const key = constantOf(term);
  return key === undefined ? '_' : keyOf(key);
}

function refsOf(body: Body): Ref[] {
  const refs: Ref[] = [];
  for (const expr of body) {
    walk(expr, (node) => {
      if (node.kind === 'ref' && isRootRef(node as Term, 'data')) refs.push(node);
      return false;
    });
  }
  return refs;
}

/** The rules a ref may need: what stands on its way, and all below its end. */
export function rulesFor(tree: RuleTree, ref: Ref): Set<CompiledRule> {
  const found = new Set<CompiledRule>();
  const collect = (node: RuleNode, at: number): void => {
    spend();
    const term = ref.terms[at];
    if (term === undefined) {
      walkTree(node, (inner) => {
        spend(1 + inner.rules.length);
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
