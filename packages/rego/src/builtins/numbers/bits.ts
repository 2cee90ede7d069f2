/** `bits.*`: arithmetic on integers of any size in two's complement. */
import { RegoNumber, type Value } from '../../values/index.ts';
import { maxIntegerBits } from '../limits.ts';
import { bigIntOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, OperandError, T } from '../types.ts';

const binary = { args: [T.number, T.number], result: T.number };

registerBuiltin('bits.negate', { args: [T.number], result: T.number }, (_context, a) => {
  return RegoNumber.fromBigInt(~bigIntOperand(a, 1));
});

register('bits.and', (a, b) => a & b);
register('bits.or', (a, b) => a | b);
register('bits.xor', (a, b) => a ^ b);

registerBuiltin('bits.lsh', binary, (context, a, b) => {
  const value = bigIntOperand(a, 1);
  const shift = shiftOperand(b);
  if (value === 0n) return 0;
  if (shift > BigInt(maxIntegerBits))
    throw new BuiltinError(`shift exceeds the limit of ${maxIntegerBits} bits`);
  return shifted(context, value << shift);
});

registerBuiltin('bits.rsh', binary, (context, a, b) => {
  const value = bigIntOperand(a, 1);
  const shift = shiftOperand(b);
  return shifted(context, shift > BigInt(maxIntegerBits) * 8n ? (value < 0n ? -1n : 0n) : value >> shift);
});

function register(name: string, combine: (a: bigint, b: bigint) => bigint): void {
  registerBuiltin(name, binary, (_context, a, b) => {
    return RegoNumber.fromBigInt(combine(bigIntOperand(a, 1), bigIntOperand(b, 2)));
  });
}

function shiftOperand(value: Value): bigint {
  const shift = bigIntOperand(value, 2);
  if (shift < 0n) {
    throw new OperandError('operand 2 must be an unsigned integer number but got a negative integer');
  }
  // OPA takes the low 64 bits.
  return BigInt.asUintN(64, shift);
}

function shifted(context: BuiltinContext, value: bigint): Value {
  const result = RegoNumber.fromBigInt(value);
  if (typeof result !== 'number') context.charge(result.text.length >> 3);
  return result;
}
