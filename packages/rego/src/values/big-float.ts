import { decimalOf, type Num, numberFromText } from './number.ts';

/** `mantissa × 2^exponent`, rounded to `precision` bits: what Go's `big.Float` is, which gives OPA its digits. */
export interface BigFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly precision: number;
}

const PRECISION = 64;

function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const hex = magnitude.toString(16);
  return magnitude === 0n
    ? 0
    : (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] as string, 16)));
}

/** Rounds to nearest, ties to even. `sticky` says that lower bits than those given are not all zero. */
function round(mantissa: bigint, exponent: number, sticky: boolean, precision = PRECISION): BigFloat {
  const negative = mantissa < 0n;
  let magnitude = negative ? -mantissa : mantissa;
  const excess = bitLength(magnitude) - precision;
  if (excess > 0) {
    const cut = BigInt(excess);
    const rest = magnitude & ((1n << cut) - 1n);
    const half = 1n << (cut - 1n);
    magnitude >>= cut;
    exponent += excess;
    if (rest > half || (rest === half && (sticky || (magnitude & 1n) === 1n))) magnitude += 1n;
  }
  return { mantissa: negative ? -magnitude : magnitude, exponent, precision };
}

/** The nearest 64-bit float of a number. */
export function toBigFloat(value: Num): BigFloat {
  const { digits, exponent } = decimalOf(value);
  if (exponent >= 0) return round(digits * 10n ** BigInt(exponent), 0, false);
  return quotient(digits, 10n ** BigInt(-exponent), 0);
}

function quotient(numerator: bigint, denominator: bigint, exponent: number): BigFloat {
  const shift = Math.max(0, PRECISION + 2 + bitLength(denominator) - bitLength(numerator));
  const scaled = numerator << BigInt(shift);
  const result = scaled / denominator;
  return round(result, exponent - shift, result * denominator !== scaled);
}

export function add(a: BigFloat, b: BigFloat): BigFloat {
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.mantissa << BigInt(a.exponent - exponent);
  const right = b.mantissa << BigInt(b.exponent - exponent);
  return round(left + right, exponent, false);
}

export function negate(a: BigFloat): BigFloat {
  return { ...a, mantissa: -a.mantissa };
}

export function multiply(a: BigFloat, b: BigFloat, precision = PRECISION): BigFloat {
  return round(a.mantissa * b.mantissa, a.exponent + b.exponent, false, precision);
}

/** `b` must not be zero. */
export function divide(a: BigFloat, b: BigFloat): BigFloat {
  if (b.mantissa < 0n) return quotient(-a.mantissa, -b.mantissa, a.exponent - b.exponent);
  return quotient(a.mantissa, b.mantissa, a.exponent - b.exponent);
}

/** Cut towards zero. */
export function truncate(a: BigFloat): bigint {
  if (a.exponent >= 0) return a.mantissa << BigInt(a.exponent);
  const shift = BigInt(-a.exponent);
  return a.mantissa < 0n ? -(-a.mantissa >> shift) : a.mantissa >> shift;
}

/** An integer as a float wide enough to hold it exactly. */
export function fromBigInt(value: bigint): BigFloat {
  return { mantissa: value, exponent: 0, precision: Math.max(PRECISION, bitLength(value)) };
}

/** The number a float is, in the shortest digits that name it: plain for integers, else as Go's `%g`. */
export function fromBigFloat(value: BigFloat): Num {
  return numberFromText(formatShortest(value));
}

export function formatShortest(value: BigFloat): string {
  if (value.mantissa === 0n) return '0';
  const sign = value.mantissa < 0n ? '-' : '';
  const magnitude = value.mantissa < 0n ? -value.mantissa : value.mantissa;
  const { digits, point } = shortestDigits(magnitude, value.exponent, value.precision);
  const zeros = trailingZeroBits(magnitude);
  const integral = value.exponent + zeros >= 0;
  if (integral) return sign + digits.padEnd(point, '0');
  const exponent = point - 1;
  if (exponent < -4 || exponent >= 6) return sign + scientific(digits, exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}

function trailingZeroBits(value: bigint): number {
  let count = 0;
  while ((value & 0xffn) === 0n) {
    value >>= 8n;
    count += 8;
  }
  while ((value & 1n) === 0n) {
    value >>= 1n;
    count++;
  }
  return count;
}

/** Digits without trailing zeros, and where the decimal point stands in them (`0.digits × 10^point`). */
function shortestDigits(
  magnitude: bigint,
  exponent: number,
  precision: number,
): { digits: string; point: number } {
  // One bit more than the precision, so that a half unit in the last place is 1.
  const shift = precision + 1 - bitLength(magnitude);
  const mantissa = shift >= 0 ? magnitude << BigInt(shift) : magnitude >> BigInt(-shift);
  const scale = exponent - shift;
  const inclusive = (mantissa & 2n) === 0n;
  const exact = expand(mantissa, scale);
  const lower = expand(mantissa - 1n, scale);
  const upper = expand(mantissa + 1n, scale);
  const width = Math.max(exact.length, lower.length, upper.length);
  const value = exact.padStart(width, '0');
  const low = trim(lower.padStart(width, '0'));
  const high = trim(upper.padStart(width, '0'));
  const fractionDigits = scale < 0 ? -scale : 0;
  const text = trim(value);
  const point = width - fractionDigits;
  // Walk from the first digit of the largest, as all three are aligned.
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index);
    const below = index < low.length ? low.charCodeAt(index) : 48;
    const above = index < high.length ? high.charCodeAt(index) : 48;
    const down = below !== digit || (inclusive && index + 1 === low.length);
    const up = digit !== above && (inclusive || digit + 1 < above || index + 1 < high.length);
    if (!down && !up) continue;
    const kept = text.slice(0, index + 1);
    const rounded = down && up ? roundsUp(text, index + 1) : up;
    const digits = rounded ? increment(kept) : kept;
    return normalise(digits, point + digits.length - kept.length);
  }
  return normalise(text, point);
}

/** The digits of an integer or, for a negative scale, of the fraction without its point. */
function expand(mantissa: bigint, scale: number): string {
  return (scale >= 0 ? mantissa << BigInt(scale) : mantissa * 5n ** BigInt(-scale)).toString();
}

function trim(digits: string): string {
  return digits.replace(/0+$/, '');
}

/** Half to even, as Go's decimal rounding does. */
function roundsUp(digits: string, at: number): boolean {
  const next = digits.charCodeAt(at);
  if (Number.isNaN(next)) return false;
  if (next === 53 && at + 1 === digits.length) return at > 0 && (digits.charCodeAt(at - 1) - 48) % 2 !== 0;
  return next >= 53;
}

function increment(digits: string): string {
  return (BigInt(digits) + 1n).toString().padStart(digits.length, '0');
}

function normalise(digits: string, point: number): { digits: string; point: number } {
  let kept = digits;
  // An increment may have carried into one more digit; leading zeros come from the alignment.
  let leading = 0;
  while (kept.charCodeAt(leading) === 48) leading++;
  kept = trim(kept.slice(leading));
  return { digits: kept, point: point - leading };
}
