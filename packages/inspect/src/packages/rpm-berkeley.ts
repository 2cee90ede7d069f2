import type { ByteSource } from '@pratique/oci';
import { type DatabaseFile, databaseSource, unreadableDatabase } from './database-content.ts';

/** The format is that of Berkeley DB's `dbinc/db_page.h`; what of it rpm uses, its `lib/backend/bdb_ro.c` tells. */
const hashMagic = 0x061561;
const btreeMagic = 0x053162;
const metaBytes = 512;
/** Of every page but the first: log number, number, previous, next, entries, free space or length, level, type. */
const pageHeaderBytes = 26;
const pageType = { hashUnsorted: 2, overflow: 7, hash: 13 };
const itemType = { inline: 1, overflow: 3 };
const overflowItemBytes = 12;

/**
 * The headers in rpm's database of Berkeley DB (`Packages`), a hash from the number of a package to its header, of
 * either byte order. Buckets are walked as rpm walks them. No page may be used twice, which ends every cycle, and no
 * page with entries may be beside the walk: a reader that takes the pages in their order would find others.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function* berkeleyHeaders(file: DatabaseFile): Generator<Uint8Array> {
  const pages = new Pages(file);
  const numbers = new Set<number>();
  for (let bucket = 0; bucket <= pages.maxBucket; bucket++) {
    for (let number = pages.ofBucket(bucket); number !== 0; ) {
      const page = pages.take(number, [pageType.hash, pageType.hashUnsorted]);
      for (const [key, value] of entriesOf(pages, page)) {
        if (numbers.has(key)) throw pages.damaged(`two packages have the number ${key}`);
        numbers.add(key);
        const bytes = contentOf(pages, page, value);
        // Under 0 is the number of the last package, not a package.
        if (key !== 0) yield bytes;
        else if (bytes.length !== 4) throw pages.damaged('its counter of packages is none');
      }
      number = pages.next(page);
    }
  }
  pages.expectNoneLeft();
}

/** Where an item is in its page. */
interface Item {
  readonly at: number;
  readonly length: number;
}

/** Items fill a page from its end, in pairs; a table at its beginning tells where each begins. */
function* entriesOf(pages: Pages, page: DataView): Generator<readonly [number, Item]> {
  const count = pages.entries(page);
  const table = pageHeaderBytes + 2 * count;
  if (count % 2 !== 0 || table > page.byteLength) throw pages.damaged('a page has more entries than fit');
  let end = page.byteLength;
  const items: Item[] = [];
  for (let index = 0; index < count; index++) {
    const at = page.getUint16(pageHeaderBytes + 2 * index, pages.little);
    if (at < table || at >= end) throw pages.damaged('an entry lies outside its page');
    items.push({ at, length: end - at });
    end = at;
  }
  for (let index = 0; index < count; index += 2) {
    const [key, value] = [items[index]!, items[index + 1]!];
    if (page.getUint8(key.at) !== itemType.inline || key.length !== 5)
      throw pages.damaged('a key is no number of a package');
    yield [page.getUint32(key.at + 1, pages.little), value];
  }
}

function contentOf(pages: Pages, page: DataView, { at, length }: Item): Uint8Array {
  const type = page.getUint8(at);
  if (type === itemType.inline)
    return new Uint8Array(page.buffer, page.byteOffset + at + 1, length - 1).slice();
  if (type !== itemType.overflow || length !== overflowItemBytes)
    throw pages.damaged(`a package is stored in a way that rpm does not use (${type})`);
  const total = page.getUint32(at + 8, pages.little);
  if (total > pages.bytes) throw pages.damaged('a package is larger than all of it');
  const content = new Uint8Array(total);
  let number = page.getUint32(at + 4, pages.little);
  for (let filled = 0; filled < total; ) {
    const next = pages.take(number, [pageType.overflow]);
    const part = pages.free(next);
    if (part === 0 || part > Math.min(next.byteLength - pageHeaderBytes, total - filled))
      throw pages.damaged('a part of a package has a wrong length');
    content.set(new Uint8Array(next.buffer, next.byteOffset + pageHeaderBytes, part), filled);
    filled += part;
    number = pages.next(next);
  }
  return content;
}

/** The pages of a hash, each to be taken once. */
class Pages {
  readonly little: boolean;
  readonly maxBucket: number;
  private readonly file: DatabaseFile;
  private readonly source: ByteSource;
  private readonly size: number;
  private readonly last: number;
  /** Before the pages of the buckets that have a number of so many bits lie this many others. */
  private readonly spares: readonly number[];
  private readonly taken: Uint8Array;

  constructor(file: DatabaseFile) {
    this.file = file;
    this.source = databaseSource(file);
    const meta = this.view(0, metaBytes);
    this.little = [hashMagic, btreeMagic].includes(meta.getUint32(12, true));
    const number = (at: number) => meta.getUint32(at, this.little);
    const magic = number(12);
    if (magic === btreeMagic) throw this.damaged('expected a hash of Berkeley DB, found a B-tree');
    if (magic !== hashMagic) throw this.damaged('it is not a database of Berkeley DB');
    const version = number(16);
    if (version < 8 || version > 10)
      throw this.damaged(`expected version 8 to 10 of Berkeley DB's hash, found ${version}`);
    this.size = number(20);
    if (this.size < 512 || this.size > 65_536 || (this.size & (this.size - 1)) !== 0)
      throw this.damaged(`${this.size} is no size of a page`);
    // Encryption, checksums, partitions, several values of a key, several databases in the file.
    if (meta.getUint8(24) !== 0 || meta.getUint8(26) !== 0 || number(48) !== 0)
      throw this.damaged('it uses what rpm does not use of Berkeley DB');
    this.last = number(32);
    if ((this.last + 1) * this.size > this.source.size) throw this.damaged('it is truncated');
    this.maxBucket = number(72);
    if (this.maxBucket >= this.last) throw this.damaged('it has more buckets than pages');
    this.spares = Array.from({ length: 32 }, (_, at) => number(96 + 4 * at));
    this.taken = new Uint8Array(this.last + 1);
  }

  get bytes(): number {
    return this.last * this.size;
  }

  ofBucket(bucket: number): number {
    return bucket + this.spares[32 - Math.clz32(bucket)]!;
  }

  take(number: number, types: readonly number[]): DataView {
    if (number < 1 || number > this.last) throw this.damaged(`page ${number} lies outside of it`);
    if (this.taken[number] === 1) throw this.damaged(`page ${number} is used twice`);
    this.taken[number] = 1;
    const page = this.view(number * this.size, this.size);
    if (page.getUint32(8, this.little) !== number || !types.includes(page.getUint8(25)))
      throw this.damaged(`page ${number} is not what it should be`);
    return page;
  }

  next(page: DataView): number {
    return page.getUint32(16, this.little);
  }

  entries(page: DataView): number {
    return page.getUint16(20, this.little);
  }

  /** Where the free space of a page begins; of an overflow page how much it holds. */
  free(page: DataView): number {
    return page.getUint16(22, this.little);
  }

  expectNoneLeft(): void {
    for (let number = 1; number <= this.last; number++) {
      if (this.taken[number] === 1) continue;
      const head = this.view(number * this.size, pageHeaderBytes);
      const type = head.getUint8(25);
      if ((type === pageType.hash || type === pageType.hashUnsorted) && this.entries(head) > 0)
        throw this.damaged(`no bucket leads to page ${number}, which has packages`);
    }
  }

  damaged(why: string) {
    return unreadableDatabase(this.file, why);
  }

  private view(offset: number, length: number): DataView {
    const bytes = this.source.read(offset, length);
    if (bytes.length !== length) throw this.damaged('it is truncated');
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
