import type { Expr } from '../ast/types.ts';

/** Equalities made from `:=`: what stands on their left is an output only. */
const assignments = new WeakSet<Expr>();

export function markAssignment(expr: Expr): void {
  assignments.add(expr);
}

export function isFromAssignment(expr: Expr): boolean {
  return assignments.has(expr);
}
