import { type CueNumber, float, int } from '../values/number.ts';
import { malformed, type Source, unsupported } from './source.ts';

const group = '[0-9]+(?:_[0-9]+)*';
const forms =
  /0[xX](?<hex>[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*)|0b(?<binary>[01]+(?:_[01]+)*)|0o(?<octal>[0-7]+(?:_[0-7]+)*)/;
const decimal = `(?<whole>${group})?(?:(?<point>\\.)(?<fraction>${group})?)?(?:[eE](?<exponent>[+-]?${group})|(?<suffix>[KMGTP]i?))?`;
const literal = new RegExp(`(?:${forms.source}|${decimal})(?![.\\w$])`, 'y');

const powers = 'KMGTP';

/** A number at `offset`, with separators and multipliers (`1_000`, `0x1f`, `1.5Ki`). */
export function numberLiteral(source: Source, offset: number): { value: CueNumber; end: number } {
  const at = { source, offset };
  literal.lastIndex = offset;
  const found = literal.exec(source.text);
  if (found === null || found[0] === '') throw malformed(at, 'illegal number');
  const end = offset + found[0].length;
  const part = (name: string) => found.groups![name]?.replaceAll('_', '');
  for (const [name, prefix] of [
    ['hex', '0x'],
    ['binary', '0b'],
    ['octal', '0o'],
  ] as const) {
    const digits = part(name);
    if (digits !== undefined) return { value: int(BigInt(prefix + digits)), end };
  }
  const whole = part('whole') ?? '0';
  if (/^0[0-9]/.test(whole)) throw malformed(at, 'a number with a leading zero');
  const fraction = part('fraction') ?? '';
  const suffix = part('suffix');
  const exponent = part('exponent');
  const coefficient = BigInt(whole + fraction);
  if (suffix !== undefined) {
    const scaled =
      coefficient * BigInt(suffix.endsWith('i') ? 1024 : 1000) ** BigInt(powers.indexOf(suffix[0]!) + 1);
    const unit = 10n ** BigInt(fraction.length);
    if (scaled % unit !== 0n) throw unsupported(at, 'a multiplied number that is not whole');
    return { value: int(scaled / unit), end };
  }
  if (found.groups!.point === undefined && exponent === undefined) return { value: int(coefficient), end };
  const value = float(coefficient, Number(exponent ?? 0) - fraction.length);
  if (value === null) throw unsupported(at, 'a number of so many digits');
  return { value, end };
}
