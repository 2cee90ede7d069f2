import type { Body, Rule, Term } from '../ast/types.ts';
import type { Builtin } from '../builtins/types.ts';
import { rulesFor } from './recursion.ts';
import type { CompiledRule, RuleTree } from './rule-tree.ts';
import { isRootRef, operatorName, walk } from './tree.ts';

/**
 * Tells which bodies give the same at every evaluation of a policy: those that see base documents and constants,
 * and neither input nor clocks nor the host. Their documents are made once per policy.
 */
export class Purity {
  readonly #tree: RuleTree;
  readonly #builtins: ReadonlyMap<string, Builtin>;
  readonly #host: ReadonlySet<string>;
  readonly #rules = new Map<Rule, boolean>();

  /**
   * `sorted` are the rules, each after those that it depends on; `host` names the functions of the host, of which
   * nothing is known.
   */
  constructor(
    tree: RuleTree,
    sorted: readonly CompiledRule[],
    builtins: ReadonlyMap<string, Builtin>,
    host: ReadonlySet<string>,
  ) {
    this.#tree = tree;
    this.#builtins = builtins;
    this.#host = host;
    // Dependencies first: chains of rules may be longer than the stack is deep.
    for (const rule of sorted) this.#rule(rule);
  }

  rules(rules: readonly CompiledRule[]): boolean {
    return rules.every((rule) => this.#rule(rule));
  }

  #rule(rule: CompiledRule): boolean {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    // There is no recursion, so this value is never seen.
    this.#rules.set(rule, false);
    let pure = true;
    for (let branch: Rule | undefined = rule; branch !== undefined && pure; branch = branch.else) {
      pure = this.body(branch.body);
    }
    this.#rules.set(rule, pure);
    return pure;
  }

  body(body: Body): boolean {
    let pure = true;
    for (const expr of body) {
      walk(expr, (node) => {
        if (!pure) return true;
        if (node.kind === 'with') pure = false;
        else if (node.kind === 'ref') pure = this.#ref(node);
        else if (node.kind === 'call') pure = this.#call(operatorName(node.operator) ?? '');
        return !pure;
      });
      if (!pure) return false;
    }
    return true;
  }

  #ref(ref: Term & { kind: 'ref' }): boolean {
    if (isRootRef(ref, 'input')) return false;
    if (!isRootRef(ref, 'data')) return true;
    for (const rule of rulesFor(this.#tree, ref)) if (!this.#rule(rule)) return false;
    return true;
  }

  #call(name: string): boolean {
    const builtin = this.#builtins.get(name);
    if (builtin === undefined) return name.startsWith('data.');
    const { declaration } = builtin;
    return (
      declaration.nondeterministic !== true &&
      declaration.result !== undefined &&
      !this.#host.has(name) &&
      name !== 'trace'
    );
  }
}
