/** An instant with nanoseconds, shown in a zone: what Go's `time.Time` is to the time built-ins. */
import { civilFromDays, daysFromCivil } from './civil.ts';
import type { Zone } from './zone.ts';

export interface Moment {
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly nanoseconds: bigint;
  readonly zone: Zone;
}

/** The wall clock of a moment in its zone. */
export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1…366 */
  readonly yearDay: number;
  /** Seconds east of UTC. */
  readonly offset: number;
}

const second = 1_000_000_000n;

/** Whole seconds since 1970 (rounded down). */
export function unixSeconds(moment: Moment): number {
  const { nanoseconds } = moment;
  return Number((nanoseconds - mod(nanoseconds, second)) / second);
}

export function wallClock(moment: Moment): WallClock {
  const seconds = unixSeconds(moment);
  const offset = moment.zone.offsetAt(seconds);
  const local = seconds + offset;
  const days = Math.floor(local / 86400);
  const inDay = local - days * 86400;
  const { year, month, day } = civilFromDays(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(inDay / 3600),
    minute: Math.floor(inDay / 60) % 60,
    second: inDay % 60,
    nanosecond: Number(mod(moment.nanoseconds, second)),
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysFromCivil(year, 1, 1) + 1,
    offset,
  };
}

/** The moment at which the zone's clock shows this; in a gap or overlap, the choice of Go's `time.Date`. */
export function momentAt(
  clock: Pick<WallClock, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond'>,
  zone: Zone,
): Moment {
  const days = daysFromCivil(clock.year, clock.month, clock.day);
  const local = days * 86400 + clock.hour * 3600 + clock.minute * 60 + clock.second;
  let offset = zone.offsetAt(local);
  if (offset !== 0) offset = zone.offsetAt(local - offset);
  return { nanoseconds: BigInt(local - offset) * second + BigInt(clock.nanosecond), zone };
}

function mod(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}
