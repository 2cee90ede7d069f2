import type { Module, Ref, Rule, Term } from '../ast/types.ts';
import { keyOf, type Value } from '../values/index.ts';
import { constantOf } from './constants.ts';
import type { Uses } from './resolve.ts';
import { isScalar } from './tree.ts';

/** A place in the tree of virtual documents: what has rules at `data.a.b`, and below. */
export interface RuleNode {
  readonly key: Value;
  readonly rules: CompiledRule[];
  readonly children: Map<string, RuleNode>;
  /** `data.system` is not seen by those who look over all of `data`. */
  hidden: boolean;
}

/** What a rule needs of its module; the rules as parsed are not kept. */
export type ModuleHeader = Omit<Module, 'rules' | 'comments'>;

/** A rule with where it comes from. */
export interface CompiledRule extends Rule {
  readonly module: ModuleHeader;
  readonly uses: Uses;
  /** The whole ref from `data` on. */
  path: Term[];
}

/** Whether there may be comprehensions in a rule, written or made of its template strings and prints. */
export function mayHaveComprehensions({ uses }: CompiledRule): boolean {
  return uses.comprehensions || uses.templates;
}

/** Whether anything in a rule has variables of its own: a comprehension or a body within an expression. */
export function mayHaveClosures(rule: CompiledRule): boolean {
  return rule.uses.bodies || mayHaveComprehensions(rule);
}

export class RuleTree {
  readonly root: RuleNode = { key: 'data', rules: [], children: new Map(), hidden: false };

  add(rule: CompiledRule): void {
    const prefix = groundPrefix(rule.path);
    this.#node(prefix).rules.push(rule);
  }

  /** Makes the node of a package that has no rules. */
  addPackage(path: readonly Term[]): void {
    this.#node(path.slice(1).map((term) => constantOf(term) as Value));
  }

  find(ref: Ref): RuleNode | undefined {
    let node: RuleNode | undefined = this.root;
    for (const term of ref.terms.slice(1)) {
      const value = constantOf(term);
      node = value === undefined ? undefined : node.children.get(keyOf(value));
      if (node === undefined) return undefined;
    }
    const head = ref.terms[0];
    return head?.kind === 'var' && head.name === 'data' ? node : undefined;
  }

  rulesAt(ref: Ref): readonly CompiledRule[] {
    return this.find(ref)?.rules ?? [];
  }

  #node(path: readonly Value[]): RuleNode {
    let node = this.root;
    for (const key of path) {
      const name = keyOf(key);
      let child = node.children.get(name);
      if (child === undefined) {
        child = { key, rules: [], children: new Map(), hidden: node === this.root && key === 'system' };
        node.children.set(name, child);
      }
      node = child;
    }
    return node;
  }
}

/** The constant terms a rule's path begins with, `data` left out. */
export function groundPrefix(path: readonly Term[]): Value[] {
  const prefix: Value[] = [];
  for (let index = 1; index < path.length; index++) {
    // Composite keys become variables, so a path is only ever followed through scalars.
    const term = path[index] as Term;
    if (!isScalar(term)) break;
    prefix.push(constantOf(term) as Value);
  }
  return prefix;
}

export function hasDynamicPath({ path }: CompiledRule): boolean {
  for (let index = 1; index < path.length; index++) if (!isScalar(path[index] as Term)) return true;
  return false;
}

/** Calls `visit` on a node and those below it, in the order of keys. */
export function walkTree(node: RuleNode, visit: (node: RuleNode) => void): void {
  visit(node);
  for (const child of node.children.values()) walkTree(child, visit);
}
