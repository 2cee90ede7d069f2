import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';

/** The size of a tar header and what every entry's content is padded to, in bytes. */
export const tarBlock = 512;

/** The fields of one header block, as they stand there: extended headers before it may replace them. */
export interface TarHeader {
  /** Type flag: `0` file, `1` hard link, `2` symbolic link, `5` directory, `x` pax records, `L` and `K` GNU long names… */
  readonly type: string;
  /** Text of a header may be any bytes: those that are not UTF-8 are lone surrogates U+DC80–U+DCFF, one for each byte. */
  readonly path: string;
  readonly linkname: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const space = 0x20;
const zero = 0x30;

/** The fault for a tar archive that is not what tar writes. */
export function unsafeArchive(why: string) {
  return ociErrors.error('OCI_ARCHIVE_UNSAFE', { message: `the archive ${why}` });
}

/** Whether a block is all zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < block.length; at++) if (block[at] !== 0) return false;
  return true;
}

/**
 * Reads one header block (POSIX ustar, GNU); its checksum must be right.
 *
 * @throws OCI_ARCHIVE_UNSAFE
 */
export function parseTarHeader(header: Uint8Array): TarHeader {
  checkSum(header);
  const magic = tarText(header.subarray(257, 263));
  const name = tarText(header.subarray(0, 100));
  // GNU writes "ustar  " and uses the prefix field for other things.
  const prefix = magic === 'ustar' ? tarText(header.subarray(345, 500)) : '';
  const device = magic.startsWith('ustar');
  return {
    type: String.fromCharCode(header[156]!),
    path: prefix === '' ? name : `${prefix}/${name}`,
    linkname: tarText(header.subarray(157, 257)),
    size: number(header, 124, 12),
    mode: number(header, 100, 8),
    uid: number(header, 108, 8),
    gid: number(header, 116, 8),
    mtime: number(header, 136, 12),
    major: device ? number(header, 329, 8) : 0,
    minor: device ? number(header, 337, 8) : 0,
  };
}

/** The text of a field, up to its first zero byte. */
export function tarText(field: Uint8Array): string {
  let text = '';
  let at = 0;
  // Nearly all are short and ASCII, for which a decoder takes longer.
  for (let byte = field[0]; byte !== undefined && byte !== 0 && byte < 0x80; byte = field[++at])
    text += String.fromCharCode(byte);
  if (at === field.length || field[at] === 0) return text;
  const end = field.indexOf(0);
  const bytes = end < 0 ? field : field.subarray(0, end);
  try {
    return decoder.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}

/** Octal text, or base 256 in two's complement where the top bit is set (GNU). */
function number(header: Uint8Array, at: number, length: number): number {
  const first = header[at]!;
  if (first & 0x80) {
    let value = first & 0x40 ? (first & 0x7f) - 0x80 : first & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + header[i]!;
    if (!Number.isSafeInteger(value)) throw unsafeArchive('has a number out of range');
    return value;
  }
  return octal(header, at, length) ?? unsafe('has a number that is none');
}

function unsafe(why: string): never {
  throw unsafeArchive(why);
}

/** Octal digits up to a zero byte, spaces around them; 0 for nothing, undefined for anything else. */
function octal(header: Uint8Array, from: number, length: number): number | undefined {
  let value = 0;
  let at = from;
  const end = from + length;
  while (at < end && header[at] === space) at++;
  for (; at < end && (header[at]! & ~7) === zero; at++) value = value * 8 + (header[at]! & 7);
  while (at < end && header[at] === space) at++;
  return at === end || header[at] === 0 ? value : undefined;
}

function checkSum(header: Uint8Array): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at++) sum += header[at]!;
  for (let at = 156; at < tarBlock; at++) sum += header[at]!;
  // Nothing there is 0, which no header adds up to.
  if (octal(header, 148, 8) !== sum) throw unsafeArchive('is damaged, or not a tar archive');
}

/**
 * Reads the records of a pax extended header (POSIX.1-2001 §pax Extended Header): names and values, in order.
 *
 * @throws OCI_ARCHIVE_UNSAFE
 */
export function* paxRecords(body: Uint8Array): Generator<readonly [name: string, value: Uint8Array]> {
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const blank = body.indexOf(space, at);
    const length = blank < 0 ? Number.NaN : Number(tarText(body.subarray(at, blank)));
    const equals = body.indexOf(0x3d, blank);
    const end = at + length;
    if (!Number.isSafeInteger(length) || end > body.length || equals < 0 || equals >= end - 1)
      throw unsafeArchive('has a damaged extended header');
    yield [tarText(body.subarray(blank + 1, equals)), body.subarray(equals + 1, end - 1)];
    at = end;
  }
}

/** A pax value that is a whole number: a size, an owner. */
export function paxNumber(value: Uint8Array): number {
  const text = tarText(value);
  if (!/^\d{1,15}$/.test(text)) throw unsafeArchive(`has a number that is none: ${printable(text, 40)}`);
  return Number(text);
}
