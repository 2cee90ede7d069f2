import type { ByteSource } from '@pratique/oci';
import { type DatabaseFile, databaseSource, unreadableDatabase } from './database-content.ts';

/** Of ndb as rpm's `lib/backend/ndb` has it since 4.14; all numbers are little-endian. */
const magic = { file: word('RpmP'), slot: word('Slot'), head: word('BlbS'), tail: word('BlbE') };
const pageBytes = 4096;
/** Of a slot, and of the blocks in which blobs are placed. */
const blockBytes = 16;
const headerBytes = 32;
const headBytes = 16;
const tailBytes = 12;
const maxPackages = 50_000;

interface Slot {
  readonly number: number;
  /** Where the blob is, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/**
 * The headers in rpm's database of its own format ndb (`Packages.db`), which SUSE uses: slots with the number and place
 * of each package, then the blobs. Each is read once, after everything about its place was checked.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function* ndbHeaders(file: DatabaseFile): Generator<Uint8Array> {
  for (const { blob } of ndbRows(file)) yield blob;
}

/** The same, each with its number. */
export function* ndbRows(
  file: DatabaseFile,
): Generator<{ readonly number: number; readonly blob: Uint8Array }> {
  const source = databaseSource(file);
  for (const slot of slotsOf(file, source)) yield { number: slot.number, blob: blobOf(file, source, slot) };
}

/** In the order of their places. */
function slotsOf(file: DatabaseFile, source: ByteSource): readonly Slot[] {
  const head = view(file, source, 0, headerBytes);
  if (head.getUint32(0, true) !== magic.file) throw unreadableDatabase(file, 'it is not a database of ndb');
  const version = head.getUint32(4, true);
  if (version !== 0) throw unreadableDatabase(file, `expected version 0 of ndb, found ${version}`);
  const pages = head.getUint32(12, true);
  const start = pages * pageBytes;
  if (pages === 0 || start > source.size)
    throw unreadableDatabase(file, `its list of packages has ${pages} pages, which cannot be`);

  const slots = new Map<number, Slot>();
  for (let page = 0; page < pages; page++) {
    const entries = view(file, source, page * pageBytes, pageBytes);
    for (let at = page === 0 ? headerBytes : 0; at < pageBytes; at += blockBytes) {
      if (entries.getUint32(at, true) !== magic.slot)
        throw unreadableDatabase(file, 'its list of packages is damaged');
      const number = entries.getUint32(at + 4, true);
      const offset = entries.getUint32(at + 8, true) * blockBytes;
      const length = entries.getUint32(at + 12, true) * blockBytes;
      if (offset === 0) continue;
      if (slots.has(number)) throw unreadableDatabase(file, `two packages have the number ${number}`);
      if (slots.size === maxPackages) throw unreadableDatabase(file, `more than ${maxPackages} packages`);
      if (number === 0 || offset < start || offset + length > source.size)
        throw unreadableDatabase(file, `package ${number} lies outside of it`);
      slots.set(number, { number, offset, length });
    }
  }
  const ordered = [...slots.values()].sort((a, b) => a.offset - b.offset);
  let end = start;
  for (const { number, offset, length } of ordered) {
    if (offset < end) throw unreadableDatabase(file, `package ${number} lies in another`);
    end = offset + length;
  }
  return ordered;
}

function blobOf(file: DatabaseFile, source: ByteSource, slot: Slot): Uint8Array {
  const damaged = () => unreadableDatabase(file, `package ${slot.number} is damaged`);
  const head = view(file, source, slot.offset, headBytes);
  const length = head.getUint32(12, true);
  const rounded = Math.ceil((headBytes + length + tailBytes) / blockBytes) * blockBytes;
  if (head.getUint32(0, true) !== magic.head || head.getUint32(4, true) !== slot.number) throw damaged();
  if (rounded !== slot.length) throw damaged();
  const whole = view(file, source, slot.offset, slot.length);
  const tail = slot.length - tailBytes;
  if (whole.getUint32(tail + 8, true) !== magic.tail || whole.getUint32(tail + 4, true) !== length)
    throw damaged();
  const bytes = new Uint8Array(whole.buffer, whole.byteOffset, slot.length);
  if (adler32(bytes.subarray(0, tail)) !== whole.getUint32(tail, true)) throw damaged();
  return bytes.subarray(headBytes, headBytes + length);
}

function view(file: DatabaseFile, source: ByteSource, offset: number, length: number): DataView {
  const bytes = source.read(offset, length);
  if (bytes.length !== length) throw unreadableDatabase(file, 'it is truncated');
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

/** Four letters as they are read. */
function word(letters: string): number {
  return [...letters].reduceRight((value, letter) => value * 256 + letter.charCodeAt(0), 0);
}

/** RFC 1950 §8.2. The sums are reduced before they can grow beyond 32 bits. */
export function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + 5552, bytes.length);
    for (; at < end; at++) {
      low += bytes[at]!;
      high += low;
    }
    low %= 65_521;
    high %= 65_521;
  }
  return high * 65_536 + low;
}
