import type { Body, Expr, Location, Rule, Term } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { equalityExpr, isCallTo, operatorName, refTo, varTerm } from './tree.ts';

/**
 * Template strings become calls of `internal.template_string`, and `print` becomes `internal.print`: each operand is
 * captured in a set comprehension, so that an undefined one does not undefine the whole.
 */
export class Templates {
  readonly #context: CompilerContext;
  /** Whether anybody listens to `print`; else the calls disappear. */
  readonly #print: boolean;
  /** What calls of `rego.metadata` functions are in the rule at hand. */
  #metadata: (name: string, location: Location) => Term | undefined = () => undefined;

  constructor(context: CompilerContext, print: boolean) {
    this.#context = context;
    this.#print = print;
  }

  rule(rule: Rule, metadata: (name: string, location: Location) => Term | undefined): void {
    this.#metadata = metadata;
    const { head } = rule;
    head.ref = head.ref.map((term) => this.#term(term));
    if (head.args !== undefined) head.args = head.args.map((arg) => this.#term(arg));
    if (head.key !== undefined) head.key = this.#term(head.key);
    if (head.value !== undefined) head.value = this.#term(head.value);
    rule.body = this.body(rule.body);
  }

  body(body: Body): Body {
    return body.map((expr) => this.#expr(expr));
  }

  #expr(expr: Expr): Expr {
    if (isCallTo(expr, 'print') && expr.terms.kind === 'call') return this.#printCall(expr);
    const terms = expr.terms;
    switch (terms.kind) {
      case 'every':
        terms.domain = this.#term(terms.domain);
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
        expr.terms = this.#term(terms);
    }
    for (const modifier of expr.with) modifier.value = this.#term(modifier.value);
    return expr;
  }

  #printCall(expr: Expr): Expr {
    if (expr.terms.kind !== 'call') return expr;
    const { location } = expr;
    if (!this.#print) return { ...expr, terms: { kind: 'boolean', value: true, location }, negated: false };
    const items = expr.terms.args.map((arg) => this.#capture(this.#term(arg), []));
    expr.terms = {
      kind: 'call',
      operator: {
        ...refTo('internal', location),
        terms: [varTerm('internal', location), { kind: 'string', value: 'print', location }],
      },
      args: [{ kind: 'array', items, location }],
      location,
    };
    return expr;
  }

  #capture(term: Term, modifiers: Expr['with']): Term {
    const { location } = term;
    const local = varTerm(this.#context.freshVar(), location);
    const equality: Expr = { ...equalityExpr(local, term, location), with: modifiers };
    return { kind: 'setComprehension', term: local, body: [equality], location };
  }

  #template(term: Term & { kind: 'templateString' }): Term {
    const { location } = term;
    const items = term.parts.map((part): Term => {
      if (part.kind !== 'expr') return part;
      const inner = this.#expr(part);
      const terms = inner.terms as Term;
      if (terms.kind === 'var') return { kind: 'set', items: [terms], location };
      if (terms.kind === 'call') this.#checkRelation(terms);
      return this.#capture(terms, inner.with);
    });
    if (items.length === 0) items.push({ kind: 'string', value: '', location });
    return {
      kind: 'call',
      operator: {
        kind: 'ref',
        terms: [varTerm('internal', location), { kind: 'string', value: 'template_string', location }],
        location,
      },
      args: [{ kind: 'array', items, location }],
      location,
    };
  }

  #checkRelation(call: Term & { kind: 'call' }): void {
    const name = operatorName(call.operator) ?? '';
    if (this.#context.builtins.get(name)?.relation === undefined) return;
    this.#context.report(
      'rego_compile_error',
      call.location,
      `illegal call to relation built-in '${name}' that may cause multiple outputs`,
    );
  }

  #term(term: Term): Term {
    switch (term.kind) {
      case 'templateString':
        return this.#template(term);
      case 'ref':
        term.terms = term.terms.map((part) => this.#term(part));
        return term;
      case 'call': {
        const constant = this.#metadata(operatorName(term.operator) ?? '', term.location);
        if (constant !== undefined && term.args.length === 0) return constant;
        term.args = term.args.map((arg) => this.#term(arg));
        return term;
      }
      case 'array':
      case 'set':
        term.items = term.items.map((item) => this.#term(item));
        return term;
      case 'object':
        term.pairs = term.pairs.map(([key, value]) => [this.#term(key), this.#term(value)]);
        return term;
      case 'arrayComprehension':
      case 'setComprehension':
        term.term = this.#term(term.term);
        term.body = this.body(term.body);
        return term;
      case 'objectComprehension':
        term.key = this.#term(term.key);
        term.value = this.#term(term.value);
        term.body = this.body(term.body);
        return term;
      default:
        return term;
    }
  }
}
