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

/** Steps for a character of a text that is parsed into nodes, by a parser that cannot be stopped on the way. */
const stepsOfParsing = 16;

/** Charges for parsing a text into nodes. */
export function chargeParsing(context: BuiltinContext, length: number): void {
  chargeText(context, length);
  context.charge(length * stepsOfParsing);
}

/** Patterns up to this length take no more than texts do, whatever they are. */
const usualPattern = 256;

/** Charges for a search: in proportion to text times pattern, where whoever wrote the text may have written the pattern. */
export function chargeSearch(context: BuiltinContext, pattern: string, text: string): void {
  chargeText(context, text.length);
  if (pattern.length > usualPattern) context.charge(Math.ceil((pattern.length * text.length) / 8));
}
