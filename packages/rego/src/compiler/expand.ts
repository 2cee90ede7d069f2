import { termText } from '../ast/print.ts';
import type { Body, Call, Expr, Rule, Term, Var } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { markWithResult } from './marks.ts';
import {
  appendToBody,
  cloneTerm,
  containsRefOrComprehension,
  equalityExpr,
  isComprehension,
  isScalar,
  varTerm,
} from './tree.ts';

/**
 * Takes calls out of the terms they stand in, each into an expression of its own before it, so that what remains
 * of terms needs no evaluation of functions (stages RewriteExprTerms, RewriteComprehensionTerms, RewriteRefsInHead).
 */
export class Expander {
  readonly #context: CompilerContext;

  constructor(context: CompilerContext) {
    this.#context = context;
  }

  rule(rule: Rule): void {
    const { head } = rule;
    // Parts of the head's ref that are not constants or variables become variables.
    for (let index = 1; index < head.ref.length; index++) {
      const term = head.ref[index] as Term;
      if (term.kind === 'var' || isScalar(term)) continue;
      const variable = this.#bind(term);
      head.ref[index] = variable.local;
      rule.body = appendToBody(rule.body, [variable.expr]);
    }
    // The branches of a rule have the same parameters, and later stages change what they find.
    if (head.args !== undefined) head.args = head.args.map((arg) => this.#headTerm(rule, cloneTerm(arg)));
    if (head.key !== undefined) head.key = this.#headTerm(rule, head.key);
    if (head.value !== undefined) head.value = this.#headTerm(rule, head.value);
    rule.body = this.body(rule.body);
  }

  /** Takes refs and comprehensions out of a rule's head, after {@link Expander.rule}. */
  head(rule: Rule): void {
    const { head } = rule;
    if (head.key !== undefined) head.key = this.#evaluated(rule, head.key);
    if (head.value !== undefined) head.value = this.#evaluated(rule, head.value);
    if (head.args !== undefined) head.args = head.args.map((arg) => this.#evaluated(rule, arg));
  }

  #headTerm(rule: Rule, term: Term): Term {
    const support: Expr[] = [];
    const output = this.#term(term, support);
    rule.body = appendToBody(rule.body, support);
    return output;
  }

  #evaluated(rule: Rule, term: Term): Term {
    if (!containsRefOrComprehension(term)) return term;
    const { local, expr } = this.#bind(term);
    rule.body = appendToBody(rule.body, [expr]);
    return local;
  }

  #bind(term: Term): { local: Term; expr: Expr } {
    const local = varTerm(this.#context.freshVar(), term.location);
    return { local, expr: equalityExpr(local, term, term.location) };
  }

  body(body: Body): Body {
    const out: Expr[] = [];
    for (let index = 0; index < body.length; index++) this.#expr(body[index] as Expr, out);
    return out;
  }

  #expr(expr: Expr, out: Expr[]): void {
    if (expr.with.length > 0)
      for (const modifier of expr.with) modifier.value = this.#term(modifier.value, out);
    const support: Expr[] = [];
    const terms = expr.terms;
    switch (terms.kind) {
      case 'call':
        this.#args(terms.args, support);
        break;
      case 'every': {
        const local = varTerm(this.#context.freshVar(), terms.domain.location);
        const equality: Expr = {
          ...equalityExpr(local, terms.domain, terms.domain.location),
          with: expr.with,
        };
        terms.domain = local;
        this.#call(equality, support);
        support.push(equality);
        terms.body = this.body(terms.body);
        break;
      }
      case 'not':
        terms.body = this.body(terms.body);
        break;
      case 'logicalAnd':
      case 'logicalOr':
        terms.lhs = this.body(terms.lhs);
        terms.rhs = this.body(terms.rhs);
        break;
      case 'some':
        break;
      default:
        expr.terms = this.#term(terms, support);
    }
    for (let index = 0; index < support.length; index++) {
      const extra = support[index] as Expr;
      extra.with = expr.with;
      out.push(extra);
    }
    out.push(expr);
  }

  #call(expr: Expr, support: Expr[]): void {
    this.#args((expr.terms as Call).args, support);
  }

  #args(args: Term[], support: Expr[]): void {
    for (let index = 0; index < args.length; index++) args[index] = this.#term(args[index] as Term, support);
  }

  /**
   * The same array where nothing in it changes, as is mostly so. A loop and no `map`, which would put two frames more on
   * the stack for each level of a term.
   */
  #terms(terms: Term[], support: Expr[]): Term[] {
    let expanded = terms;
    for (let index = 0; index < terms.length; index++) {
      const term = terms[index] as Term;
      const own = this.#term(term, support);
      if (own === term) continue;
      if (expanded === terms) expanded = terms.slice();
      expanded[index] = own;
    }
    return expanded;
  }

  #term(term: Term, support: Expr[]): Term {
    switch (term.kind) {
      case 'call': {
        const args = this.#terms(term.args, support);
        const output = varTerm(this.#context.freshVar(), term.location);
        support.push(
          markWithResult({
            kind: 'expr',
            terms: { ...term, args: args.concat(output) },
            with: [],
            negated: false,
            index: 0,
            location: term.location,
          }),
        );
        return output;
      }
      case 'ref': {
        const first = term.terms[0];
        const call = first?.kind === 'call' ? termText(first) : undefined;
        let terms = this.#terms(term.terms, support);
        const head = terms[0] as Term;
        if (head.kind === 'array' || head.kind === 'object' || head.kind === 'set' || isComprehension(head)) {
          const { local, expr } = this.#bind(head);
          this.#context.subjects.set((local as Var).name, termText(head));
          support.push(expr);
          terms = [local, ...terms.slice(1)];
        }
        if (call !== undefined) this.#context.subjects.set((terms[0] as Var).name, call);
        return terms === term.terms ? term : { ...term, terms };
      }
      case 'array':
      case 'set': {
        const items = this.#terms(term.items, support);
        return items === term.items ? term : { ...term, items };
      }
      case 'object':
        return {
          ...term,
          pairs: term.pairs.map(([key, value]) => [this.#term(key, support), this.#term(value, support)]),
        };
      case 'arrayComprehension':
      case 'setComprehension': {
        const inner: Expr[] = [];
        const output = this.#term(term.term, inner);
        let body = this.body(appendToBody(term.body, inner));
        if (!containsRefOrComprehension(output)) return { ...term, term: output, body };
        const { local, expr } = this.#bind(output);
        body = appendToBody(body, [expr]);
        return { ...term, term: local, body };
      }
      case 'objectComprehension': {
        const inner: Expr[] = [];
        let key = this.#term(term.key, inner);
        let value = this.#term(term.value, inner);
        let body = this.body(appendToBody(term.body, inner));
        if (containsRefOrComprehension(key)) {
          const { local, expr } = this.#bind(key);
          key = local;
          body = appendToBody(body, [expr]);
        }
        if (containsRefOrComprehension(value)) {
          const { local, expr } = this.#bind(value);
          value = local;
          body = appendToBody(body, [expr]);
        }
        return { ...term, key, value, body };
      }
      default:
        return term;
    }
  }
}
