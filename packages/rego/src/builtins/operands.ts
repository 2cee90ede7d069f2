/** Reading operands with OPA's error texts (`operand 1 must be number but got string`). Positions count from 1. */
import {
  isNumber,
  type Num,
  numberText,
  RegoArray,
  RegoObject,
  RegoSet,
  toBigInt,
  typeName,
  type Value,
} from '../values/index.ts';
import { OperandError } from './types.ts';

/** The error for an operand that is none of the types named. */
export function wrongType(position: number, got: Value, ...expected: readonly string[]): OperandError {
  return new OperandError(`operand ${position} must be ${oneOf(expected)} but got ${typeName(got)}`);
}

/** The error for a collection with an element of a wrong type. */
export function wrongElement(
  position: number,
  collection: Value,
  got: Value,
  ...expected: readonly string[]
): OperandError {
  const outer = typeName(collection);
  const inner = expected.length === 1 ? `${expected[0]}s` : `(any of) {${expected.join(', ')}}`;
  return new OperandError(
    `operand ${position} must be ${outer} of ${inner} but got ${outer} containing ${typeName(got)}`,
  );
}

function oneOf(expected: readonly string[]): string {
  return expected.length === 1 ? expected[0]! : `one of {${expected.join(', ')}}`;
}

export function stringOperand(value: Value, position: number): string {
  if (typeof value === 'string') return value;
  throw wrongType(position, value, 'string');
}

export function numberOperand(value: Value, position: number): Num {
  if (isNumber(value)) return value;
  throw wrongType(position, value, 'number');
}

export function arrayOperand(value: Value, position: number): RegoArray {
  if (value instanceof RegoArray) return value;
  throw wrongType(position, value, 'array');
}

export function objectOperand(value: Value, position: number): RegoObject {
  if (value instanceof RegoObject) return value;
  throw wrongType(position, value, 'object');
}

export function setOperand(value: Value, position: number): RegoSet {
  if (value instanceof RegoSet) return value;
  throw wrongType(position, value, 'set');
}

/** An integer of any size. */
export function bigIntOperand(value: Value, position: number): bigint {
  if (!isNumber(value)) throw wrongType(position, value, 'integer');
  const integer = toBigInt(value);
  if (integer === undefined) {
    throw new OperandError(`operand ${position} must be integer number but got floating-point number`);
  }
  return integer;
}

/**
 * A 64-bit integer as a JavaScript number; beyond ±2^53 it is the nearest safe integer, which no index or count that
 * takes such an operand can tell apart.
 */
export function intOperand(value: Value, position: number): number {
  const integer = int64Of(numberOperand(value, position));
  if (integer === undefined) {
    throw new OperandError(`operand ${position} must be integer number but got floating-point number`);
  }
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(integer)));
}

/** The 64-bit integer a number is written as (`1`, `1.0`, but not `1e0`), as OPA reads integers. */
export function int64Of(value: Num): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  const digits = /^(-?\d{1,19})(?:\.0*)?$/.exec(numberText(value))?.[1];
  if (digits === undefined) return undefined;
  const integer = BigInt(digits);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

/** The elements of an array, or of a set in order. */
export function listOperand(
  value: Value,
  position: number,
  ...expected: readonly string[]
): readonly Value[] {
  if (value instanceof RegoArray) return value.items;
  if (value instanceof RegoSet) return value.values();
  throw wrongType(position, value, ...expected);
}

/** The strings of an array or set. */
export function stringsOperand(
  value: Value,
  position: number,
  ...expected: readonly string[]
): readonly string[] {
  const items = listOperand(value, position, ...expected);
  for (const item of items) {
    if (typeof item !== 'string') throw wrongElement(position, value, item, 'string');
  }
  return items as readonly string[];
}
