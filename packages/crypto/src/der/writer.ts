import { concatBytes } from '../encoding/bytes.ts';
import { contextTag, tags } from './reader.ts';

/** One TLV in DER. */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const value = concatBytes(...content);
  const length = value.byteLength;
  const header = length < 0x80 ? [length] : longLength(length);
  return concatBytes(Uint8Array.of(tag, ...header), value);
}

function longLength(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => encodeDer(tags.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => encodeDer(tags.set, ...items);
export const octetString = (bytes: Uint8Array): Uint8Array => encodeDer(tags.octetString, bytes);
export const utf8String = (text: string): Uint8Array =>
  encodeDer(tags.utf8String, new TextEncoder().encode(text));
export const explicit = (number: number, ...items: readonly Uint8Array[]): Uint8Array =>
  encodeDer(contextTag(number, true), ...items);
export const implicit = (number: number, bytes: Uint8Array): Uint8Array =>
  encodeDer(contextTag(number, false), bytes);
export const trueBoolean = (): Uint8Array => Uint8Array.of(tags.boolean, 1, 0xff);

/** A BIT STRING; `unused` low bits of the last byte do not count. */
export const bitString = (bytes: Uint8Array, unused = 0): Uint8Array =>
  encodeDer(tags.bitString, Uint8Array.of(unused), bytes);

/** An INTEGER of the given magnitude (big-endian, not negative). */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.byteLength - 1 && magnitude[start] === 0) start++;
  const minimal = magnitude.byteLength === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  return minimal[0]! >= 0x80
    ? encodeDer(tags.integer, Uint8Array.of(0), minimal)
    : encodeDer(tags.integer, minimal);
}

/** GeneralizedTime with seconds and no fraction (RFC 3161 §2.4.2). */
export function generalizedTime(date: Date): Uint8Array {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return encodeDer(tags.generalizedTime, new TextEncoder().encode(digits));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [root * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      groups.unshift(0x80 | (high % 128));
    return groups;
  });
  return encodeDer(tags.oid, Uint8Array.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime after, as RFC 5280 §4.1.2.5 asks for in certificates. */
export function time(date: Date): Uint8Array {
  if (date.getUTCFullYear() >= 2050) return generalizedTime(date);
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
  return encodeDer(tags.utcTime, new TextEncoder().encode(digits));
}
