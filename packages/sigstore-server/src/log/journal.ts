import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, write } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { concatBytes, uintBytes } from '@pratique/crypto';
import { syncDirectorySync } from '@pratique/storage';

const writeFile = promisify(write);
const sync = promisify(fdatasync);

/** Length and CRC-32 of what follows. */
const headerBytes = 8;
/** More than any request may carry. */
const maxRecordBytes = 64 * 1024 * 1024;

/** A file of records that only grows. A record that a crash cut off is dropped at the next start. */
export class Journal {
  readonly #file: number;
  #end: number;

  private constructor(file: number, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Opens or makes the file, calls `each` for every whole record in order, and cuts off what is after them. */
  static open(path: string, each: (record: Uint8Array, offset: number) => void): Journal {
    // Not in append mode: a batch that failed halfway is written over by nobody, as the log stops then.
    const file = openSync(path, 'a+', 0o600);
    closeSync(file);
    syncDirectorySync(dirname(path));
    const journal = new Journal(openSync(path, 'r+'), 0);
    for (;;) {
      const record = journal.#readAt(journal.#end);
      if (record === undefined) break;
      each(record, journal.#end);
      journal.#end += headerBytes + record.byteLength;
    }
    if (fstatSync(journal.#file).size > journal.#end) ftruncateSync(journal.#file, journal.#end);
    return journal;
  }

  /** Stores records and returns where each begins once all of them are on disk. One call at a time. */
  async append(records: readonly Uint8Array[]): Promise<number[]> {
    const offsets: number[] = [];
    let end = this.#end;
    const parts = records.flatMap((record) => {
      offsets.push(end);
      end += headerBytes + record.byteLength;
      return [uintBytes(record.byteLength, 4), uintBytes(crc32(record), 4), record];
    });
    const bytes = concatBytes(...parts);
    for (let offset = 0; offset < bytes.byteLength; ) {
      const { bytesWritten } = await writeFile(
        this.#file,
        bytes,
        offset,
        bytes.byteLength - offset,
        this.#end + offset,
      );
      offset += bytesWritten;
    }
    await sync(this.#file);
    this.#end = end;
    return offsets;
  }

  /** The record that begins at `offset`. */
  read(offset: number): Uint8Array {
    const record = this.#readAt(offset);
    if (record === undefined) throw new Error('a stored record cannot be read back');
    return record;
  }

  close(): void {
    closeSync(this.#file);
  }

  #readAt(offset: number): Uint8Array | undefined {
    const header = new Uint8Array(headerBytes);
    if (readSync(this.#file, header, 0, headerBytes, offset) < headerBytes) return undefined;
    const view = new DataView(header.buffer);
    const length = view.getUint32(0);
    if (length === 0 || length > maxRecordBytes) return undefined;
    const record = new Uint8Array(length);
    if (readSync(this.#file, record, 0, length, offset + headerBytes) < length) return undefined;
    return crc32(record) === view.getUint32(4) ? record : undefined;
  }
}
