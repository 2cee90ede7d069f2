import * as big from './big-float.ts';
import { type Num, RegoNumber, toBigInt } from './number.ts';

/** Sums: exact for integers, else in 64-bit floats. */
export function plus(a: Num, b: Num): Num {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isInteger(a) && Number.isInteger(b) && Number.isSafeInteger(sum)) return sum;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return RegoNumber.fromBigInt(x + y);
  return big.fromBigFloat(big.add(big.toBigFloat(a), big.toBigFloat(b)));
}

export function minus(a: Num, b: Num): Num {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isInteger(a) && Number.isInteger(b) && Number.isSafeInteger(difference)) return difference;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return RegoNumber.fromBigInt(x - y);
  return big.fromBigFloat(big.add(big.toBigFloat(a), big.negate(big.toBigFloat(b))));
}

export function multiply(a: Num, b: Num): Num {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isInteger(a) && Number.isInteger(b) && Number.isSafeInteger(product)) return product + 0;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return RegoNumber.fromBigInt(x * y);
  return big.fromBigFloat(big.multiply(big.toBigFloat(a), big.toBigFloat(b)));
}

/**
 * The product of numbers that are not all integers. As OPA's, it is rounded to 53 bits at each step. Undefined when it
 * is not within `2^maxExponent` either way.
 */
export function floatProduct(factors: readonly Num[], maxExponent: number): Num | undefined {
  let result = big.fromBigInt(1n);
  for (const factor of factors) {
    result = big.multiply(result, big.toBigFloat(factor), 53);
    if (Math.abs(result.exponent) > maxExponent) return undefined;
  }
  return big.fromBigFloat(result);
}

/** Undefined when the divisor is zero. */
export function divide(a: Num, b: Num): Num | undefined {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) {
    if (Number.isInteger(a) && Number.isInteger(b) && a % b === 0) return a / b + 0;
  }
  const divisor = big.toBigFloat(b);
  if (divisor.mantissa === 0n) return undefined;
  return big.fromBigFloat(big.divide(big.toBigFloat(a), divisor));
}

/** The remainder with the dividend's sign; why there is none otherwise. */
export function remainder(a: Num, b: Num): Num | 'divide-by-zero' | 'not-integers' {
  if (
    typeof a === 'number' &&
    typeof b === 'number' &&
    b !== 0 &&
    Number.isInteger(a) &&
    Number.isInteger(b)
  ) {
    return (a % b) + 0;
  }
  const x = toBigInt(a);
  const y = toBigInt(b);
  if (x === undefined || y === undefined) return 'not-integers';
  return y === 0n ? 'divide-by-zero' : RegoNumber.fromBigInt(x % y);
}

export function absolute(a: Num): Num {
  if (typeof a === 'number') return Math.abs(a);
  const float = big.toBigFloat(a);
  return big.fromBigFloat(float.mantissa < 0n ? big.negate(float) : float);
}

/** Half away from zero. */
export function roundHalfAway(a: Num): Num {
  if (Number.isSafeInteger(a)) return a;
  const float = big.toBigFloat(a);
  const half = big.toBigFloat(float.mantissa < 0n ? -0.5 : 0.5);
  return big.fromBigFloat(big.fromBigInt(big.truncate(big.add(float, half))));
}

export function ceiling(a: Num): Num {
  if (Number.isSafeInteger(a)) return a;
  const float = big.toBigFloat(a);
  const whole = big.truncate(float);
  const exact = float.exponent >= 0 || float.mantissa === whole << BigInt(-float.exponent);
  return big.fromBigFloat(big.fromBigInt(float.mantissa > 0n && !exact ? whole + 1n : whole));
}

export function floor(a: Num): Num {
  if (Number.isSafeInteger(a)) return a;
  const float = big.toBigFloat(a);
  const whole = big.truncate(float);
  const exact = float.exponent >= 0 || float.mantissa === whole << BigInt(-float.exponent);
  return big.fromBigFloat(big.fromBigInt(float.mantissa < 0n && !exact ? whole - 1n : whole));
}
