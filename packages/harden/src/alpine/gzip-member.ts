import { crc32, inflateRawSync } from 'node:zlib';

/** Bytes are not a gzip member. Callers say of what. */
export class GzipError extends Error {}

/** One member of a gzip file: what it holds, and how many bytes it took. */
export interface GzipMember {
  readonly content: Uint8Array;
  readonly length: number;
}

const flag = { headerSum: 2, extra: 4, name: 8, comment: 16 } as const;

/**
 * Reads the first member of a gzip file (RFC 1952 §2.2) and stops there: what is signed in Alpine’s formats are whole
 * members, as they are stored.
 *
 * @param maxBytes of the content
 * @throws GzipError
 */
export function firstMember(bytes: Uint8Array, maxBytes: number): GzipMember {
  const start = headerLength(bytes);
  let inflated: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    inflated = inflateRawSync(bytes.subarray(start), {
      maxOutputLength: maxBytes,
      info: true,
    }) as unknown as typeof inflated;
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new GzipError(tooLarge ? `is larger than ${maxBytes} bytes when unpacked` : 'is not whole gzip', {
      cause,
    });
  }
  const { buffer: content, engine } = inflated;
  const end = start + engine.bytesWritten;
  if (end + 8 > bytes.length) throw new GzipError('is cut off');
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, 8);
  if (trailer.getUint32(0, true) !== crc32(content) || trailer.getUint32(4, true) !== content.length)
    throw new GzipError('is damaged');
  return { content, length: end + 8 };
}

/** RFC 1952 §2.3. */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8)
    throw new GzipError('does not begin as gzip');
  const flags = bytes[3]!;
  let at = 10;
  if (flags & flag.extra) at += 2 + bytes[10]! + bytes[11]! * 256;
  for (const text of [flag.name, flag.comment]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) throw new GzipError('is cut off');
    at = end + 1;
  }
  if (flags & flag.headerSum) at += 2;
  return at;
}
