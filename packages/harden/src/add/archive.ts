import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { expandsTooFar } from '@pratique/inspect';
import { DecompressionError, isXz, unxzStream } from '../fetch/decompress.ts';

/** Bytes for the reader of layers, which knows gzip and zstd but not xz: no layer is compressed with it. */
export interface Archive {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Hexadecimal, of the file as it is stored, once `chunks` were read. */
  sha256(): string;
}

/** Opens a tar archive of this machine. */
export function openArchive(path: string, signal?: AbortSignal): Archive {
  const digest = createHash('sha256');
  let size = 0;
  const stored = async function* () {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
      digest.update(chunk);
      size += chunk.length;
      yield new Uint8Array(chunk);
    }
  };
  const chunks = async function* () {
    const source = stored();
    const { value: head = new Uint8Array() } = await source.next();
    const all = (async function* () {
      yield head;
      yield* source;
    })();
    if (!isXz(head)) return yield* all;
    let expanded = 0;
    for await (const chunk of unxzStream(all)) {
      expanded += chunk.length;
      if (expandsTooFar(size, expanded)) throw new DecompressionError('expands far beyond its size');
      yield chunk;
    }
  };
  return { chunks: chunks(), sha256: () => digest.digest('hex') };
}
