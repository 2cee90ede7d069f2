import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  write,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { concatBytes, uintBytes } from '@pratique/crypto';
import { syncDirectorySync } from '@pratique/storage';

const writeFile = promisify(write);
const sync = promisify(fdatasync);

/**
 * On Linux a write returns when its bytes are on disk: one trip to a thread and back instead of two, a third of what a lone
 * client waits for. Elsewhere the flag may not reach the medium as a flush does.
 */
const isWrittenThrough = process.platform === 'linux';
const openFlags = isWrittenThrough ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;

/** Length and CRC-32 of what follows. */
const headerBytes = 8;
/** More than any request may carry. */
const maxRecordBytes = 64 * 1024 * 1024;

/** A file of records that only grows. What is after the last whole record, because of a crash, is not part of it. */
export class Journal {
  readonly #file: number;
  #end: number;

  private constructor(file: number, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Opens or makes the file and calls `each` for every whole record in order. */
  static open(path: string, each: (record: Uint8Array, offset: number) => void): Journal {
    // Not in append mode: a batch that failed halfway is written over by nobody, as the log stops then.
    closeSync(openSync(path, 'a+', 0o600));
    syncDirectorySync(dirname(path));
    const file = openSync(path, openFlags);
    return new Journal(file, scan(file, each));
  }

  /** Calls `each` for every whole record of a file that another process may be writing. */
  static scan(path: string, each: (record: Uint8Array, offset: number) => void): void {
    const file = openSync(path, 'r');
    try {
      scan(file, each);
    } finally {
      closeSync(file);
    }
  }

  /** Cuts off what a crash left behind. Not at opening: only the owner knows whether it is that, or damage. */
  cut(): void {
    if (fstatSync(this.#file).size > this.#end) ftruncateSync(this.#file, this.#end);
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
    if (!isWrittenThrough) await sync(this.#file);
    this.#end = end;
    return offsets;
  }

  /** The record that begins at `offset`. */
  read(offset: number): Uint8Array {
    const record = readAt(this.#file, offset);
    if (record === undefined) throw new Error('a stored record cannot be read back');
    return record;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Calls `each` for whole records from the beginning on, and returns where the last one ends. */
function scan(file: number, each: (record: Uint8Array, offset: number) => void): number {
  for (let end = 0; ; ) {
    const record = readAt(file, end);
    if (record === undefined) return end;
    each(record, end);
    end += headerBytes + record.byteLength;
  }
}

function readAt(file: number, offset: number): Uint8Array | undefined {
  const header = new Uint8Array(headerBytes);
  if (readSync(file, header, 0, headerBytes, offset) < headerBytes) return undefined;
  const view = new DataView(header.buffer);
  const length = view.getUint32(0);
  if (length === 0 || length > maxRecordBytes) return undefined;
  const record = new Uint8Array(length);
  if (readSync(file, record, 0, length, offset + headerBytes) < length) return undefined;
  return crc32(record) === view.getUint32(4) ? record : undefined;
}
