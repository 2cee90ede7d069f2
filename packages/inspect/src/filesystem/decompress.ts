import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { inspectErrors } from '../errors.ts';

const chunkSize = 256 * 1024;

/**
 * Passes a layer's bytes on uncompressed. Which compression it is, the first bytes say: media types are wrong now and
 * then, and the diff ID proves the outcome in any case. Decompression runs beside the calling thread.
 *
 * @throws INSPECT_LAYER_UNSAFE where the compressed bytes are damaged or cut off
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done) return;
  const whole = rejoined(first.value, source);
  const decoder = decoderOf(first.value);
  if (decoder === undefined) {
    yield* whole;
    return;
  }
  try {
    yield* pipeline(Readable.from(whole, { objectMode: false }), decoder, () => {});
  } catch (error) {
    if (!/^(Z_|ZSTD_|ERR_ZLIB)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw inspectErrors.error('INSPECT_LAYER_UNSAFE', {
      message: 'the layer is not whole gzip or zstd',
      cause: error,
    });
  }
}

function decoderOf(head: Uint8Array) {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip({ chunkSize });
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd)
    return createZstdDecompress({ chunkSize });
  return undefined;
}

async function* rejoined(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
