/** `sprintf`. */
import { isNumber, numberText, toDouble, toTerm, type Value } from '../../values/index.ts';
import { type PrintfArgument, PrintfTooLong, sprintf } from '../go/printf.ts';
import { chargeText, maxTextLength } from '../limits.ts';
import { arrayOperand, int64Of, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';

registerBuiltin(
  'sprintf',
  { args: [T.string, T.array(T.any)], result: T.string },
  (context, format, values) => {
    const text = stringOperand(format, 1);
    const args = arrayOperand(values, 2).items.map(argument);
    try {
      const result = sprintf(text, args, maxTextLength);
      chargeText(context, result.length);
      return result;
    } catch (error) {
      if (!(error instanceof PrintfTooLong)) throw error;
      throw new BuiltinError(`result exceeds the limit of ${maxTextLength} characters`);
    }
  },
);

/** The Go value OPA would pass: int64, float64 or `*big.Int` for numbers, and text for everything else. */
function argument(value: Value): PrintfArgument {
  if (typeof value === 'string') return { type: 'string', value };
  if (!isNumber(value)) return { type: 'string', value: toTerm(value) };
  const integer = int64Of(value);
  if (integer !== undefined) return { type: 'int64', value: integer };
  const text = numberText(value);
  const double = toDouble(value);
  if (text.includes('.') && Number.isFinite(double)) return { type: 'float64', value: double };
  return /^-?\d+$/.test(text) ? { type: '*big.Int', value: BigInt(text) } : { type: 'string', value: text };
}
