import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { adler32 } from '../packages/rpm-ndb.ts';

/** Writes an rpm header: texts (an array is a string array), numbers and bytes by tag. */
export function rpmHeader(
  fields: Readonly<Record<number, string | readonly string[] | readonly number[] | Uint8Array>>,
): Buffer {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(fields)) {
    const isBytes = value instanceof Uint8Array;
    const list: readonly (string | number)[] = typeof value === 'string' ? [value] : [...value];
    const numeric = !isBytes && typeof list[0] === 'number';
    const bytes = isBytes
      ? value
      : Buffer.concat(
          list.map((item) => {
            if (typeof item === 'string') return Buffer.from(`${item}\0`);
            const number = Buffer.alloc(4);
            number.writeUInt32BE(item);
            return number;
          }),
        );
    if (numeric) {
      const padding = Buffer.alloc((4 - (offset % 4)) % 4);
      data.push(padding);
      offset += padding.length;
    }
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(Number(tag), 0);
    entry.writeUInt32BE(isBytes ? 1 : numeric ? 4 : typeof value === 'string' ? 6 : 8, 4);
    entry.writeUInt32BE(offset, 8);
    entry.writeUInt32BE(list.length, 12);
    index.push(entry);
    data.push(Buffer.from(bytes));
    offset += bytes.length;
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(index.length, 0);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...index, ...data]);
}

/**
 * Writes rpm's database of SQLite, as far as it is read: the headers, and the index of names.
 *
 * @param more statements that are run in it
 */
export function rpmSqlite(headers: readonly Uint8Array[], more = ''): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  try {
    const database = new DatabaseSync(join(root, 'db'));
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)");
    database.exec(
      "CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))",
    );
    database.exec("CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC)");
    for (const header of headers) {
      const { lastInsertRowid } = database
        .prepare('INSERT INTO Packages (blob) VALUES (?)')
        .run(Buffer.from(header));
      database
        .prepare('INSERT INTO Name (key, hnum, idx) VALUES (?, ?, 0)')
        .run(/[a-z][\w-]*(?=\0)/.exec(Buffer.from(header).toString('latin1'))?.[0] ?? '', lastInsertRowid);
    }
    database.exec(more);
    database.close();
    return readFileSync(join(root, 'db'));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Writes rpm's database of ndb: slots of 16 bytes after 32 of the file's own, in whole pages; then the blobs. */
export function rpmNdb(headers: readonly Uint8Array[]): Buffer {
  const word = (...values: (number | string)[]) =>
    Buffer.concat(
      values.map((value) => {
        if (typeof value === 'string') return Buffer.from(value);
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(value);
        return bytes;
      }),
    );
  const pages = Math.ceil((2 + headers.length) / 256);
  const slots: Buffer[] = [word('RpmP', 0, 1, pages, headers.length + 1, 0, 0, 0)];
  const blobs: Buffer[] = [];
  let block = pages * 256;
  for (const [index, header] of headers.entries()) {
    const padding = Buffer.alloc((16 - ((28 + header.length) % 16)) % 16);
    const body = Buffer.concat([word('BlbS', index + 1, 0, header.length), header, padding]);
    const blob = Buffer.concat([body, word(adler32(body), header.length, 'BlbE')]);
    slots.push(word('Slot', index + 1, block, blob.length / 16));
    blobs.push(blob);
    block += blob.length / 16;
  }
  while (slots.length - 1 < pages * 256 - 2) slots.push(word('Slot', 0, 0, 0));
  return Buffer.concat([...slots, ...blobs]);
}

export interface BerkeleyOptions {
  /** Default little, as on every machine that images are commonly made on. */
  readonly byteOrder?: 'little' | 'big';
  readonly pageBytes?: number;
  /** A power of 2. */
  readonly buckets?: number;
}

/**
 * Writes rpm's database of Berkeley DB: a hash of version 9. Page 0 tells about all, then a page for each bucket, then
 * the rest in the order in which it is needed; headers that are larger than a quarter of a page have pages of their own.
 */
export function rpmBerkeley(
  headers: readonly Uint8Array[],
  { byteOrder = 'little', pageBytes = 4096, buckets = 2 }: BerkeleyOptions = {},
): Buffer {
  const little = byteOrder === 'little';
  const pages = [new HashPage(0, 8, pageBytes, little)];
  const add = (type: number) => {
    const page = new HashPage(pages.length, type, pageBytes, little);
    pages.push(page);
    return page;
  };
  const chains = Array.from({ length: buckets }, () => [add(13)]);
  const overflow = (bytes: Uint8Array): number => {
    const parts = Array.from({ length: Math.ceil(bytes.length / (pageBytes - 26)) }, () => add(7));
    for (const [index, page] of parts.entries()) {
      const part = bytes.subarray(index * (pageBytes - 26), (index + 1) * (pageBytes - 26));
      page.bytes.set(part, 26);
      page.link(parts[index - 1], parts[index + 1]);
      page.short(22, part.length);
    }
    return parts[0]!.number;
  };
  const counter = new HashPage(0, 0, 4, little);
  counter.long(0, headers.length);
  for (const [number, value] of [counter.bytes, ...headers].entries()) {
    const key = new HashPage(0, 1, 5, little);
    key.bytes[0] = 1;
    key.long(1, number);
    let item: Buffer = Buffer.from([1, ...(value.length <= pageBytes / 4 ? value : [])]);
    if (value.length > pageBytes / 4) {
      const reference = new HashPage(0, 3, 12, little);
      reference.bytes[0] = 3;
      reference.long(4, overflow(value));
      reference.long(8, value.length);
      item = reference.bytes;
    }
    const chain = chains[bucketOf(key.bytes.subarray(1), buckets)]!;
    if (!chain.at(-1)!.fits(key.bytes.length + item.length)) {
      const [last, more] = [chain.at(-1)!, add(13)];
      chain.push(more);
      last.link(chain.at(-3), more);
      more.link(last, undefined);
    }
    chain.at(-1)!.put(key.bytes);
    chain.at(-1)!.put(item);
  }
  const meta = pages[0]!;
  for (const [at, value] of [
    [12, 0x061561],
    [16, 9],
    [20, pageBytes],
    [32, pages.length - 1],
    [72, buckets - 1],
    [76, buckets - 1],
    [80, Math.max(buckets >> 1, 1) - 1],
    [88, headers.length + 1],
    // What `%$sniglet^&` hashes to, by which the function is recognised.
    [92, 0x5e688dd1],
  ] as const)
    meta.long(at, value);
  for (let bits = 0; 1 << bits <= buckets; bits++) meta.long(96 + 4 * bits, 1);
  return Buffer.concat(pages.map(({ bytes }) => bytes));
}

/** Fowler, Noll and Vo; what is beyond the last bucket is in the lower half. */
function bucketOf(key: Uint8Array, buckets: number): number {
  return key.reduce((hash, byte) => Math.imul(hash, 16_777_619) ^ byte, 0) & (buckets - 1);
}

/** A page of a hash, or a smaller piece of the same byte order. */
class HashPage {
  readonly number: number;
  readonly bytes: Buffer;
  private readonly little: boolean;
  private end: number;
  private items = 0;

  constructor(number: number, type: number, size: number, little: boolean) {
    this.number = number;
    this.bytes = Buffer.alloc(size);
    this.little = little;
    this.end = size;
    if (size < 512) return;
    this.long(8, number);
    this.bytes[25] = type;
    if (type === 13) this.short(22, size);
  }

  long(at: number, value: number): void {
    if (this.little) this.bytes.writeUInt32LE(value, at);
    else this.bytes.writeUInt32BE(value, at);
  }

  short(at: number, value: number): void {
    // The end of the largest pages is 0.
    if (this.little) this.bytes.writeUInt16LE(value & 0xffff, at);
    else this.bytes.writeUInt16BE(value & 0xffff, at);
  }

  link(previous: HashPage | undefined, next: HashPage | undefined): void {
    this.long(12, previous?.number ?? 0);
    this.long(16, next?.number ?? 0);
  }

  fits(size: number): boolean {
    return 26 + 2 * (this.items + 2) + size <= this.end;
  }

  put(item: Uint8Array): void {
    this.end -= item.length;
    this.bytes.set(item, this.end);
    this.short(26 + 2 * this.items, this.end);
    this.items++;
    this.short(20, this.items);
    this.short(22, this.end);
  }
}
