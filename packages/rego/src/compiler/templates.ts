import { termText } from '../ast/print.ts';
import type { Body, Expr, Location, Rule, Term } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { outputsOfBody } from './outputs.ts';
import { equalityExpr, isCallTo, isGenerated, operatorName, refTo, varTerm } from './tree.ts';
import { SAFETY_VARS, varsOf } from './vars.ts';

/** Variables that operands may use, worked out only when there is an operand to check. */
type Safe = () => Set<string>;

interface Scope {
  /** For template strings: all that the body binds, and what is around it. */
  readonly templates: Safe;
  /** For `print`: what stands before it. */
  readonly prints: Safe;
}

type MetadataCall = (name: string, location: Location) => Term | undefined;

/**
 * Template strings become calls of `internal.template_string`, and `print` becomes `internal.print`: each operand is
 * captured in a set comprehension, so that an undefined one does not undefine the whole. Calls of `rego.metadata`
 * functions become what they answer.
 */
export class Templates {
  readonly #context: CompilerContext;
  /** Whether anybody listens to `print`; else the calls disappear. */
  readonly #print: boolean;
  #metadata: MetadataCall = () => undefined;

  constructor(context: CompilerContext, print: boolean) {
    this.#context = context;
    this.#print = print;
  }

  rule(rule: Rule, metadata: MetadataCall): void {
    this.#metadata = metadata;
    const { head } = rule;
    const args = (): Set<string> => varsOf(head.args ?? []);
    const outer: Scope = { templates: args, prints: args };
    const original = [...rule.body];
    rule.body = this.body(rule.body, outer);
    const inner: Scope = { templates: this.#after(original, args), prints: args };
    head.ref = head.ref.map((term) => this.#term(term, inner));
    if (head.args !== undefined) head.args = head.args.map((arg) => this.#term(arg, inner));
    if (head.key !== undefined) head.key = this.#term(head.key, inner);
    if (head.value !== undefined) head.value = this.#term(head.value, inner);
  }

  body(body: Body, outer: Scope = { templates: () => new Set(), prints: () => new Set() }): Body {
    const templates = this.#after([...body], outer.templates);
    return body.map((expr, index) => {
      const prints = once(() => {
        const before = body.slice(0, index);
        const safe = this.#after(before, outer.prints)();
        for (const name of varsOf(before))
          if (isGenerated(name) && !this.#context.rewritten.has(name)) safe.add(name);
        return safe;
      });
      return this.#expr(expr, { templates, prints });
    });
  }

  #after(body: Body, outer: Safe): Safe {
    return once(() => {
      const known = outer();
      return outputsOfBody(body, known, this.#context).union(known);
    });
  }

  #expr(expr: Expr, scope: Scope): Expr {
    if (isCallTo(expr, 'print') && expr.terms.kind === 'call') return this.#printCall(expr, scope);
    const terms = expr.terms;
    switch (terms.kind) {
      case 'every': {
        terms.domain = this.#term(terms.domain, scope);
        const locals = new Set([terms.value.name, ...(terms.key === undefined ? [] : [terms.key.name])]);
        terms.body = this.body(terms.body, {
          templates: () => scope.templates().union(locals),
          prints: () => scope.prints().union(locals),
        });
        break;
      }
      case 'not':
        terms.body = this.body(terms.body, scope);
        break;
      case 'logicalAnd':
      case 'logicalOr':
        terms.lhs = this.body(terms.lhs, scope);
        terms.rhs = this.body(terms.rhs, scope);
        break;
      case 'some':
        break;
      case 'call': {
        const constant = this.#metadata(operatorName(terms.operator) ?? '', terms.location);
        if (constant !== undefined && terms.args.length === 0) expr.terms = constant;
        else terms.args = terms.args.map((arg) => this.#term(arg, scope));
        break;
      }
      default:
        expr.terms = this.#term(terms as Term, scope);
    }
    for (const modifier of expr.with) modifier.value = this.#term(modifier.value, scope);
    return expr;
  }

  #printCall(expr: Expr, scope: Scope): Expr {
    if (expr.terms.kind !== 'call') return expr;
    const { location } = expr;
    this.#context.called.add('print');
    if (!this.#print) return { ...expr, terms: { kind: 'boolean', value: true, location }, negated: false };
    const items = expr.terms.args.map((arg) => {
      const operand = this.#term(arg, scope);
      this.#checkDeclared(operand, scope.prints());
      return this.#capture(operand, []);
    });
    expr.terms = internalCall('print', { kind: 'array', items, location }, location);
    return expr;
  }

  #checkDeclared(operand: Term, safe: ReadonlySet<string>): void {
    for (const name of [...varsOf([operand], SAFETY_VARS)].sort()) {
      if (safe.has(name)) continue;
      const message = `var ${this.#context.original(name)} is undeclared`;
      this.#context.report('rego_compile_error', operand.location, message);
    }
  }

  #capture(term: Term, modifiers: Expr['with']): Term {
    const { location } = term;
    const local = varTerm(this.#context.freshVar(), location);
    const equality: Expr = { ...equalityExpr(local, term, location), with: modifiers };
    return { kind: 'setComprehension', term: local, body: [equality], location };
  }

  #template(term: Term & { kind: 'templateString' }, scope: Scope): Term {
    const { location } = term;
    const items = term.parts.map((part): Term => {
      if (part.kind !== 'expr') return part;
      const operand = part.terms as Term;
      if (operand.kind === 'var') return { kind: 'set', items: [operand], location };
      if (operand.kind === 'call') this.#checkRelation(operand);
      this.#checkDeclared(operand, scope.templates());
      const inner = this.#expr(part, scope);
      return this.#capture(inner.terms as Term, inner.with);
    });
    if (items.length === 0) items.push({ kind: 'string', value: '', location });
    return internalCall('template_string', { kind: 'array', items, location }, location);
  }

  /** Functions without a result are statements only. */
  #checkResult(call: Term & { kind: 'call' }): void {
    const builtin = this.#context.builtins.get(operatorName(call.operator) ?? '');
    if (builtin === undefined || builtin.declaration.result !== undefined) return;
    this.#context.report('rego_type_error', call.location, `${termText(call)} used as value`);
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

  #term(term: Term, scope: Scope): Term {
    switch (term.kind) {
      case 'templateString':
        return this.#template(term, scope);
      case 'ref':
        term.terms = term.terms.map((part) => this.#term(part, scope));
        return term;
      case 'call': {
        const constant = this.#metadata(operatorName(term.operator) ?? '', term.location);
        if (constant !== undefined && term.args.length === 0) return constant;
        this.#checkResult(term);
        term.args = term.args.map((arg) => this.#term(arg, scope));
        return term;
      }
      case 'array':
      case 'set':
        term.items = term.items.map((item) => this.#term(item, scope));
        return term;
      case 'object':
        term.pairs = term.pairs.map(([key, value]) => [this.#term(key, scope), this.#term(value, scope)]);
        return term;
      case 'arrayComprehension':
      case 'setComprehension':
      case 'objectComprehension': {
        const inner: Scope = {
          templates: this.#after([...term.body], scope.templates),
          prints: scope.prints,
        };
        term.body = this.body(term.body, scope);
        if (term.kind === 'objectComprehension') {
          term.key = this.#term(term.key, inner);
          term.value = this.#term(term.value, inner);
        } else term.term = this.#term(term.term, inner);
        return term;
      }
      default:
        return term;
    }
  }
}

function internalCall(name: string, arg: Term, location: Location): Term & { kind: 'call' } {
  const { terms } = refTo('internal', location);
  const operator = {
    kind: 'ref' as const,
    terms: [...terms, { kind: 'string' as const, value: name, location }],
    location,
  };
  return { kind: 'call', operator, args: [arg], location };
}

function once(compute: Safe): Safe {
  let value: Set<string> | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}
