/** Go's `strconv.FormatFloat` for 64-bit floats: exact decimal digits, ties to even, two-digit exponents. */

export type FloatVerb = 'e' | 'E' | 'f' | 'g' | 'G' | 'b' | 'x' | 'X';

/** Formats `value`; `precision` -1 means the fewest digits that read back as the same number. */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  switch (verb) {
    case 'f':
      return sign + fixed(magnitude, precision);
    case 'e':
    case 'E':
      return sign + withCase(exponential(magnitude, precision), verb === 'E');
    case 'g':
    case 'G':
      return sign + withCase(general(magnitude, precision), verb === 'G');
    case 'b':
      return sign + binary(magnitude);
    default:
      return sign + withCase(hexadecimal(magnitude, precision), verb === 'X');
  }
}

/** The digits and decimal exponent (value = 0.d1d2… × 10^point) rounded to `count` digits, or the shortest. */
function digitsOf(magnitude: number, count: number | undefined): { digits: string; point: number } {
  if (magnitude === 0) return { digits: count === undefined ? '0' : '0'.repeat(count), point: 1 };
  if (count === undefined) {
    const [mantissa, exponent] = magnitude.toExponential().split('e') as [string, string];
    return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
  }
  const point = Number(magnitude.toExponential().split('e')[1]) + 1;
  const digits = scaled(magnitude, count - point).toString();
  if (digits.length > count) return { digits: digits.slice(0, count), point: point + 1 };
  return { digits: digits.padStart(count, '0'), point };
}

/** round-half-even(magnitude × 10^places), exactly. */
function scaled(magnitude: number, places: number): bigint {
  const { mantissa, exponent } = parts(magnitude);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (places >= 0) numerator *= 10n ** BigInt(places);
  else denominator *= 10n ** BigInt(-places);
  return divideHalfEven(numerator, denominator);
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** magnitude = mantissa × 2^exponent with a 53-bit (or subnormal) mantissa. */
function parts(magnitude: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function fixed(magnitude: number, precision: number): string {
  if (precision < 0) {
    const { digits, point } = digitsOf(magnitude, undefined);
    if (magnitude === 0) return '0';
    if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
    if (digits.length <= point) return digits.padEnd(point, '0');
    return `${digits.slice(0, point)}.${digits.slice(point)}`;
  }
  const digits = scaled(magnitude, precision)
    .toString()
    .padStart(precision + 1, '0');
  if (precision === 0) return digits;
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

function exponential(magnitude: number, precision: number): string {
  const { digits, point } = digitsOf(magnitude, precision < 0 ? undefined : precision + 1);
  const fraction = digits.slice(1);
  const exponent = magnitude === 0 ? 0 : point - 1;
  return `${digits[0]}${fraction === '' ? '' : `.${fraction}`}e${exponentText(exponent)}`;
}

function general(magnitude: number, precision: number): string {
  const shortest = precision < 0;
  const { digits, point } = digitsOf(magnitude, shortest ? undefined : Math.max(precision, 1));
  const significant = digits.replace(/0+$/, '') || '0';
  // %e is used where the exponent is below -4 or not below the precision, taken as 6 for the shortest form.
  const exponent = magnitude === 0 ? 0 : point - 1;
  let limit = Math.max(precision, 1);
  if (limit > significant.length && significant.length >= point) limit = significant.length;
  if (exponent < -4 || exponent >= (shortest ? 6 : limit)) {
    const fraction = significant.slice(1);
    return `${significant[0]}${fraction === '' ? '' : `.${fraction}`}e${exponentText(exponent)}`;
  }
  if (magnitude === 0) return '0';
  if (point <= 0) return `0.${'0'.repeat(-point)}${significant}`;
  if (significant.length <= point) return significant.padEnd(point, '0');
  return `${significant.slice(0, point)}.${significant.slice(point)}`;
}

function binary(magnitude: number): string {
  const { mantissa, exponent } = parts(magnitude);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

function hexadecimal(magnitude: number, precision: number): string {
  if (magnitude === 0) return `0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`;
  let { mantissa, exponent } = parts(magnitude);
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  exponent += 52;
  if (precision >= 0 && precision < 13) {
    const unit = 1n << BigInt(52 - 4 * precision);
    mantissa = divideHalfEven(mantissa, unit) * unit;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  let fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  fraction =
    precision < 0 ? fraction.replace(/0+$/, '') : fraction.padEnd(precision, '0').slice(0, precision);
  return `0x1${fraction === '' ? '' : `.${fraction}`}p${exponentText(exponent)}`;
}

function exponentText(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`;
}

function withCase(text: string, upper: boolean): string {
  return upper ? text.toUpperCase() : text;
}
