/** A number in either of its two forms. */
export type Num = number | RegoNumber;

/** A decimal: `digits × 10^exponent`, with no trailing zeros in `digits` (zero is 0, 0). Exact. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/**
 * A number that a JavaScript number cannot stand for: integers beyond ±2^53, long fractions, and numbers written
 * another way than JavaScript writes them (`1.0`, `1e3`). Keeps its text, as OPA does.
 */
export class RegoNumber {
  readonly rank = 2;
  key: string | undefined = undefined;
  hash: number | undefined = undefined;
  readonly text: string;
  #decimal: Decimal | undefined = undefined;

  /** `text` must be a number in JSON's grammar; use `parseNumber` for text from outside. */
  constructor(text: string) {
    this.text = text;
  }

  /** The value of a bigint: a JavaScript number where it is a safe integer. */
  static fromBigInt(value: bigint): Num {
    const double = Number(value);
    return Number.isSafeInteger(double) ? double : new RegoNumber(value.toString());
  }

  get decimal(): Decimal {
    this.#decimal ??= parseDecimal(this.text);
    return this.#decimal;
  }

  /** The nearest double. */
  toDouble(): number {
    return Number(this.text);
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Parses a number in JSON's grammar; undefined when it is not one. */
export function parseNumber(text: string): Num | undefined {
  if (!NUMBER.test(text)) return undefined;
  return numberFromText(text);
}

/** As `parseNumber`, for text known to be well formed. */
export function numberFromText(text: string): Num {
  const double = Number(text);
  if ((Number.isSafeInteger(double) || isPlainFraction(double)) && String(double) === text) return double;
  return new RegoNumber(text);
}

/** The value of a finite double, as its shortest text. */
export function numberFromDouble(double: number): Num {
  if (Number.isSafeInteger(double)) return double + 0;
  if (isPlainFraction(double)) return double;
  const text = String(double);
  const exponent = /e([+-])(\d)$/.exec(text);
  if (exponent !== null) return new RegoNumber(text.replace(/e([+-])(\d)$/, 'e$10$2'));
  if (Math.abs(double) < 1e-4) return new RegoNumber(double.toExponential().replace(/e-(\d)$/, 'e-0$1'));
  return new RegoNumber(text);
}

/** Fractions that JavaScript and Go write alike. */
function isPlainFraction(double: number): boolean {
  return !Number.isInteger(double) && Math.abs(double) >= 1e-4 && Math.abs(double) < 1e15;
}

export function isNumber(value: unknown): value is Num {
  return typeof value === 'number' || value instanceof RegoNumber;
}

/** The text of a number as it prints. */
export function numberText(value: Num): string {
  return typeof value === 'number' ? String(value) : value.text;
}

export function toDouble(value: Num): number {
  return typeof value === 'number' ? value : value.toDouble();
}

/** Parses well-formed number text exactly; a leading `.5` is one in Rego. Exponents are clamped to ±1,000,000. */
export function parseDecimal(text: string): Decimal {
  const match = /^(-?)(?=\.?\d)(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new TypeError(`not a number: ${text}`);
  const fraction = match[3] ?? '';
  const all = (match[2] ?? '') + fraction;
  const stripped = all.replace(/0+$/, '');
  const digits = BigInt(stripped === '' ? '0' : stripped);
  if (digits === 0n) return { digits: 0n, exponent: 0 };
  const written = Math.max(-1_000_000, Math.min(1_000_000, Number(match[4] ?? '0')));
  const exponent = written - fraction.length + (all.length - stripped.length);
  return { digits: match[1] === '-' ? -digits : digits, exponent };
}

export function decimalOf(value: Num): Decimal {
  return typeof value === 'number' ? parseDecimal(String(value)) : value.decimal;
}

/** A text equal for equal numbers, whichever way they are written. */
export function decimalKey(value: Num): string {
  if (typeof value === 'number' && Number.isInteger(value)) return `n${value};`;
  const { digits, exponent } = decimalOf(value);
  if (exponent >= 0 && exponent < 400) return `n${digits * 10n ** BigInt(exponent)};`;
  return `n${digits}e${exponent};`;
}

export function compareNumbers(a: Num, b: Num): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // The nearest double of a huge number is infinite, and equal to no number.
  if (typeof a === 'number' && !Number.isFinite(a)) return a;
  if (typeof b === 'number' && !Number.isFinite(b)) return -b;
  return compareDecimals(decimalOf(a), decimalOf(b));
}

function compareDecimals(a: Decimal, b: Decimal): number {
  const sign = Number(a.digits > 0n) - Number(a.digits < 0n);
  const other = Number(b.digits > 0n) - Number(b.digits < 0n);
  if (sign !== other) return sign - other;
  if (sign === 0) return 0;
  // Compare magnitudes by their decimal length first, so that huge exponents are never expanded.
  const length = digitCount(a.digits) + a.exponent;
  const otherLength = digitCount(b.digits) + b.exponent;
  if (length !== otherLength) return length < otherLength ? -sign : sign;
  const shift = a.exponent - b.exponent;
  const left = shift > 0 ? a.digits * 10n ** BigInt(shift) : a.digits;
  const right = shift < 0 ? b.digits * 10n ** BigInt(-shift) : b.digits;
  return left === right ? 0 : left < right ? -1 : 1;
}

function digitCount(digits: bigint): number {
  const text = digits.toString();
  return digits < 0n ? text.length - 1 : text.length;
}

/** Integers larger than this many decimal digits are not made from exponents: `1e999999` stays a float. */
const MAX_EXPANDED_DIGITS = 10_000;

/** The exact integer a number is, or undefined for fractions. */
export function toBigInt(value: Num): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  const { digits, exponent } = value.decimal;
  if (exponent < 0 || exponent > MAX_EXPANDED_DIGITS) return undefined;
  return digits * 10n ** BigInt(exponent);
}
