import type { Expr } from '../ast/types.ts';

/** Equalities made from `:=`: what stands on their left is an output only. */
const assignments = new WeakSet<Expr>();

export function markAssignment(expr: Expr): void {
  assignments.add(expr);
}

export function isFromAssignment(expr: Expr): boolean {
  return assignments.has(expr);
}

/** Calls that were taken out of a term: their last operand is the result, which the compiler added. */
const withResult = new WeakSet<Expr>();

export function markWithResult(expr: Expr): Expr {
  withResult.add(expr);
  return expr;
}

export function isWithResult(expr: Expr): boolean {
  return withResult.has(expr);
}
