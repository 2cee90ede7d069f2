/** A number of CUE: `coefficient * 10 ** exponent`, exactly. `1` and `1.0` compare equal, but only `1` is an int. */
export interface CueNumber {
  readonly kind: 'number';
  readonly int: boolean;
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** CUE rounds what has more digits; here it has no answer. */
const maxDigits = 34;
const maxExponent = 4000;

export const int = (value: bigint | number): CueNumber => ({
  kind: 'number',
  int: true,
  coefficient: BigInt(value),
  exponent: 0,
});

/** null: outside of what is computed exactly. */
export function float(coefficient: bigint, exponent: number): CueNumber | null {
  let c = coefficient;
  let e = exponent;
  if (Math.abs(e) > maxExponent) return null;
  while (c !== 0n && c % 10n === 0n && e < 0) {
    c /= 10n;
    e++;
  }
  if (digits(c) > maxDigits) return null;
  return { kind: 'number', int: false, coefficient: c, exponent: e };
}

/** What a function of CUE makes of a number: an int where it is whole. */
export function decimal(n: CueNumber): CueNumber {
  const whole = floor(n);
  return n.int ||
    whole * 10n ** BigInt(Math.max(-n.exponent, 0)) !== n.coefficient * 10n ** BigInt(Math.max(n.exponent, 0))
    ? n
    : int(whole);
}

export const digits = (value: bigint): number => value.toString().replace('-', '').length;

/** Both as multiples of one power of ten. */
function aligned(a: CueNumber, b: CueNumber): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (n: CueNumber) => n.coefficient * 10n ** BigInt(n.exponent - exponent);
  return [scale(a), scale(b), exponent];
}

export function compareNumbers(a: CueNumber, b: CueNumber): -1 | 0 | 1 {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The sum, difference or product; null where CUE would round it. */
export function arithmetic(op: '+' | '-' | '*', a: CueNumber, b: CueNumber): CueNumber | null {
  const [x, y, exponent] = aligned(a, b);
  const value = op === '*' ? a.coefficient * b.coefficient : op === '+' ? x + y : x - y;
  const power = op === '*' ? a.exponent + b.exponent : exponent;
  if (a.int && b.int) return digits(value) > maxDigits ? null : int(value);
  return float(value, power);
}

/** The quotient as a float; null where it has no exact one of few digits. */
export function divide(a: CueNumber, b: CueNumber): CueNumber | null {
  const scaled = a.coefficient * 10n ** BigInt(maxDigits);
  if (b.coefficient === 0n || scaled % b.coefficient !== 0n) return null;
  return float(scaled / b.coefficient, a.exponent - b.exponent - maxDigits);
}

/** Integer division: `div` and `mod` are Euclidean, `quo` and `rem` truncate. `b` is not zero. */
export function integerDivision(op: 'div' | 'mod' | 'quo' | 'rem', a: bigint, b: bigint): bigint {
  if (op === 'quo') return a / b;
  if (op === 'rem') return a % b;
  const size = b < 0n ? -b : b;
  const mod = ((a % size) + size) % size;
  return op === 'mod' ? mod : (a - mod) / b;
}

export const floor = (n: CueNumber): bigint => {
  if (n.exponent >= 0) return n.coefficient * 10n ** BigInt(n.exponent);
  const unit = 10n ** BigInt(-n.exponent);
  const mod = ((n.coefficient % unit) + unit) % unit;
  return (n.coefficient - mod) / unit;
};

export const ceiling = (n: CueNumber): bigint => -floor({ ...n, coefficient: -n.coefficient });

/** The text of `\(number)`; null where CUE's formatting is not known here. */
export function numberText(n: CueNumber): string | null {
  if (n.int) return n.coefficient.toString();
  return null;
}

/** A number of JSON as encoding/json of Go prints it, which CUE then reads: an int unless it has a point or an exponent. */
export function fromJson(value: number): CueNumber {
  const text = JSON.stringify(value);
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    text,
  )!;
  const coefficient = BigInt(`${sign}${whole}${fraction}`);
  if (/^-?\d+$/.test(text)) return int(coefficient);
  return { kind: 'number', int: false, coefficient, exponent: Number(exponent) - fraction.length };
}
