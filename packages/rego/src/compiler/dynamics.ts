import type { Body, Call, Expr, Term } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { equalityExpr, isCallTo, isComprehension, isEquality, refTo, varTerm } from './tree.ts';

/**
 * Binds refs and comprehensions inside other terms to variables before the expression they stand in, and makes
 * `==` a unification (stages RewriteEquals, RewriteDynamicTerms). After it, refs and comprehensions stand only as
 * a side of an equality or as a whole expression.
 */
export class Dynamics {
  readonly #context: CompilerContext;
  /** Queries keep `==`, whose result may be false. */
  readonly #equals: boolean;

  constructor(context: CompilerContext, equals: boolean) {
    this.#context = context;
    this.#equals = equals;
  }

  body(body: Body): Body {
    const out: Expr[] = [];
    for (let index = 0; index < body.length; index++) this.#expr(body[index] as Expr, out);
    // Without the room that `push` makes: this body stays as long as the policy.
    return out.slice();
  }

  #expr(expr: Expr, out: Expr[]): void {
    if (this.#equals && isCallTo(expr, 'equal') && (expr.terms as Call).args.length === 2) {
      const call = expr.terms as Call;
      call.operator = refTo('eq', call.operator.location);
      this.#context.called.add('equal');
    }
    const terms = expr.terms;
    switch (terms.kind) {
      case 'call': {
        const sides = isEquality(expr);
        const { args } = terms;
        for (let index = 0; index < args.length; index++) {
          const arg = args[index] as Term;
          args[index] = sides ? this.#inTerm(arg, expr, out) : this.#one(arg, expr, out);
        }
        break;
      }
      case 'every':
        terms.domain = this.#one(terms.domain, expr, out);
        terms.body = this.body(terms.body);
        break;
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
        expr.terms = this.#inTerm(terms, expr, out);
    }
    out.push(expr);
  }

  #inTerm(term: Term, original: Expr, out: Expr[]): Term {
    if (term.kind === 'ref') {
      for (let index = 1; index < term.terms.length; index++) {
        term.terms[index] = this.#one(term.terms[index] as Term, original, out);
      }
      return term;
    }
    if (isComprehension(term)) {
      (term as { body: Body }).body = this.body((term as { body: Body }).body);
      return term;
    }
    return this.#one(term, original, out);
  }

  #one(term: Term, original: Expr, out: Expr[]): Term {
    switch (term.kind) {
      case 'ref':
      case 'arrayComprehension':
      case 'setComprehension':
      case 'objectComprehension': {
        this.#inTerm(term, original, out);
        const name = this.#context.freshVar();
        const local = varTerm(name, term.location);
        if (term.kind === 'ref') this.#context.subjects.set(name, term);
        out.push({ ...equalityExpr(local, term, term.location), with: original.with });
        return local;
      }
      case 'array':
      case 'set':
        return { ...term, items: term.items.map((item) => this.#one(item, original, out)) };
      case 'object':
        return {
          ...term,
          pairs: term.pairs.map(([key, value]) => [
            this.#one(key, original, out),
            this.#one(value, original, out),
          ]),
        };
      default:
        return term;
    }
  }
}
