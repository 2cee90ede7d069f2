/** `units.parse`, `units.parse_bytes`. */
import { numberFromText, RegoNumber, type Value } from '../../values/index.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';

const declaration = { args: [T.string], result: T.number };

const powers: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 };

registerBuiltin('units.parse', declaration, (_context, text) => {
  const { amount, unit } = amountAndUnit('units.parse', 'amount', stringOperand(text, 1));
  const factor = unitFactor(unit);
  if (factor === undefined) throw new BuiltinError(`units.parse: unit ${goCase(unit)} not recognized`);
  const product = multiply(rational('units.parse', 'amount', amount), factor);
  return decimal(product);
});

/** Only a first letter `m` may not be written in either case: `m` is a thousandth and `M` a million. */
function unitFactor(unit: string): Rational | undefined {
  if (unit === '') return { numerator: 1n, denominator: 1n };
  // OPA takes a thousandth as the double 0.001.
  if (unit === 'm') return { numerator: 1152921504606847n, denominator: 1n << 60n };
  const power = powers[unit[0]!.toLowerCase()];
  if (power === undefined) return undefined;
  if (unit.length === 1) return { numerator: 1000n ** BigInt(power), denominator: 1n };
  return unit.slice(1).toLowerCase() === 'i'
    ? { numerator: 1024n ** BigInt(power), denominator: 1n }
    : undefined;
}

/** Units are shown as OPA compares them: in lower case behind the first letter. */
function goCase(unit: string): string {
  return unit.slice(0, 1) + unit.slice(1).toLowerCase();
}

registerBuiltin('units.parse_bytes', declaration, (_context, text) => {
  const name = 'units.parse_bytes';
  const { amount, unit } = amountAndUnit(name, 'byte amount', stringOperand(text, 1).toLowerCase());
  const match = /^(?:([kmgtpe])(i?)b?)?$/.exec(unit);
  if (match === null) throw new BuiltinError(`${name}: byte unit ${unit} not recognized`);
  const base = match[2] === 'i' ? 1024n : 1000n;
  const factor = match[1] === undefined ? 1n : base ** BigInt(powers[match[1]]!);
  const product = rounded(
    multiply(rounded(rational(name, 'byte amount', amount)), {
      numerator: factor,
      denominator: 1n,
    }),
  );
  return RegoNumber.fromBigInt(product.numerator / product.denominator);
});

/** Digits of an exponent beyond which OPA does not look. */
const maxExponentDigits = 6;

function amountAndUnit(name: string, what: string, given: string): { amount: string; unit: string } {
  const text = given.replaceAll('"', '');
  if (text.includes(' ')) throw new BuiltinError(`${name}: spaces not allowed in resource strings`);
  // An `e` begins an exponent only before a digit or sign; otherwise it is the unit exa.
  const amount = /^(?:[0-9.+-]|[eE](?=[0-9+-]))*/.exec(text)![0];
  for (const exponent of amount.matchAll(/[eE][+-]?(\d*)/g)) {
    if (exponent[1]!.length > maxExponentDigits) throw new BuiltinError(`${name}: exponent too large`);
  }
  if (amount === '') throw new BuiltinError(`${name}: no ${what} provided`);
  return { amount, unit: text.slice(amount.length) };
}

interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Decimal exponents beyond this would expand into megabytes of digits. */
const maxExponent = 10_000;

function rational(name: string, what: string, text: string): Rational {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null || !(match[2] || match[3]))
    throw new BuiltinError(`${name}: could not parse ${what} to a number`);
  const exponent = Number(match[4] ?? '0') - (match[3] ?? '').length;
  if (Math.abs(exponent) > maxExponent) throw new BuiltinError(`${name}: exponent too large`);
  const digits = BigInt(`${match[2]}${match[3] ?? ''}`) * (match[1] === '-' ? -1n : 1n);
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) };
}

/** OPA computes byte amounts in floats with a 64-bit mantissa. */
function rounded(value: Rational): Rational {
  if (value.numerator === 0n) return value;
  const negative = value.numerator < 0n;
  const magnitude = negative ? -value.numerator : value.numerator;
  const shift = 64 - (magnitude.toString(2).length - value.denominator.toString(2).length);
  let mantissa = divideHalfEven(shiftLeft(magnitude, shift), shiftLeft(value.denominator, -shift));
  let exponent = -shift;
  while (mantissa >= 1n << 64n) {
    mantissa = divideHalfEven(mantissa, 2n);
    exponent++;
  }
  const numerator = shiftLeft(negative ? -mantissa : mantissa, exponent);
  return { numerator, denominator: shiftLeft(1n, -exponent) };
}

function shiftLeft(value: bigint, bits: number): bigint {
  return bits > 0 ? value << BigInt(bits) : value;
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function multiply(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

/** An integer, or ten decimal places rounded half away from zero. */
function decimal(value: Rational): Value {
  const { numerator, denominator } = value;
  if (numerator % denominator === 0n) return RegoNumber.fromBigInt(numerator / denominator);
  const negative = numerator < 0n;
  const scaled = (negative ? -numerator : numerator) * 10n ** 10n;
  const roundedUp = (scaled * 2n + denominator) / (denominator * 2n);
  const digits = roundedUp.toString().padStart(11, '0');
  return numberFromText(`${negative ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}
