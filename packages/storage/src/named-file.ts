import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { endedBySignals } from './ended-by-signals.ts';

/** Why a file that could be opened is not read. */
export class FileRefused extends Error {
  readonly code: 'TOO_LARGE' | 'NOT_A_FILE';

  constructor(code: FileRefused['code'], message: string) {
    super(message);
    this.name = 'FileRefused';
    this.code = code;
  }
}

/** Whether something is at a path. @throws what the system says where it may not be looked for, which is no answer */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

const chunkBytes = 64 * 1024;

/**
 * All bytes of a file that somebody named: a regular file, or what somebody else writes (a pipe, a socket, a terminal:
 * `/dev/stdin`, `/dev/fd/63` of a shell's `<(…)`). While it waits for those, SIGINT and SIGTERM end the process.
 *
 * @param maxBytes reading ends there, also where the file does not say how large it is
 * @throws FileRefused for more than that and for devices, else what the system says (ENOENT, EACCES, EISDIR, …)
 */
export function readNamedFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const stat = statSync(path);
  if (stat.isFile()) return readOpened(path, maxBytes);
  return endedBySignals(() => {
    if (isDevice(stat) && path !== devNull && !isTerminal(path)) {
      throw new FileRefused('NOT_A_FILE', 'it is a device, and no file or pipe');
    }
    try {
      return readOpened(path, maxBytes);
    } catch (error) {
      // A socket has no name to open it by. What is meant is open already.
      const own = /^\/dev\/(?:stdin|fd\/(\d{1,9}))$/.exec(path);
      if (own === null || (error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      return readAll(Number(own[1] ?? 0), maxBytes);
    }
  });
}

/** The same of a descriptor that is open already, as standard input is; it stays open. */
export function readDescriptor(descriptor: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  return fstatSync(descriptor).isFile()
    ? readAll(descriptor, maxBytes)
    : endedBySignals(() => readAll(descriptor, maxBytes));
}

function readOpened(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const descriptor = openSync(path, 'r');
  try {
    return readAll(descriptor, maxBytes);
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  const stat = fstatSync(descriptor);
  const size = stat.isFile() ? stat.size : 0;
  if (size > maxBytes) throw tooLarge(maxBytes);
  // One byte more than it should have, to see its end; files of the kernel say 0 and have something.
  let bytes = new Uint8Array(Math.min(Math.max(size, chunkBytes), maxBytes) + 1);
  for (let length = 0; ; ) {
    const read = readSome(descriptor, bytes.subarray(length));
    length += read;
    if (length > maxBytes) throw tooLarge(maxBytes);
    if (read === 0) return bytes.slice(0, length);
    if (length < bytes.length) continue;
    const larger = new Uint8Array(Math.min(2 * bytes.length, maxBytes + 1));
    larger.set(bytes);
    bytes = larger;
  }
}

function readSome(descriptor: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, into);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // Whoever shares it does not want to be waited for: the writer needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function isDevice(stat: Stats): boolean {
  return stat.isCharacterDevice() || stat.isBlockDevice();
}

function isTerminal(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    // Loaded for a device alone: everything that starts would pay for it.
    return process.getBuiltinModule('node:tty').isatty(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function tooLarge(maxBytes: number): FileRefused {
  return new FileRefused('TOO_LARGE', `it is larger than ${maxBytes} bytes`);
}
