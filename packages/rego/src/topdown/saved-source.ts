import { NO_LOCATION } from '../ast/nodes.ts';
import type { Body, Expr, Term } from '../ast/types.ts';

/** Builds and changes the syntax trees that partial evaluation leaves. */

export const TRUE_SOURCE: Term = { kind: 'boolean', value: true, location: NO_LOCATION };

export function statement(terms: Expr['terms']): Expr {
  return { kind: 'expr', terms, with: [], negated: false, index: 0, location: NO_LOCATION };
}

export function notExpr(body: Body, explicitBody: boolean): Expr {
  return statement({ kind: 'not', body, explicitBody, location: NO_LOCATION });
}

type Rename = (name: string) => Term;

/** A copy with terms put in for variables, those of operators excepted. */
export function substituted(expr: Expr, rename: Rename): Expr {
  const inner = (body: Body): Body => body.map((part) => substituted(part, rename));
  const term = (part: Term): Term => substitutedTerm(part, rename);
  const { terms } = expr;
  let changed: Expr['terms'];
  switch (terms.kind) {
    case 'call':
      changed = { ...terms, args: terms.args.map(term) };
      break;
    case 'every': {
      const variable = (name: string): string => {
        const renamed = rename(name);
        return renamed.kind === 'var' ? renamed.name : name;
      };
      changed = {
        ...terms,
        key: terms.key === undefined ? undefined : { ...terms.key, name: variable(terms.key.name) },
        value: { ...terms.value, name: variable(terms.value.name) },
        domain: term(terms.domain),
        body: inner(terms.body),
      };
      break;
    }
    case 'not':
      changed = { ...terms, body: inner(terms.body) };
      break;
    case 'logicalAnd':
    case 'logicalOr':
      changed = { ...terms, lhs: inner(terms.lhs), rhs: inner(terms.rhs) };
      break;
    case 'some':
      changed = terms;
      break;
    default:
      changed = term(terms);
  }
  return {
    ...expr,
    terms: changed,
    with: expr.with.map((modifier) => ({ ...modifier, value: term(modifier.value) })),
    location: NO_LOCATION,
  };
}

export function substitutedTerm(term: Term, rename: Rename): Term {
  const inner = (part: Term): Term => substitutedTerm(part, rename);
  const body = (exprs: Body): Body => exprs.map((expr) => substituted(expr, rename));
  switch (term.kind) {
    case 'var':
      return term.name === 'input' || term.name === 'data' ? term : rename(term.name);
    case 'ref':
      return concatenated(term.terms.map(inner));
    case 'array':
    case 'set':
      return { ...term, items: term.items.map(inner) };
    case 'object':
      return { ...term, pairs: term.pairs.map(([key, value]) => [inner(key), inner(value)]) };
    case 'call':
      return { ...term, args: term.args.map(inner) };
    case 'arrayComprehension':
    case 'setComprehension':
      return { ...term, term: inner(term.term), body: body(term.body) };
    case 'objectComprehension':
      return { ...term, key: inner(term.key), value: inner(term.value), body: body(term.body) };
    default:
      return term;
  }
}

/** A ref; where its head is a ref itself, one ref of both. */
export function concatenated(terms: readonly Term[]): Term {
  const [head, ...rest] = terms as [Term, ...Term[]];
  if (rest.length === 0 && head.kind !== 'var') return head;
  const all = head.kind === 'ref' ? [...head.terms, ...rest] : [head, ...rest];
  return { kind: 'ref', terms: all, location: NO_LOCATION };
}
