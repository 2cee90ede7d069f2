import { adler32, type RpmDatabase } from '@pratique/inspect';
import type { RpmRow } from './rows.ts';

const pageBytes = 4096;
const blockBytes = 16;
const slotsOfPage = pageBytes / blockBytes;
/** What stands before the slots in the first page, in slots. */
const headSlots = 2;

/**
 * Writes rpm's database of ndb (`Packages.db`, `lib/backend/ndb/rpmpkg.c`) anew, with these headers under their numbers and
 * nothing else. Its indexes (`Index.db`) are not written: rpm makes those that are missing.
 */
export function rewriteRpmNdb({ file }: RpmDatabase, rows: readonly RpmRow[]): Uint8Array<ArrayBuffer> {
  const before = Buffer.from(file.content!.read(0, headSlots * blockBytes));
  const pages = Math.ceil((headSlots + rows.length) / slotsOfPage);
  const slots = Buffer.alloc(pages * pageBytes);
  words(slots, 0, 'RpmP', 0, before.readUInt32LE(8), pages, before.readUInt32LE(16));
  const blobs: Buffer[] = [];
  let block = pages * slotsOfPage;
  for (let slot = headSlots; slot < pages * slotsOfPage; slot++) {
    const row = rows[slot - headSlots];
    if (row === undefined) {
      words(slots, slot * blockBytes, 'Slot', 0, 0, 0);
      continue;
    }
    const blob = blobOf(row, before.readUInt32LE(8));
    words(slots, slot * blockBytes, 'Slot', row.number, block, blob.length / blockBytes);
    block += blob.length / blockBytes;
    blobs.push(blob);
  }
  return Buffer.concat([slots, ...blobs]);
}

/** A head, the header, and a tail with the checksum of both, in whole blocks. */
function blobOf({ number, blob }: RpmRow, generation: number): Buffer {
  const tailBytes = 12;
  const length = Math.ceil((blockBytes + blob.length + tailBytes) / blockBytes) * blockBytes;
  const bytes = Buffer.alloc(length);
  words(bytes, 0, 'BlbS', number, generation, blob.length);
  bytes.set(blob, blockBytes);
  const tail = length - tailBytes;
  words(bytes, tail, adler32(bytes.subarray(0, tail)), blob.length, 'BlbE');
  return bytes;
}

function words(bytes: Buffer, at: number, ...values: readonly (number | string)[]): void {
  for (const [index, value] of values.entries()) {
    if (typeof value === 'string') bytes.write(value, at + index * 4, 'latin1');
    else bytes.writeUInt32LE(value, at + index * 4);
  }
}
