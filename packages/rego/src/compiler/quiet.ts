import type { Body, Rule } from '../ast/types.ts';
import type { Builtin } from '../builtins/types.ts';
import { constantOf } from './constants.ts';
import { rulesFor } from './recursion.ts';
import type { CompiledRule, RuleTree } from './rule-tree.ts';
import { isRootRef, operatorName, walk } from './tree.ts';

/** How far rules that use other rules are followed. */
const MAX_DEPTH = 50;

/**
 * Tells which bodies only ever find or do not find: evaluating them can neither end in a conflict nor be noticed
 * from outside. Where such a body only tests something or fills a set, the order of its loops cannot be seen, and
 * sets need not be sorted for it.
 */
export class Quiet {
  readonly #tree: RuleTree;
  readonly #builtins: ReadonlyMap<string, Builtin>;
  readonly #host: ReadonlySet<string>;
  readonly #rules = new Map<Rule, boolean>();
  #depth = 0;

  /** `host` names the functions of the host, of which nothing is known. */
  constructor(tree: RuleTree, builtins: ReadonlyMap<string, Builtin>, host: ReadonlySet<string>) {
    this.#tree = tree;
    this.#builtins = builtins;
    this.#host = host;
  }

  body(body: Body): boolean {
    for (const expr of body) {
      let quiet = true;
      walk(expr, (node) => {
        if (!quiet) return true;
        if (node.kind === 'with') quiet = false;
        else if (node.kind === 'objectComprehension') quiet = false;
        else if (node.kind === 'ref' && isRootRef(node, 'data')) {
          for (const rule of rulesFor(this.#tree, node)) quiet &&= this.#rule(rule);
        } else if (node.kind === 'call') quiet = this.#call(operatorName(node.operator) ?? '');
        return !quiet;
      });
      if (!quiet) return false;
    }
    return true;
  }

  /** Rules without values of their own to disagree on: members of sets, and `true`. */
  #rule(rule: CompiledRule): boolean {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    // Chains of rules may be longer than the stack is deep: those are not looked into to their end.
    this.#rules.set(rule, false);
    const { head } = rule;
    const plain =
      !rule.default &&
      rule.else === undefined &&
      (head.value === undefined ? true : constantOf(head.value) === true) &&
      rule.path.every((term) => constantOf(term) !== undefined || term === rule.path[0]);
    const quiet = plain && this.#depth < MAX_DEPTH && this.#below(rule.body);
    this.#rules.set(rule, quiet);
    return quiet;
  }

  #below(body: Body): boolean {
    this.#depth++;
    try {
      return this.body(body);
    } finally {
      this.#depth--;
    }
  }

  #call(name: string): boolean {
    const builtin = this.#builtins.get(name);
    if (builtin === undefined) return name.startsWith('data.');
    const { declaration } = builtin;
    return (
      declaration.nondeterministic !== true &&
      declaration.result !== undefined &&
      builtin.relation === undefined &&
      !this.#host.has(name) &&
      name !== 'trace' &&
      !name.startsWith('internal.t')
    );
  }
}
