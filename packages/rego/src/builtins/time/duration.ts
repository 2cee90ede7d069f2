/** Durations as Go's `time.ParseDuration` reads them, and OPA's units `d`, `w` and `y` (365 days) besides. */
import { formatFloat } from '../go/float.ts';
import { quote } from '../go/quote.ts';
import { BuiltinError } from '../types.ts';

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const extendedHours: Readonly<Record<string, number>> = { d: 24, w: 7 * 24, y: 365 * 24 };

/** Nanoseconds. Throws the error OPA gives. */
export function parseDuration(text: string): bigint {
  if (!/[dwy]/.test(text)) return parseGoDuration(text, text);
  const segments = /^([+-]?)((?:[0-9.]+(?:ms|us|µs|ns|[a-z]))+)$/.exec(text);
  if (segments === null) throw invalid(text);
  const rewritten = segments[2]!.replace(
    /([0-9.]+)(ms|us|µs|ns|[a-z])/g,
    (_whole, digits: string, unit: string) => {
      const hours = extendedHours[unit];
      if (hours === undefined) return digits + unit;
      if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) throw invalid(text);
      return `${formatFloat(Number(digits) * hours, 'f', -1)}h`;
    },
  );
  return parseGoDuration(segments[1]! + rewritten, text);
}

function invalid(text: string): BuiltinError {
  return new BuiltinError(`time: invalid duration ${quote(text)}`);
}

function parseGoDuration(text: string, shown: string): bigint {
  const negative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') throw invalid(shown);
  const limit = 1n << 63n;
  let total = 0n;
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const whole = match[1]!;
    const fraction = match[2] ?? '';
    if (whole === '' && fraction === '') throw invalid(shown);
    rest = rest.slice(match[0].length);
    const unit = /^[^.0-9]*/.exec(rest)![0];
    if (unit === '') throw new BuiltinError(`time: missing unit in duration ${quote(shown)}`);
    const scale = Object.hasOwn(unitNanoseconds, unit) ? unitNanoseconds[unit]! : undefined;
    if (scale === undefined) {
      throw new BuiltinError(`time: unknown unit ${quote(unit)} in duration ${quote(shown)}`);
    }
    rest = rest.slice(unit.length);
    if (whole.length > 40) throw invalid(shown);
    // More digits than a nanosecond has places change nothing.
    const digits = fraction.slice(0, 30);
    total += BigInt(whole || '0') * scale + (BigInt(digits || '0') * scale) / 10n ** BigInt(digits.length);
    if (total > limit) throw invalid(shown);
  }
  if (negative) return -total;
  if (total === limit) throw invalid(shown);
  return total;
}
