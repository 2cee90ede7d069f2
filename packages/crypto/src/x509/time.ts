import { type DerReader, tags } from '../der/reader.ts';

/**
 * UTCTime or GeneralizedTime in the one form RFC 5280 §4.1.2.5 allows: seconds given, UTC, no fractions. Null for
 * anything else, days that do not exist included.
 */
export function readTime(reader: DerReader): Date | null {
  const { tag, content } = reader.element();
  const digits = latin1.decode(content);
  const short = tag === tags.utcTime && /^\d{12}Z$/.test(digits);
  if (!short && !(tag === tags.generalizedTime && /^\d{14}Z$/.test(digits))) return null;
  return parseDigits(short ? `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits}` : digits);
}

/** GeneralizedTime of RFC 3161 §2.4.2: as above, with an optional fraction that does not end in zero. */
export function readPreciseTime(reader: DerReader): Date | null {
  const digits = latin1.decode(reader.element(tags.generalizedTime).content);
  const [, whole, fraction = '0'] = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(digits) ?? [];
  const time = whole === undefined ? null : parseDigits(`${whole}Z`);
  if (time === null) return null;
  return new Date(time.getTime() + Math.floor(Number(`0.${fraction}`) * 1000));
}

const latin1 = new TextDecoder('latin1');

function parseDigits(digits: string): Date | null {
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = new Date(iso);
  // Date accepts the 31st of every month and rolls over.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== iso.slice(0, 19)) return null;
  return time;
}
