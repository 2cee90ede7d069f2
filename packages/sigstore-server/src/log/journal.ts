import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  write,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { syncDirectorySync } from '@pratique/storage';

const writeFile = promisify(write);
const readFile = promisify(read);
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
/** A batch of usual size is put together in the same memory as the one before, which nobody then has to collect. */
const bufferBytes = 1024 * 1024;

/** A file of records that only grows. What is after the last whole record, because of a crash, is not part of it. */
export class Journal {
  readonly #file: number;
  readonly #buffer = new Uint8Array(bufferBytes);
  #end: number;

  private constructor(file: number, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Opens or makes the file and calls `each` for every whole record in order, with where it ends. */
  static open(path: string, each: (record: Uint8Array, end: number) => void): Journal {
    // Not in append mode: a batch that failed halfway is written over by nobody, as the log stops then.
    closeSync(openSync(path, 'a+', 0o600));
    syncDirectorySync(dirname(path));
    const file = openSync(path, openFlags);
    // What is read may be what a process wrote that was killed before it was on disk: nothing follows from it until it is.
    fdatasyncSync(file);
    return new Journal(file, scan(file, each));
  }

  /** Calls `each` for every whole record of a file that another process may be writing. */
  static scan(path: string, each: (record: Uint8Array) => void): void {
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

  /**
   * Stores records, each given in parts, and returns where each ends once all of them are on disk. One call at a time.
   */
  async append(records: readonly (readonly Uint8Array[])[]): Promise<number[]> {
    const length = records.flat().reduce((sum, part) => sum + part.byteLength, headerBytes * records.length);
    const bytes = length <= bufferBytes ? this.#buffer.subarray(0, length) : new Uint8Array(length);
    const ends: number[] = [];
    let end = 0;
    for (const record of records) {
      end = put(bytes, end, record);
      ends.push(this.#end + end);
    }
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
    this.#end += length;
    return ends;
  }

  /** The record that begins at `offset`. */
  read(offset: number): Uint8Array {
    const record = readAt(this.#file, offset);
    if (record === undefined) throw unreadable();
    return record;
  }

  /** The records from `start`, where one begins, up to `end`, where one ends; read at once, and nobody waits. */
  async readAll(start: number, end: number): Promise<Uint8Array[]> {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesRead } = await readFile(this.#file, bytes, at, bytes.byteLength - at, start + at);
      if (bytesRead === 0) throw unreadable();
      at += bytesRead;
    }
    const view = new DataView(bytes.buffer);
    const records: Uint8Array[] = [];
    for (let at = 0; at < bytes.byteLength; ) {
      const begin = at + headerBytes;
      if (begin > bytes.byteLength) throw unreadable();
      const record = bytes.subarray(begin, begin + view.getUint32(at));
      if (crc32(record) !== view.getUint32(at + 4)) throw unreadable();
      records.push(record);
      at = begin + record.byteLength;
    }
    return records;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Writes a record at `offset` and returns where it ends. */
function put(bytes: Uint8Array, offset: number, parts: readonly Uint8Array[]): number {
  let [end, checksum] = [offset + headerBytes, 0];
  for (const part of parts) {
    bytes.set(part, end);
    end += part.byteLength;
    checksum = crc32(part, checksum);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset + offset, headerBytes);
  header.setUint32(0, end - offset - headerBytes);
  header.setUint32(4, checksum);
  return end;
}

function unreadable(): Error {
  return new Error('a stored record cannot be read back');
}

/** Calls `each` for whole records from the beginning on, with where it ends, and returns where the last one does. */
function scan(file: number, each: (record: Uint8Array, end: number) => void): number {
  for (let end = 0; ; ) {
    const record = readAt(file, end);
    if (record === undefined) return end;
    end += headerBytes + record.byteLength;
    each(record, end);
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
