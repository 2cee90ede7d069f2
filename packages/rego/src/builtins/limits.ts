/** Bounds on what one call may build. Everything policy computes on may come from an attacker. */
import { type BuiltinContext, BuiltinError } from './types.ts';

/** UTF-16 units of the longest string a built-in makes (64 Mi). */
export const maxTextLength = 64 * 1024 * 1024;

/** Bits of the largest integer a built-in makes. */
export const maxIntegerBits = 1 << 20;

/** Units of text that count as one step of work. */
const textPerStep = 64;

/** Charges for making `length` units of text; throws before an over-long string is built. */
export function chargeText(context: BuiltinContext, length: number): void {
  if (length > maxTextLength) {
    throw new BuiltinError(`result of ${length} characters exceeds the limit of ${maxTextLength}`);
  }
  context.charge(1 + Math.floor(length / textPerStep));
}
