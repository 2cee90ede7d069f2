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
    const { items } = arrayOperand(values, 2);
    const plain = plainly(text, items);
    if (plain !== undefined) {
      chargeText(context, plain.length);
      return plain;
    }
    const args = items.map(argument);
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

/** Formats with nothing but `%s`, `%v` and `%d`, split at these; bounded as formats may come from input. */
const maxFormats = 256;
const formats = new Map<string, readonly string[] | undefined>();

function plainParts(format: string): readonly string[] | undefined {
  if (formats.has(format)) return formats.get(format);
  // At odd places stand the letters of the verbs.
  const parts = format.split(/%([svd])/);
  const plain = parts.every((part, index) => index % 2 === 1 || !part.includes('%')) ? parts : undefined;
  if (formats.size >= maxFormats) formats.delete(formats.keys().next().value!);
  formats.set(format, plain);
  return plain;
}

/** The text, where format and values are what they nearly always are; undefined where Go's rules have to be asked. */
function plainly(format: string, values: readonly Value[]): string | undefined {
  const parts = plainParts(format);
  if (parts === undefined || parts.length !== 2 * values.length + 1) return undefined;
  let out = parts[0]!;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const verb = parts[2 * i + 1]!;
    if (
      typeof value === 'number'
        ? verb === 's' || !Number.isSafeInteger(value)
        : verb === 'd' || isNumber(value)
    ) {
      return undefined;
    }
    out += (typeof value === 'string' ? value : toTerm(value)) + parts[2 * i + 2]!;
  }
  return out;
}

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
