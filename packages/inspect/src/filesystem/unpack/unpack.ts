import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createDigester, type Digest } from '@pratique/oci';
import { wholeZstd } from '../zstd-frames.ts';
import { type Compressed, compressionOf, magicBytes } from './compression.ts';
import { damaged } from './damaged.ts';
import type { UnpackThreads } from './threads.ts';

/** A layer's bytes uncompressed. */
export interface Unpacked {
  /** Each piece is valid until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Digest of all of them, once they were read. */
  diffId(): Digest;
}

const chunkSize = 256 * 1024;

/**
 * Passes a layer's bytes on uncompressed, and computes their digest.
 *
 * @param stored digest of `chunks` as they are, asked for once they were read
 * @param threads where to do it, for layers that are worth a thread; else beside the calling thread
 * @throws INSPECT_LAYER_UNSAFE while `chunks` is read, where the compressed bytes are damaged or cut off
 */
export async function unpack(
  chunks: AsyncIterable<Uint8Array>,
  stored: () => Digest,
  threads?: UnpackThreads,
): Promise<Unpacked> {
  const source = chunks[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  let next = await source.next();
  for (; !next.done && head.length < magicBytes; next = await source.next())
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  const all = rejoined(head, next, source);
  const compression = compressionOf(head);
  if (compression === 'none') return { chunks: all, diffId: stored };
  const whole = compression === 'zstd' ? notCutOff(all) : all;
  if (threads !== undefined) return threads.unpack(whole, compression);
  const digester = createDigester();
  return { chunks: digested(decompressed(whole, compression), digester), diffId: () => digester.digest() };
}

async function* notCutOff(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* wholeZstd(chunks);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ZSTD_TRUNCATED' ? damaged(error) : error;
  }
}

async function* digested(
  chunks: AsyncIterable<Uint8Array>,
  digester: ReturnType<typeof createDigester>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    digester.update(chunk);
    yield chunk;
  }
}

async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compressed,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize });
  try {
    yield* pipeline(Readable.from(chunks, { objectMode: false }), decoder, () => {});
  } catch (error) {
    if (!/^(Z_|ZSTD_|ERR_ZLIB)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw damaged(error);
  }
}

async function* rejoined(
  head: Uint8Array,
  then: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield head;
    for (let next = then; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
