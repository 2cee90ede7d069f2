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

async function unxz(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of unxzStream([bytes])) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

/** Whether it is xz, by the first six bytes (The .xz File Format 1.2.1, section 2.1.1.1). */
export function isXz(head: Uint8Array): boolean {
  return Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 6)).equals(xzMagic);
}

const xzMagic = Buffer.from('fd377a585a00', 'hex');

/**
 * Uncompresses xz piece by piece. Node has no xz; the library is WebAssembly, and loaded when the first xz file is met. It
 * checks CRC32 and CRC64, and knows no SHA-256 as integrity check.
 *
 * @throws DecompressionError; where `source` cannot be read, what it throws
 */
export async function* unxzStream(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { XzReadableStream } = createRequire(import.meta.url)(
    'xz-decompress',
  ) as typeof import('xz-decompress');
  try {
    const unpacked = new XzReadableStream(ReadableStream.from(source)) as AsyncIterable<Uint8Array>;
    // The library may use its memory again.
    for await (const chunk of unpacked) yield chunk.slice();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    throw new DecompressionError('is not well compressed (xz)', { cause });
  }
}

function tooLarge(maxBytes: number): DecompressionError {
  return new DecompressionError(`is larger than ${maxBytes} bytes when unpacked`);
}
