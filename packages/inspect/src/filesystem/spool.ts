import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import type { ByteSource } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';

/**
 * Where kept contents lie: one temporary file that has no name any more once it is open, so that memory does not grow
 * with what is kept and nothing is left behind, whatever happens.
 */
export class Spool {
  private descriptor: number | undefined;
  private readonly maxBytes: number;
  size = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** @throws INSPECT_LIMIT, INSPECT_SPOOL_FAILED */
  append(chunk: Uint8Array): void {
    if (this.size + chunk.length > this.maxBytes) {
      throw inspectErrors.error('INSPECT_LIMIT', {
        message: `more than ${this.maxBytes} bytes of one layer's files would have to be kept`,
      });
    }
    try {
      this.descriptor ??= openNameless();
      for (let at = 0; at < chunk.length; )
        at += writeSync(this.descriptor, chunk, at, chunk.length - at, this.size + at);
    } catch (error) {
      throw inspectErrors.error('INSPECT_SPOOL_FAILED', {
        message: `${printable(tmpdir())}: ${(error as NodeJS.ErrnoException).code}`,
        cause: error,
      });
    }
    this.size += chunk.length;
  }

  /** Takes back everything appended since the size was `size`. */
  rewind(size: number): void {
    this.size = size;
  }

  /** What lies between `offset` and `offset + size`; readable until the spool is closed. */
  source(name: string, offset: number, size: number): ByteSource {
    return {
      name,
      size,
      read: (from, length) => {
        const wanted = Math.max(0, Math.min(length, size - from));
        const buffer = new Uint8Array(wanted);
        if (wanted === 0) return buffer;
        return buffer.subarray(0, readSync(this.descriptor!, buffer, 0, wanted, offset + from));
      },
    };
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

function openNameless(): number {
  const path = join(tmpdir(), `pratique-${randomUUID()}.spool`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}
