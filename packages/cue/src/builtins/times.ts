import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { type CueNumber, int, integerDivision } from '../values/number.ts';
import { Kind, string } from '../values/scalar.ts';
import { constant, func, test, text } from './define.ts';
import type { Builtin, Package } from './types.ts';

const S = Kind.string;
const RFC3339 = '2006-01-02T15:04:05Z07:00';
const RFC3339Nano = '2006-01-02T15:04:05.999999999Z07:00';
const RFC3339Date = '2006-01-02';

interface Instant {
  /** Seconds since 1970 in UTC. */
  readonly seconds: number;
  readonly nanoseconds: string;
}

const strict = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** What Go reads beyond the RFC, or might. */
const lenient = /^\d{4}-\d\d-\d\dT\d\d?:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function dateExists(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** An instant of RFC 3339; null where it is none. */
function parseTime(value: string, at: Place): Instant | null {
  const found = strict.exec(value);
  if (found === null) {
    if (lenient.test(value)) throw unsupported(at, `a time as ${JSON.stringify(value)}`);
    return null;
  }
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [hours, minutes] = [Number(found[9] ?? 0), Number(found[10] ?? 0)];
  if (!dateExists(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  if (hours > 23 || minutes > 59) throw unsupported(at, `a time as ${JSON.stringify(value)}`);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const offset = (found[8] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return { seconds: date.getTime() / 1000 - offset, nanoseconds: found[7] ?? '' };
}

function formatTime({ seconds, nanoseconds }: Instant, at: Place): string {
  const whole = new Date(seconds * 1000).toISOString();
  if (!/^\d{4}-/.test(whole)) throw unsupported(at, 'a time outside of the years 0 to 9999');
  const fraction = nanoseconds.replace(/0+$/, '');
  return `${whole.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** The parts of a layout that have as many digits as they show. */
const parts: Readonly<Record<string, string>> = {
  '2006': 'year',
  '01': 'month',
  '02': 'day',
  '15': 'hour',
  '04': 'minute',
  '05': 'second',
};

/** An instant as a layout shows it, without a zone; null where the text is none. */
function parseByLayout(value: string, layout: string, at: Place): Instant | null {
  if (layout === RFC3339 || layout === RFC3339Nano) return parseTime(value, at);
  let strictly = '';
  let leniently = '';
  const rest = layout.replace(/2006|01|02|15|04|05|[-/:T]/g, (part) => {
    const name = parts[part];
    strictly += name === undefined ? part : `(?<${name}>\\d{${part.length}})`;
    leniently += name === undefined ? part : name === 'hour' ? '\\d\\d?' : `\\d{${part.length}}`;
    if (name === 'second') leniently += '(?:[.,]\\d+)?';
    return '';
  });
  if (rest !== '' || layout === '') throw unsupported(at, 'such a layout of times');
  let groups: Readonly<Record<string, string>> | undefined;
  try {
    groups = new RegExp(`^${strictly}$`).exec(value)?.groups;
  } catch {
    throw unsupported(at, 'a layout that has a part twice');
  }
  if (groups === undefined) {
    if (new RegExp(`^${leniently}$`).test(value)) throw unsupported(at, `a time as ${JSON.stringify(value)}`);
    return null;
  }
  const number = (name: string, otherwise: number) => Number(groups[name] ?? otherwise);
  const [year, month, day] = [number('year', 0), number('month', 1), number('day', 1)];
  const [hour, minute, second] = [number('hour', 0), number('minute', 0), number('second', 0)];
  if (!dateExists(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return { seconds: date.getTime() / 1000, nanoseconds: '' };
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** A duration in nanoseconds; null where it is none. */
function parseDuration(value: string, at: Place): bigint | null {
  const negative = value.startsWith('-');
  const body = value.replace(/^[+-]/, '');
  if (body === '0') return 0n;
  if (body === '') return null;
  let sum = 0n;
  for (part.lastIndex = 0; part.lastIndex < body.length; ) {
    const found = part.exec(body);
    if (found === null) return null;
    const [whole, fraction = ''] = found[1]!.split('.') as [string, string?];
    if (whole.length > 12 || fraction.length > 9) throw unsupported(at, 'a duration of so many digits');
    const unit = 10n ** BigInt(fraction.length);
    const nanoseconds = BigInt(whole + fraction) * units[found[2]!]!;
    if (nanoseconds % unit !== 0n) throw unsupported(at, 'a duration that is rounded');
    sum += nanoseconds / unit;
  }
  if (sum >= 1n << 63n) throw unsupported(at, 'a duration of such a length');
  return negative ? -sum : sum;
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const whole = (value: Concrete | undefined): bigint => (value as CueNumber).coefficient;
const div = (a: bigint, b: bigint) => integerDivision('div', a, b);
const mod = (a: bigint, b: bigint) => integerDivision('mod', a, b);

/** Package `time`. Nothing in it knows what time it is. */
export const times: Package = new Map([
  ['Time', test([S], ([value], at) => parseTime(text(value), at) !== null)],
  ['Format', test([S, S], ([value, layout], at) => parseByLayout(text(value), text(layout), at) !== null)],
  ['Duration', test([S], ([value], at) => parseDuration(text(value), at) !== null)],
  [
    'ParseDuration',
    func([S], ([value], at) => {
      const duration = parseDuration(text(value), at);
      return duration === null ? 'no duration' : int(duration);
    }),
  ],
  [
    'Parse',
    func([S, S], ([layout, value], at) => {
      const instant = parseByLayout(text(value), text(layout), at);
      return instant === null ? 'no time' : string(formatTime(instant, at));
    }),
  ],
  [
    'Unix',
    func([Kind.int, Kind.int], ([seconds, nanoseconds], at) => {
      const since = 1_000_000_000n * whole(seconds) + whole(nanoseconds);
      const [start, fraction] = [div(since, 1_000_000_000n), mod(since, 1_000_000_000n)];
      if (start < -62_167_219_200n || start > 253_402_300_799n)
        throw unsupported(at, 'a time outside of the years 0 to 9999');
      return string(
        formatTime({ seconds: Number(start), nanoseconds: String(fraction).padStart(9, '0') }, at),
      );
    }),
  ],
  ['Kitchen24', constant('15:04')],
  ...months.map((name, i): [string, Builtin] => [name, constant(i + 1)]),
  ...days.map((name, i): [string, Builtin] => [name, constant(i)]),
  ['RFC3339', constant(RFC3339)],
  ['RFC3339Nano', constant(RFC3339Nano)],
  ['RFC3339Date', constant(RFC3339Date)],
  ['Nanosecond', constant(1)],
  ['Microsecond', constant(1000)],
  ['Millisecond', constant(1_000_000)],
  ['Second', constant(1_000_000_000)],
  ['Minute', constant(60_000_000_000)],
  ['Hour', constant(3_600_000_000_000)],
]);
