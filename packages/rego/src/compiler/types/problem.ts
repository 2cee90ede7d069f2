import type { Expr } from '../../ast/types.ts';

/** What is wrong with the types of an expression. */
export interface Problem {
  readonly location: Expr['location'];
  readonly message: string;
  readonly details?: readonly string[];
  /** Whether it may only follow from another problem. */
  readonly unknown: boolean;
}
