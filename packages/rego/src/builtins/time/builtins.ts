/** `time.*`. Times are nanoseconds since 1970 that fit in 64 bits, which is 1677-09-21 to 2262-04-11. */
import { isNumber, RegoArray, RegoNumber, toBigInt, type Value } from '../../values/index.ts';
import { chargeParsing } from '../limits.ts';
import { intOperand, numberOperand, stringOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { daysInMonth } from './civil.ts';
import { parseDuration } from './duration.ts';
import { formatTime } from './format.ts';
import { namedLayouts, weekdayNames } from './layout.ts';
import { type Moment, momentAt, wallClock } from './moment.ts';
import { parseTime, TimeParseError } from './parse.ts';
import { loadZone, utc } from './zone.ts';

const zoned = T.union(T.number, T.array(null, T.number, T.string));
const threeNumbers = T.array(null, T.number, T.number, T.number);

registerBuiltin('time.now_ns', { args: [], result: T.number, nondeterministic: true }, (context) => {
  return RegoNumber.fromBigInt(context.timeNs);
});

registerBuiltin(
  'time.parse_ns',
  { args: [T.string, T.string], result: T.number },
  (context, layout, text) => {
    const format = stringOperand(layout, 1);
    return parsed(context, namedLayouts.get(format) ?? format, stringOperand(text, 2));
  },
);

registerBuiltin('time.parse_rfc3339_ns', { args: [T.string], result: T.number }, (context, text) => {
  return parsed(context, namedLayouts.get('RFC3339')!, stringOperand(text, 1));
});

function parsed(context: BuiltinContext, layout: string, text: string): Value {
  chargeParsing(context, layout.length + text.length);
  try {
    return inRange(parseTime(layout, text));
  } catch (error) {
    if (error instanceof TimeParseError) throw new BuiltinError(error.message);
    throw error;
  }
}

function inRange(nanoseconds: bigint): Value {
  if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) throw new BuiltinError('time outside of valid range');
  return RegoNumber.fromBigInt(nanoseconds);
}

registerBuiltin('time.parse_duration_ns', { args: [T.string], result: T.number }, (context, text) => {
  const duration = stringOperand(text, 1);
  chargeParsing(context, duration.length);
  return RegoNumber.fromBigInt(parseDuration(duration));
});

registerBuiltin(
  'time.format',
  {
    args: [T.union(T.number, T.array(null, T.number, T.string), T.array(null, T.number, T.string, T.string))],
    result: T.string,
  },
  (_context, operand) => {
    const moment = momentOperand(operand);
    const given = operand instanceof RegoArray && operand.length > 2 ? (operand.at(2) as string) : '';
    return formatTime(moment, namedLayouts.get(given === '' ? 'RFC3339Nano' : given) ?? given);
  },
);

registerBuiltin('time.date', { args: [zoned], result: threeNumbers }, (_context, operand) => {
  const clock = wallClock(momentOperand(operand));
  return new RegoArray([clock.year, clock.month, clock.day]);
});

registerBuiltin('time.clock', { args: [zoned], result: threeNumbers }, (_context, operand) => {
  const clock = wallClock(momentOperand(operand));
  return new RegoArray([clock.hour, clock.minute, clock.second]);
});

registerBuiltin('time.weekday', { args: [zoned], result: T.string }, (_context, operand) => {
  return weekdayNames[wallClock(momentOperand(operand)).weekday];
});

/** Years that no sum within the range of times can need. */
const maxShift = 1_000_000;

registerBuiltin(
  'time.add_date',
  { args: [T.number, T.number, T.number, T.number], result: T.number },
  (_context, operand, years, months, days) => {
    const moment = momentOperand(operand);
    const shift = [intOperand(years, 2), intOperand(months, 3), intOperand(days, 4)] as const;
    if (shift.some((part) => Math.abs(part) > maxShift * 366))
      throw new BuiltinError('time outside of valid range');
    const clock = wallClock(moment);
    const [year, month, day] = [clock.year + shift[0], clock.month + shift[1], clock.day + shift[2]];
    if (Math.abs(year) > maxShift) throw new BuiltinError('time outside of valid range');
    return inRange(momentAt({ ...clock, year, month, day }, moment.zone).nanoseconds);
  },
);

registerBuiltin(
  'time.diff',
  { args: [zoned, zoned], result: T.array(null, T.number, T.number, T.number, T.number, T.number, T.number) },
  (_context, a, b) => {
    const first = momentOperand(a);
    const second: Moment = { nanoseconds: momentOperand(b).nanoseconds, zone: first.zone };
    const [early, late] = first.nanoseconds > second.nanoseconds ? [second, first] : [first, second];
    return new RegoArray(difference(early, late));
  },
);

/** Years, months, days, hours, minutes and seconds between two clocks of one zone. */
function difference(early: Moment, late: Moment): number[] {
  const [from, to] = [wallClock(early), wallClock(late)];
  let [year, month, day] = [to.year - from.year, to.month - from.month, to.day - from.day];
  let [hour, minute, second] = [to.hour - from.hour, to.minute - from.minute, to.second - from.second];
  if (second < 0) {
    second += 60;
    minute--;
  }
  if (minute < 0) {
    minute += 60;
    hour--;
  }
  if (hour < 0) {
    hour += 24;
    day--;
  }
  if (day < 0) {
    day += daysInMonth(from.year, from.month);
    month--;
  }
  if (month < 0) {
    month += 12;
    year--;
  }
  return [year, month, day, hour, minute, second];
}

/** Nanoseconds, or `[nanoseconds, zone name, layout]`. */
function momentOperand(operand: Value): Moment {
  if (isNumber(operand)) return { nanoseconds: nanosecondsOf(operand), zone: utc };
  if (!(operand instanceof RegoArray) || operand.length === 0) {
    throw wrongType(1, operand, 'either number (ns) or [number (ns), string (tz)]');
  }
  const [time, name, layout] = operand.items;
  const number = numberOperand(time!, 1);
  const zone = name === undefined ? utc : loadZone(stringOperand(name, 1));
  if (zone === undefined) throw new BuiltinError(zoneError(name as string));
  if (layout !== undefined) stringOperand(layout, 1);
  return { nanoseconds: nanosecondsOf(number), zone };
}

function zoneError(name: string): string {
  const suspicious = name.split('/').includes('..') || name.startsWith('/') || name.includes('\\');
  return suspicious ? 'time: invalid location name' : `unknown time zone ${name}`;
}

function nanosecondsOf(value: Parameters<typeof toBigInt>[0]): bigint {
  const integer = toBigInt(value);
  if (integer === undefined || BigInt.asIntN(64, integer) !== integer)
    throw new BuiltinError('timestamp too big');
  return integer;
}
