/** `to_number`, `format_int` and the deprecated `cast_*` functions. */

import { toBigFloat, truncate } from '../../values/big-float.ts';
import {
  isNumber,
  type Num,
  numberText,
  parseNumber,
  RegoArray,
  RegoObject,
  RegoSet,
  toDouble,
  type Value,
} from '../../values/index.ts';
import { quote } from '../go/quote.ts';
import { numberOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, OperandError, T, type Type } from '../types.ts';
import { bounded } from './arithmetic.ts';

registerBuiltin(
  'to_number',
  { args: [T.union(T.null, T.boolean, T.number, T.string)], result: T.number },
  (_context, value) => {
    if (value === null || value === false) return 0;
    if (value === true) return 1;
    if (isNumber(value)) return value;
    if (typeof value !== 'string') throw wrongType(1, value, 'null', 'boolean', 'number', 'string');
    return numberOfText(value);
  },
);

/** Go's `strconv.ParseFloat` decides what is a number; the text is kept where it is a number in JSON's grammar too. */
function numberOfText(text: string): Value {
  if (/^[+-]*(?:inf|infinity|nan)$/i.test(text)) throw wrongType(1, text, 'valid number string');
  const exact = parseNumber(text) ?? parseNumber(normalised(text));
  const double = exact === undefined ? hexDouble(text) : toDouble(exact);
  if (double === undefined)
    throw new BuiltinError(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`);
  if (!Number.isFinite(double)) {
    throw new BuiltinError(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`);
  }
  return exact ?? double;
}

/** `+5`, `.5`, `5.`, `007` and `1_000` are numbers to Go but not in JSON. */
function normalised(text: string): string {
  const match = /^([+-]?)((?:\d(?:_?\d)*)?)(?:\.((?:\d(?:_?\d)*)?))?((?:[eE][+-]?\d(?:_?\d)*)?)$/.exec(text);
  if (match === null || (!match[2] && !match[3])) return '';
  const whole = match[2]!.replaceAll('_', '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = match[3] ? `.${match[3].replaceAll('_', '')}` : '';
  return `${match[1] === '-' ? '-' : ''}${whole}${fraction}${match[4]!.replaceAll('_', '')}`;
}

function hexDouble(text: string): number | undefined {
  const match = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?\d{1,6})$/.exec(text);
  if (match === null || !(match[2] || match[3])) return undefined;
  const digits = `${match[2]}${match[3] ?? ''}`.replaceAll('_', '');
  const value = Number(BigInt(`0x${digits}`)) * 2 ** (Number(match[4]) - 4 * (match[3] ?? '').length);
  return match[1] === '-' ? -value : value;
}

const radixes: Readonly<Record<string, number>> = { '2': 2, '8': 8, '10': 10, '16': 16 };

registerBuiltin('format_int', { args: [T.number, T.number], result: T.string }, (_context, value, base) => {
  const number = bounded(numberOperand(value, 1));
  const radix = radixes[numberText(numberOperand(base, 2))];
  if (radix === undefined) throw new OperandError('operand 2 must be one of {2, 8, 10, 16}');
  return truncated(number).toString(radix);
});

/** The integer part. As in OPA, what is not written as an integer is a float of 64 bits. */
function truncated(value: Num): bigint {
  const text = numberText(value);
  return /^-?\d+$/.test(text) ? BigInt(text) : truncate(toBigFloat(value));
}

const deprecated = { args: [T.any], deprecated: true } as const;

registerBuiltin('cast_array', { ...deprecated, result: T.array(T.any) }, (_context, value) => {
  if (value instanceof RegoArray) return value;
  if (value instanceof RegoSet) return new RegoArray(value.values());
  throw wrongType(1, value, 'array', 'set');
});

registerBuiltin('cast_set', { ...deprecated, result: T.set(T.any) }, (_context, value) => {
  if (value instanceof RegoSet) return value;
  if (value instanceof RegoArray) return RegoSet.of(value.items);
  throw wrongType(1, value, 'array', 'set');
});

registerCast('cast_string', 'string', T.string, (value) => typeof value === 'string');
registerCast('cast_boolean', 'boolean', T.boolean, (value) => typeof value === 'boolean');
registerCast('cast_null', 'null', T.null, (value) => value === null);
registerCast('cast_object', 'object', T.object([T.any, T.any]), (value) => value instanceof RegoObject);

function registerCast(
  name: string,
  expected: string,
  result: Type,
  accepts: (value: Value) => boolean,
): void {
  registerBuiltin(name, { ...deprecated, result }, (_context, value) => {
    if (accepts(value)) return value;
    throw wrongType(1, value, expected);
  });
}
