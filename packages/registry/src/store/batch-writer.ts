import type { FileHandle } from 'node:fs/promises';
import type { BudgetShare } from '@pratique/storage';

/** Bytes gathered before one write: few large writes are what makes a push fast. */
const batchBytes = 1024 * 1024;
/** Writes under way at once, so that receiving goes on while the disk is busy. Bounds the memory of one upload. */
const width = 4;

/**
 * Appends small chunks to a file in large writes, several of them at a time; in smaller ones, one at a time, where the
 * memory for large ones is taken by others.
 */
export class BatchWriter {
  readonly #handle: FileHandle;
  readonly #share: BudgetShare;
  #position: number;
  #batch: Uint8Array[] = [];
  #gathered = 0;
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle, position: number, share: BudgetShare) {
    this.#handle = handle;
    this.#position = position;
    this.#share = share;
  }

  /** Takes a chunk; to be awaited before the next one when it returns a promise. Rejects when an earlier write failed. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#batch.push(chunk);
    this.#gathered += chunk.length;
    if (!this.#share.take(chunk.length)) return this.#flush().then(() => this.#settled());
    return this.#gathered < batchBytes ? undefined : this.#flush();
  }

  /** Writes what is left and waits for all of it. */
  async end(): Promise<void> {
    try {
      if (this.#gathered > 0) await this.#flush();
      await this.#settled();
    } finally {
      this.#share.release();
    }
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#writing);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #flush(): Promise<void> {
    const [chunks, position, gathered] = [this.#batch, this.#position, this.#gathered];
    this.#position += gathered;
    this.#batch = [];
    this.#gathered = 0;
    const writing = writeAll(this.#handle, chunks, position)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#share.give(gathered);
        this.#writing.delete(writing);
      });
    this.#writing.add(writing);
    if (this.#writing.size >= width) await Promise.race(this.#writing);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await handle.writev(chunks, position);
  if (bytesWritten === total) return;
  // A short write happens when the disk fills up: go on until the system says so with an error.
  const all = Buffer.concat(chunks);
  for (let offset = bytesWritten; offset < total; ) {
    const written = await handle.write(all, offset, total - offset, position + offset);
    offset += written.bytesWritten;
  }
}
