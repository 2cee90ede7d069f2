import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Digest } from '@pratique/oci';
import { wholeZstd } from '../zstd-frames.ts';
import { type Compressed, compressionOf, magicBytes } from './compression.ts';
import { damaged } from './damaged.ts';
import { digested } from './digested.ts';
import type { Unpack, Unpacked } from './unpacked.ts';

const chunkSize = 256 * 1024;

/**
 * Passes a layer's bytes on uncompressed, and computes their digest.
 *
 * @param stored digest of `chunks` as they are, asked for once they were read
 * @param onThread does it, for layers that are worth a thread; else it is done beside the calling thread
 * @throws INSPECT_LAYER_UNSAFE while `chunks` is read, where the compressed bytes are damaged or cut off
 */
export async function unpack(
  chunks: AsyncIterable<Uint8Array>,
  stored: () => Digest,
  onThread?: Unpack,
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
  if (onThread !== undefined) return onThread(whole, compression);
  return digested(decompressed(whole, compression));
}

async function* notCutOff(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* wholeZstd(chunks);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ZSTD_TRUNCATED' ? damaged(error) : error;
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
