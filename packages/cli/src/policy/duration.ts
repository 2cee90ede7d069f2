import { cliErrors } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go writes it (`1m30s`, `500ms`). Zero is without bound: undefined. */
export function milliseconds(flag: string, text: string): number | undefined {
  if (text === '0') return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw cliErrors.error('USAGE', {
      message: `--${flag} is not a duration`,
      expected: 'a number and a unit, such as 500ms, 10s or 1m30s',
      found: JSON.stringify(text.slice(0, 50)),
    });
  }
  const sum = parts.reduce((total, [, number, unit]) => total + Number(number) * UNITS[unit!]!, 0);
  return sum === 0 ? undefined : sum;
}
