import { type DerReader, tags } from '../der/reader.ts';

/**
 * UTCTime or GeneralizedTime in the one form RFC 5280 §4.1.2.5 allows: seconds given, UTC, no fractions. Null for
 * anything else, days that do not exist included.
 */
export function readTime(reader: DerReader): Date | null {
  const { tag, content } = reader.element();
  if (tag === tags.utcTime && content.byteLength === 13) {
    const year = number(content, 0, 2);
    return readDate(content, year < 50 ? 2000 + year : 1900 + year, 2);
  }
  if (tag === tags.generalizedTime && content.byteLength === 15)
    return readDate(content, number(content, 0, 4), 4);
  return null;
}

/** GeneralizedTime of RFC 3161 §2.4.2: as above, with an optional fraction that does not end in zero. */
export function readPreciseTime(reader: DerReader): Date | null {
  const { content } = reader.element(tags.generalizedTime);
  if (content.byteLength === 15) return readDate(content, number(content, 0, 4), 4);
  const [, fraction] = /^\d{14}(\.\d{0,8}[1-9])Z$/.exec(latin1.decode(content)) ?? [];
  if (fraction === undefined) return null;
  const whole = Uint8Array.from([...content.subarray(0, 14), zulu]);
  const time = readDate(whole, number(whole, 0, 4), 4);
  return time === null ? null : new Date(time.getTime() + Math.floor(Number(`0${fraction}`) * 1000));
}

const latin1 = new TextDecoder('latin1');
const zulu = 0x5a;

/** Month to second as two digits each from `at`, then `Z` as the last byte. */
function readDate(text: Uint8Array, year: number, at: number): Date | null {
  const month = number(text, at, 2);
  const day = number(text, at + 2, 2);
  const hour = number(text, at + 4, 2);
  const minute = number(text, at + 6, 2);
  const second = number(text, at + 8, 2);
  if (text[at + 10] !== zulu) return null;
  // In two steps, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  // Date rolls over what does not exist, as the 31st of June, and is no time at all where a digit is none.
  const exists =
    time.getUTCFullYear() === year &&
    time.getUTCMonth() === month - 1 &&
    time.getUTCDate() === day &&
    time.getUTCHours() === hour &&
    time.getUTCMinutes() === minute &&
    time.getUTCSeconds() === second;
  return exists ? time : null;
}

/** A decimal number of `count` digits; NaN where one is none. */
function number(text: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text[i]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
