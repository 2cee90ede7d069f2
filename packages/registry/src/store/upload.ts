import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createDigester,
  type Digest,
  type DigestAlgorithm,
  type Digester,
  digestAlgorithm,
} from '@pratique/oci';
import { type ByteBudget, removeQuietly } from '@pratique/storage';
import { ApiError } from '../api-error.ts';
import { BatchWriter } from './batch-writer.ts';

/**
 * A blob on its way in: a temporary file and the running digest of what it holds. It lives in this process only;
 * after a restart the client is told BLOB_UPLOAD_UNKNOWN and begins again, and the file is removed.
 */
export class Upload {
  readonly id: string;
  readonly repository: string;
  /** When bytes last came, by `performance.now()`. */
  touched = performance.now();
  readonly #path: string;
  readonly #memory: ByteBudget;
  readonly #algorithm: DigestAlgorithm;
  readonly #digester: Digester;
  #handle: FileHandle | undefined;
  #size = 0;
  #busy = false;
  #broken = false;

  private constructor(
    id: string,
    repository: string,
    path: string,
    memory: ByteBudget,
    algorithm: DigestAlgorithm,
    handle: FileHandle,
  ) {
    this.id = id;
    this.repository = repository;
    this.#path = path;
    this.#memory = memory;
    this.#algorithm = algorithm;
    this.#digester = createDigester(algorithm);
    this.#handle = handle;
  }

  /** Begins an upload; `algorithm` is the digest the client said it will finish with, if it did. */
  static async begin(
    directory: string,
    repository: string,
    memory: ByteBudget,
    algorithm: DigestAlgorithm = 'sha256',
  ): Promise<Upload> {
    const id = randomUUID();
    const path = join(directory, id);
    return new Upload(id, repository, path, memory, algorithm, await open(path, 'wx+'));
  }

  /** Bytes received so far. */
  get size(): number {
    return this.#size;
  }

  /** True once bytes could not be written or the content was refused: nothing can be added any more. */
  get broken(): boolean {
    return this.#broken;
  }

  /** True while a request is sending bytes. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Appends what `source` yields, up to `maxBytes` for the whole blob, earlier chunks included. When the client
   * disconnects midway, what did arrive is kept, and the client can resume after asking for the status.
   */
  async append(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined || this.#broken) throw unusable();
    this.#busy = true;
    const writer = new BatchWriter(handle, this.#size, this.#memory.share());
    try {
      for await (const chunk of source) {
        if (this.#broken) throw unusable();
        if (this.#size + chunk.length > maxBytes) {
          this.#broken = true;
          throw new ApiError(413, 'SIZE_INVALID', `a blob may have at most ${maxBytes} bytes`);
        }
        this.#digester.update(chunk);
        this.#size += chunk.length;
        this.touched = performance.now();
        await writer.write(chunk);
      }
    } finally {
      await this.#settle(writer);
    }
  }

  /**
   * Checks that the content has `digest`, puts it on disk and returns the temporary file's path. On a mismatch the
   * bytes are dropped (distribution-spec "Pushing blobs": DIGEST_INVALID).
   */
  async finish(digest: Digest): Promise<string> {
    const handle = this.#handle;
    if (handle === undefined || this.#broken) throw unusable();
    this.#busy = true;
    try {
      const actual = await this.#digestAs(digestAlgorithm(digest));
      if (actual !== digest) {
        throw new ApiError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content', [
          { expected: digest, found: actual },
        ]);
      }
      await handle.sync();
    } catch (error) {
      await this.discard();
      throw error;
    }
    this.#handle = undefined;
    await handle.close();
    return this.#path;
  }

  /** Drops the bytes. Safe to call at any time, more than once. */
  async discard(): Promise<void> {
    this.#broken = true;
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    await handle.close().catch(() => {});
    removeQuietly(this.#path);
  }

  async #settle(writer: BatchWriter): Promise<void> {
    try {
      await writer.end();
    } catch (error) {
      this.#broken = true;
      // Cancelled by another request, which closed the file.
      throw this.#handle === undefined ? unusable() : error;
    } finally {
      this.#busy = false;
      this.touched = performance.now();
    }
  }

  async #digestAs(algorithm: DigestAlgorithm): Promise<Digest> {
    if (algorithm === this.#algorithm) return this.#digester.digest();
    // The client only now says which algorithm it uses, so the content is read once more.
    const digester = createDigester(algorithm);
    for await (const chunk of createReadStream(this.#path, { highWaterMark: 1024 * 1024 })) {
      digester.update(chunk as Uint8Array);
    }
    return digester.digest();
  }
}

function unusable(): ApiError {
  return new ApiError(
    404,
    'BLOB_UPLOAD_UNKNOWN',
    'the upload is unknown, was cancelled or has failed: start again',
  );
}
