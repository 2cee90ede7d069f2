/** Go's `time.Parse`: reads a text by a layout. A layout without zone means UTC. */
import { civilFromDays, daysFromCivil, daysInMonth, isLeapYear } from './civil.ts';
import { type LayoutStep, monthNames, parseLayout, weekdayNames } from './layout.ts';

/** The text does not fit the layout; the message is Go's. */
export class TimeParseError extends Error {
  override readonly name = 'TimeParseError';
}

interface Fields {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  afternoon: boolean | undefined;
  /** Seconds east of UTC. */
  offset: number | undefined;
  zoneName: string;
}

/** The nanoseconds since 1970 that `text` means. Throws {@link TimeParseError}. */
export function parseTime(layout: string, text: string): bigint {
  return (layout === rfc3339 ? parseUtc(text) : undefined) ?? new TimeParser(layout, text).run();
}

const rfc3339 = '2006-01-02T15:04:05Z07:00';

/** The shape most times have, without the general parser; undefined for any other. */
function parseUtc(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}

/** The element at hand cannot be read; the parser adds which one. */
class Unreadable {
  readonly range: string | undefined;

  constructor(range?: string) {
    this.range = range;
  }
}

class TimeParser {
  private readonly layout: string;
  private readonly text: string;
  private rest: string;
  private readonly fields: Fields = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    afternoon: undefined,
    offset: undefined,
    zoneName: '',
  };

  constructor(layout: string, text: string) {
    this.layout = layout;
    this.text = text;
    this.rest = text;
  }

  run(): bigint {
    const steps = parseLayout(this.layout);
    for (const [index, step] of steps.entries()) {
      this.skip(step.literal);
      if (step.element === undefined) {
        if (this.rest !== '') throw this.failure(`: extra text: ${quoteTime(this.rest)}`);
        break;
      }
      const held = this.rest;
      try {
        this.element(step, steps[index + 1]);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        if (error.range !== undefined) throw this.failure(`: ${error.range} out of range`);
        throw this.mismatch(held, step.text);
      }
    }
    return this.result();
  }

  private failure(message: string): TimeParseError {
    return new TimeParseError(`parsing time ${quoteTime(this.text)}${message}`);
  }

  private mismatch(found: string, element: string): TimeParseError {
    return this.failure(
      ` as ${quoteTime(this.layout)}: cannot parse ${quoteTime(found)} as ${quoteTime(element)}`,
    );
  }

  /** Literal text; runs of spaces stand for each other. */
  private skip(literal: string): void {
    let prefix = literal;
    while (prefix !== '') {
      if (prefix.startsWith(' ')) {
        if (this.rest !== '' && !this.rest.startsWith(' ')) throw this.mismatch(this.rest, literal);
        prefix = prefix.replace(/^ +/, '');
        this.rest = this.rest.replace(/^ +/, '');
      } else if (this.rest[0] !== prefix[0]) throw this.mismatch(this.rest, literal);
      else {
        prefix = prefix.slice(1);
        this.rest = this.rest.slice(1);
      }
    }
  }

  private take(pattern: RegExp): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) throw new Unreadable();
    this.rest = this.rest.slice(found.length);
    return found;
  }

  private number(pattern: RegExp, what: string, low: number, high: number): number {
    const value = Number(this.take(pattern));
    if (value < low || value > high) throw new Unreadable(what);
    return value;
  }

  private named(names: readonly string[]): number {
    const index = names.findIndex(
      (name) => this.rest.slice(0, name.length).toLowerCase() === name.toLowerCase(),
    );
    if (index < 0) throw new Unreadable();
    this.rest = this.rest.slice(names[index]!.length);
    return index;
  }

  private element(step: LayoutStep, following: LayoutStep | undefined): void {
    const { fields } = this;
    switch (step.element) {
      case '06': {
        const year = Number(this.take(/^\d\d/));
        fields.year = year + (year >= 69 ? 1900 : 2000);
        break;
      }
      case '2006':
        fields.year = Number(this.take(/^\d{4}/));
        break;
      case 'January':
        fields.month = this.named(monthNames) + 1;
        break;
      case 'Jan':
        fields.month = this.named(monthNames.map((name) => name.slice(0, 3))) + 1;
        break;
      case '1':
        fields.month = this.number(/^\d\d?/, 'month', 1, 12);
        break;
      case '01':
        fields.month = this.number(/^\d\d/, 'month', 1, 12);
        break;
      case 'Monday':
        this.named(weekdayNames);
        break;
      case 'Mon':
        this.named(weekdayNames.map((name) => name.slice(0, 3)));
        break;
      case '2':
      case '_2':
        if (step.element === '_2') this.rest = this.rest.replace(/^ /, '');
        fields.day = Number(this.take(/^\d\d?/));
        break;
      case '02':
        fields.day = Number(this.take(/^\d\d/));
        break;
      case '__2':
        this.rest = this.rest.replace(/^ {1,2}/, '');
        fields.yearDay = Number(this.take(/^\d{1,3}/));
        break;
      case '002':
        fields.yearDay = Number(this.take(/^\d{3}/));
        break;
      case '15':
        fields.hour = this.number(/^\d\d?/, 'hour', 0, 23);
        break;
      case '3':
        fields.hour = this.number(/^\d\d?/, 'hour', 0, 12);
        break;
      case '03':
        fields.hour = this.number(/^\d\d/, 'hour', 0, 12);
        break;
      case '4':
        fields.minute = this.number(/^\d\d?/, 'minute', 0, 59);
        break;
      case '04':
        fields.minute = this.number(/^\d\d/, 'minute', 0, 59);
        break;
      case '5':
      case '05':
        fields.second = this.number(step.element === '5' ? /^\d\d?/ : /^\d\d/, 'second', 0, 59);
        // A fraction may follow the seconds even where the layout has none.
        if (following?.element !== 'fraction' && /^[.,]\d/.test(this.rest)) this.fraction(/^[.,]\d+/);
        break;
      case 'PM':
        fields.afternoon = this.take(/^(?:AM|PM)/) === 'PM';
        break;
      case 'pm':
        fields.afternoon = this.take(/^(?:am|pm)/) === 'pm';
        break;
      case 'offset':
        this.offset(step.text);
        break;
      case 'MST':
        this.zoneName();
        break;
      case 'fraction':
        if (step.text[1] === '0') this.fraction(new RegExp(`^[.,]\\d{${step.text.length - 1}}`));
        else if (/^[.,]\d/.test(this.rest)) this.fraction(/^[.,]\d+/);
        break;
    }
  }

  /** Digits beyond nanoseconds are passed over. */
  private fraction(pattern: RegExp): void {
    this.fields.nanosecond = Number(this.take(pattern).slice(1, 10).padEnd(9, '0'));
  }

  private offset(text: string): void {
    if (text.startsWith('Z') && this.rest.startsWith('Z')) {
      this.rest = this.rest.slice(1);
      this.fields.offset = 0;
      return;
    }
    const colon = text.includes(':') ? ':' : '';
    const groups = Math.floor((text.replaceAll(':', '').length - 1) / 2);
    const found = this.take(new RegExp(`^[+-]\\d\\d(?:${colon}\\d\\d){${groups - 1}}`));
    const [hours, minutes, seconds] = found.replaceAll(':', '').slice(1).match(/../g)!.map(Number) as [
      number,
      number?,
      number?,
    ];
    if (hours > 24) throw new Unreadable('time zone offset hour');
    if ((minutes ?? 0) > 60) throw new Unreadable('time zone offset minute');
    if ((seconds ?? 0) > 60) throw new Unreadable('time zone offset second');
    const magnitude = (hours * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
    this.fields.offset = found.startsWith('-') ? -magnitude : magnitude;
  }

  /** An abbreviation says nothing about an offset (only `GMT+3` does), so it is read and counts as UTC. */
  private zoneName(): void {
    if (this.rest.startsWith('UTC')) {
      this.rest = this.rest.slice(3);
      this.fields.offset = 0;
      return;
    }
    const signed = String.raw`[+-](?:0*(?:2[0-3]|1?\d))(?!\d)`;
    const gmt = new RegExp(`^GMT(?:${signed})?`).exec(this.rest)?.[0];
    const upper = /^[A-Z]{0,6}/.exec(this.rest)![0];
    const known = /^(?:ChST|MeST)/.exec(this.rest)?.[0];
    let name = known ?? gmt ?? new RegExp(`^${signed}`).exec(this.rest)?.[0];
    if (name === undefined && upper.length === 3) name = upper;
    if (name === undefined && upper.length === 4 && (upper[3] === 'T' || upper === 'WITA')) name = upper;
    if (name === undefined && upper.length === 5 && upper[4] === 'T') name = upper;
    if (name === undefined || this.rest.length < 3) throw new Unreadable();
    this.rest = this.rest.slice(name.length);
    this.fields.zoneName = name;
  }

  private result(): bigint {
    const { fields } = this;
    let { hour } = fields;
    if (fields.afternoon === true && hour < 12) hour += 12;
    else if (fields.afternoon === false && hour === 12) hour = 0;
    const { month, day } = this.date();
    if (day < 1 || day > daysInMonth(fields.year, month)) throw this.failure(': day out of range');
    const gmt = /^GMT([+-]\d+)$/.exec(fields.zoneName)?.[1];
    const offset = fields.offset ?? (gmt === undefined ? 0 : Number(gmt) * 3600);
    const seconds =
      daysFromCivil(fields.year, month, day) * 86400 +
      hour * 3600 +
      fields.minute * 60 +
      fields.second -
      offset;
    return BigInt(seconds) * 1_000_000_000n + BigInt(fields.nanosecond);
  }

  private date(): { month: number; day: number } {
    const { year, yearDay, month, day } = this.fields;
    if (yearDay === undefined) return { month: month ?? 1, day: day ?? 1 };
    if (yearDay < 1 || yearDay > (isLeapYear(year) ? 366 : 365))
      throw this.failure(': day-of-year out of range');
    const date = civilFromDays(daysFromCivil(year, 1, yearDay));
    if (month !== undefined && month !== date.month) throw this.failure(': day-of-year does not match month');
    if (day !== undefined && day !== date.day) throw this.failure(': day-of-year does not match day');
    return date;
  }
}

/** Go's `time` package quotes byte by byte where a byte is not printable ASCII. */
function quoteTime(text: string): string {
  let out = '"';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\') out += `\\${character}`;
    else out += byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, '0')}` : character;
  }
  return `${out}"`;
}
