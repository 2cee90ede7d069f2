import type { Scalar } from '../values/scalar.ts';
import type { Node } from './node.ts';

/** What an expression is: a scalar, a list or a struct (settled), not known yet, or an error. */
export type Result =
  /** `partly`: what else it has to be is not known. */
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly partly?: boolean }
  | { readonly kind: 'node'; readonly node: Node }
  /**
   * With the kinds that it may be, where they are known: what fits none of those is an error in CUE. `typed`: there is
   * nothing else to be known of it. `cycle`: it waits for itself, which is an error where all has to be there.
   */
  | {
      readonly kind: 'incomplete';
      readonly kinds?: number;
      readonly typed?: boolean;
      readonly cycle?: boolean;
    }
  | { readonly kind: 'bottom'; readonly message: string };

/** `absent`: the field is required, but nothing gives it, so that it constrains without having a value. */
export type Found =
  | { readonly kind: 'node'; readonly node: Node; readonly absent?: boolean }
  | Extract<Result, { kind: 'incomplete' | 'bottom' }>;

export const incomplete = { kind: 'incomplete' } as const;

export const isCycle = (result: Result): boolean => result.kind === 'incomplete' && result.cycle === true;
export const bottom = (message: string): Result & { kind: 'bottom' } => ({ kind: 'bottom', message });
export const scalar = (value: Scalar): Result => ({ kind: 'scalar', value });

/** What is not known, and could not be what is wanted: CUE sees an error in some of these cases. */
export function mismatched(result: Result, kinds: number): boolean {
  return result.kind === 'incomplete' && result.kinds !== undefined && (result.kinds & kinds) === 0;
}
