import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip, type ZstdOptions, zstdDecompress } from 'node:zlib';
import { ZstdFrames } from '@pratique/inspect';

export type Compression = 'gz' | 'xz' | 'zst' | 'none';

/** Something was not well compressed, or larger than allowed. Callers say of what. */
export class DecompressionError extends Error {}

/**
 * The whole content, at most `maxBytes` of it: what would become larger is refused before it is in memory.
 *
 * @throws DecompressionError
 */
export async function decompress(
  bytes: Uint8Array,
  compression: Compression,
  maxBytes: number,
): Promise<Uint8Array> {
  if (compression === 'xz') return await unxz(bytes, maxBytes);
  if (compression === 'none') {
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  if (compression === 'zst') {
    const frames = new ZstdFrames();
    frames.update(bytes);
    if (!frames.whole) throw new DecompressionError('is not well compressed (cut off)');
  }
  const options = { maxOutputLength: maxBytes };
  try {
    return compression === 'gz'
      ? await promisify(gunzip)(bytes, options)
      : await promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress)(bytes, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new DecompressionError(`is not well compressed (${code ?? 'unknown error'})`, { cause });
  }
}

/** Node has no xz. The library is WebAssembly, and loaded when the first xz file is met. */
async function unxz(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { XzReadableStream } = createRequire(import.meta.url)(
    'xz-decompress',
  ) as typeof import('xz-decompress');
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of new XzReadableStream(source) as AsyncIterable<Uint8Array>) {
      total += chunk.length;
      if (total > maxBytes) throw tooLarge(maxBytes);
      // The library may use its memory again.
      chunks.push(chunk.slice());
    }
  } catch (cause) {
    if (cause instanceof DecompressionError) throw cause;
    throw new DecompressionError('is not well compressed (xz)', { cause });
  }
  return Buffer.concat(chunks, total);
}

function tooLarge(maxBytes: number): DecompressionError {
  return new DecompressionError(`is larger than ${maxBytes} bytes when unpacked`);
}
