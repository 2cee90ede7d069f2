import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectories } from '@pratique/storage';
import { policyErrors } from '../errors.ts';
import type { FileLogConfig } from './config.ts';
import type { LogSink } from './sink.ts';

interface Waiting {
  readonly line: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Bytes that wait for the disk; more than this and the disk is taken for gone. */
const maxWaitingBytes = 64 * 1024 * 1024;

/**
 * Appends events to a file, one line each. With `sync` an event counts as written when it is on the disk; events that
 * arrive while the disk works share the next turn. Without, whoever logs does not wait.
 */
export class FileSink implements LogSink {
  readonly #config: FileLogConfig;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #file: { readonly handle: FileHandle; size: number } | undefined;
  #writing: Promise<void> | undefined;

  constructor(config: FileLogConfig) {
    this.#config = config;
  }

  /** Rejects with LOG_WRITE_FAILED when the line did not get to the file (with `sync`: to the disk). */
  write(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${line}\n`);
    return new Promise((resolve, reject) => {
      if (this.#waitingBytes + bytes.byteLength > maxWaitingBytes)
        return reject(this.#failed(new Error('too many events wait')));
      this.#waitingBytes += bytes.byteLength;
      this.#waiting.push({ line: bytes, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  get waits(): boolean {
    return this.#config.sync;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const turn = this.#waiting.splice(0);
      const bytes = new Uint8Array(Buffer.concat(turn.map(({ line }) => line)));
      this.#waitingBytes -= bytes.byteLength;
      try {
        await this.#append(bytes);
        for (const { resolve } of turn) resolve();
      } catch (cause) {
        // What of it is in the file is not known: the next turn begins with a look at the file's end.
        await this.#file?.handle.close().catch(() => undefined);
        this.#file = undefined;
        for (const { reject } of turn) reject(this.#failed(cause));
      }
    }
    this.#writing = undefined;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const { maxMiB, sync } = this.#config;
    this.#file ??= await this.#open();
    if (this.#file.size > 0 && this.#file.size + bytes.byteLength > maxMiB * 1024 * 1024) {
      await this.#rotate(this.#file.handle);
      this.#file = await this.#open();
    }
    await this.#file.handle.appendFile(bytes);
    this.#file.size += bytes.byteLength;
    if (sync) await this.#file.handle.datasync();
  }

  /** A line that a crash cut short is ended, so that the next one stands by itself. */
  async #open(): Promise<{ handle: FileHandle; size: number }> {
    const { path, sync } = this.#config;
    makeDirectories(dirname(path));
    const handle = await open(path, 'a+', 0o600);
    let { size } = await handle.stat();
    if (size > 0) {
      const { buffer } = await handle.read(new Uint8Array(1), 0, 1, size - 1);
      if (buffer[0] !== 0x0a) {
        await handle.appendFile('\n');
        size++;
      }
    } else if (sync) await syncFolder(dirname(path));
    return { handle, size };
  }

  async #rotate(handle: FileHandle): Promise<void> {
    const { path, keep } = this.#config;
    await handle.datasync();
    await handle.close();
    this.#file = undefined;
    await rm(`${path}.${keep}`, { force: true });
    for (let age = keep - 1; age >= 0; age--) {
      const from = age === 0 ? path : `${path}.${age}`;
      await rename(from, `${path}.${age + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }

  #failed(cause: unknown): Error {
    const { code, message } = cause as NodeJS.ErrnoException;
    return policyErrors.error('LOG_WRITE_FAILED', {
      message: `cannot write to ${this.#config.path} (${code ?? message})`,
      cause,
    });
  }
}

/** A new file is there after a crash only when its folder is on the disk, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
