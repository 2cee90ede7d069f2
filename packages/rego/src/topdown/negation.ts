import type { Body, Expr, Term } from '../ast/types.ts';
import { isEquality, walk } from '../compiler/tree.ts';
import { SAFETY_VARS, varsOf } from '../compiler/vars.ts';
import { notExpr } from './saved-source.ts';
import type { Expression } from './terms.ts';

/** Larger products of negated queries become rules of their own. */
const MAX_INLINED = 16;

/** Whether the negation of some queries can stand in place of a negated expression. `safe` are variables bound there. */
export function canInlineNegation(safe: ReadonlySet<string>, queries: readonly Body[]): boolean {
  const size = queries.reduce((product, query) => product * query.length, 1);
  if (size > MAX_INLINED) return false;
  return queries.every((query) =>
    query.every((expr) => {
      // Negated as a whole, a call within would no longer have to have a value.
      if (hasNestedRefOrCall(expr)) return false;
      if (expr.negated || expr.terms.kind === 'not') return true;
      return varsOf([expr], SAFETY_VARS).isSubsetOf(safe);
    }),
  );
}

function hasNestedRefOrCall(expr: Expr): boolean {
  const { terms } = expr;
  switch (terms.kind) {
    case 'call':
      return terms.args.some((term) => (isEquality(expr) ? hasNested(term) : containsRefOrCall(term)));
    case 'not':
      return terms.body.some(hasNestedRefOrCall);
    case 'logicalAnd':
    case 'logicalOr':
      return [...terms.lhs, ...terms.rhs].some(hasNestedRefOrCall);
    case 'every':
    case 'some':
      return true;
    default:
      return hasNested(terms);
  }
}

function hasNested(term: Term): boolean {
  return term.kind === 'ref' ? term.terms.slice(1).some(containsRefOrCall) : containsRefOrCall(term);
}

function containsRefOrCall(term: Term): boolean {
  let found = false;
  walk(term, (node) => {
    if (node.kind !== 'with' && (node.kind === 'ref' || node.kind === 'call')) found = true;
    return found;
  });
  return found;
}

/** What is true when an expression is not, for the negation that `negation` is. */
export function complementOf(expr: Expr, { negated }: Expression): Expr[] {
  if (expr.negated) return [{ ...expr, negated: false }];
  if (expr.terms.kind === 'not') {
    return expr.terms.body.map((part) => ({ ...part, with: [...part.with, ...expr.with] }));
  }
  return [negated ? { ...expr, negated: true } : notExpr([expr], false)];
}

/** Each way to make all of some queries fail: one expression of each. */
export function* combinedComplements(
  queries: readonly Body[],
  complement: (expr: Expr) => readonly Expr[],
  before: readonly Expr[] = [],
): Generator<readonly Expr[]> {
  const [first, ...rest] = queries;
  if (first === undefined) {
    yield before;
    return;
  }
  for (const expr of first) yield* combinedComplements(rest, complement, [...before, ...complement(expr)]);
}
