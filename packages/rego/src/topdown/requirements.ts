import type { RuleNode } from '../compiler/rule-tree.ts';
import type { Bindings } from './bindings.ts';
import type { Program } from './program.ts';
import type { Saving } from './saving.ts';
import {
  type Body,
  type Expression,
  isVar,
  type RefTerm,
  type Term,
  type TracedRule,
  varTerm,
} from './terms.ts';

/** Tells what cannot be evaluated yet, since something unknown has a part in it (`saveRequired` of OPA). */
export class Requirements {
  readonly #program: Program;
  readonly #saving: Saving;

  constructor(program: Program, saving: Saving) {
    this.#program = program;
    this.#saving = saving;
  }

  ofTerms(terms: readonly Term[], bindings: Bindings): boolean {
    return terms.some((term) => this.#term(term, bindings, false));
  }

  ofBody(body: Body, bindings: Bindings): boolean {
    return body.some((expr) => this.#expression(expr, bindings, false));
  }

  #expression({ terms, with: modifiers }: Expression, bindings: Bindings, inRule: boolean): boolean {
    if (modifiers.length > 0) return true;
    const term = (part: Term): boolean => this.#term(part, bindings, inRule);
    const body = (exprs: Body): boolean => exprs.some((expr) => this.#expression(expr, bindings, inRule));
    switch (terms.kind) {
      case 'call': {
        const builtin = this.#program.compiled.options.builtins.get(terms.name);
        // Some answers are only good when the result is used.
        if (builtin?.declaration.nondeterministic === true && !this.#saving.nondeterministic) return true;
        return term(terms.operator) || terms.args.some(term);
      }
      case 'term':
        return term(terms.term);
      case 'every':
        return term(terms.domain) || term(terms.key) || term(terms.value) || body(terms.body);
      case 'not':
        return body(terms.body);
      default:
        return body(terms.lhs) || body(terms.rhs);
    }
  }

  #term(term: Term, bindings: Bindings, inRule: boolean): boolean {
    const inner = (part: Term): boolean => this.#term(part, bindings, inRule);
    switch (term.kind) {
      case 'value':
        return false;
      case 'var':
        return !inRule && this.#saving.containsWithin(term, bindings);
      case 'ref':
        return this.#ref(term, bindings, inRule) || term.terms.some(inner);
      case 'array':
      case 'set':
        return term.items.some(inner);
      case 'object':
        return term.pairs.flat().some(inner);
      default:
        return (
          inner(term.term) ||
          (term.key !== undefined && inner(term.key)) ||
          term.body.some((expr) => this.#expression(expr, bindings, inRule))
        );
    }
  }

  #ref(ref: RefTerm, bindings: Bindings, inRule: boolean): boolean {
    if (this.#saving.contains(ref, bindings)) return true;
    const end = ref.terms.findIndex((term, index) => index > 0 && term.kind !== 'value');
    if (this.#saving.isDisabled(end < 0 ? ref.terms : ref.terms.slice(0, end), true)) return true;
    if (!isVar(ref.terms[0], 'data')) return false;
    const path = ref.terms.slice(1).map((term) => {
      if (term.kind !== 'var' || inRule) return term;
      const plugged = bindings.plug(varTerm(term.name));
      return plugged.kind === 'value' ? plugged : term;
    });
    return this.#below(this.#program.compiled.tree.root, path, bindings);
  }

  #below(node: RuleNode, [key, ...rest]: readonly Term[], bindings: Bindings): boolean {
    const children =
      key?.kind === 'value'
        ? [this.#program.child(node, key.value)]
        : [...node.children.values()].filter(({ hidden }) => !hidden);
    for (const child of children) {
      if (child === undefined) continue;
      if (child.rules.some((rule) => this.#rule(this.#program.rule(rule), bindings))) return true;
      if (this.#below(child, rest, bindings)) return true;
    }
    return false;
  }

  #rule(rule: TracedRule, bindings: Bindings): boolean {
    for (let branch: TracedRule | undefined = rule; branch !== undefined; branch = branch.else) {
      if (branch.body.some((expr) => this.#expression(expr, bindings, true))) return true;
    }
    return false;
  }
}
