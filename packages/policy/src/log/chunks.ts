import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Several events as one upload: a gzipped JSON array, as OPA sends it. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly events: number;
}

/**
 * Packs events (each JSON text) into uploads of at most `maxBytes` compressed. Events that are larger by themselves
 * are left out and counted.
 */
export async function packChunks(
  lines: readonly string[],
  maxBytes: number,
): Promise<{ readonly chunks: readonly Chunk[]; readonly tooLarge: number }> {
  if (lines.length === 0) return { chunks: [], tooLarge: 0 };
  const bytes = new Uint8Array(await compress(`[${lines.join(',')}]`));
  if (bytes.byteLength <= maxBytes) return { chunks: [{ bytes, events: lines.length }], tooLarge: 0 };
  if (lines.length === 1) return { chunks: [], tooLarge: 1 };
  const middle = lines.length >> 1;
  const [first, second] = [
    await packChunks(lines.slice(0, middle), maxBytes),
    await packChunks(lines.slice(middle), maxBytes),
  ];
  return { chunks: [...first.chunks, ...second.chunks], tooLarge: first.tooLarge + second.tooLarge };
}
