/** The arithmetic operators and `abs`, `round`, `ceil`, `floor`. `minus` is also set difference. */
import {
  absolute,
  ceiling,
  divide,
  floor,
  isNumber,
  minus,
  multiply,
  type Num,
  plus,
  RegoSet,
  remainder,
  roundHalfAway,
  type Value,
} from '../../values/index.ts';
import { difference } from '../collections/sets.ts';
import { numberOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';

const unary = { args: [T.number], result: T.number };
const binary = { args: [T.number, T.number], result: T.number };

registerBuiltin('abs', unary, (_context, a) => absolute(bounded(numberOperand(a, 1))));
registerBuiltin('round', unary, (_context, a) => roundHalfAway(bounded(numberOperand(a, 1))));
registerBuiltin('ceil', unary, (_context, a) => ceiling(bounded(numberOperand(a, 1))));
registerBuiltin('floor', unary, (_context, a) => floor(bounded(numberOperand(a, 1))));

registerBuiltin('plus', { ...binary, infix: '+' }, (_context, a, b) => plus(operand(a, 1), operand(b, 2)));
registerBuiltin('mul', { ...binary, infix: '*' }, (_context, a, b) => {
  return bounded(multiply(operand(a, 1), operand(b, 2)));
});

registerBuiltin('div', { ...binary, infix: '/' }, (_context, a, b) => {
  const quotient = divide(operand(a, 1), operand(b, 2));
  if (quotient === undefined) throw new BuiltinError('divide by zero');
  return quotient;
});

registerBuiltin('rem', { ...binary, infix: '%' }, (_context, a, b) => {
  const result = remainder(operand(a, 1), operand(b, 2));
  if (result === 'divide-by-zero') throw new BuiltinError('modulo by zero');
  if (result === 'not-integers') throw new BuiltinError('modulo on floating-point number');
  return result;
});

const numberOrSet = T.union(T.number, T.set(T.any));

registerBuiltin(
  'minus',
  { args: [numberOrSet, numberOrSet], result: numberOrSet, infix: '-' },
  (_context, a, b) => {
    if (isNumber(a) && isNumber(b)) return minus(bounded(a), bounded(b));
    if (a instanceof RegoSet && b instanceof RegoSet) return difference(a, b);
    if (!isNumber(a) && !(a instanceof RegoSet)) throw wrongType(1, a, 'number', 'set');
    throw wrongType(2, b, isNumber(b) ? 'set' : 'number');
  },
);

function operand(value: Value, position: number): Num {
  return typeof value === 'number' ? value : bounded(numberOperand(value, position));
}

/** Beyond this, a number is a handful of bytes that would expand to megabytes of digits. */
const maxExponent = 100_000;

/** Decimal digits of the longest number computed with. */
const maxDigits = 300_000;

/** Refuses numbers such as `1e1000000000`, whose digits nobody can want. */
export function bounded(value: Num): Num {
  if (typeof value === 'number') return value;
  const exponent = /[eE]([+-]?\d+)$/.exec(value.text)?.[1];
  if (exponent !== undefined && Math.abs(Number(exponent)) > maxExponent) {
    throw new BuiltinError(`exponent of number exceeds the limit of ${maxExponent}`);
  }
  if (value.text.length > maxDigits)
    throw new BuiltinError(`number exceeds the limit of ${maxDigits} digits`);
  return value;
}
