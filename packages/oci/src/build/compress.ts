import { availableParallelism } from 'node:os';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, crc32, createZstdCompress, deflateRaw } from 'node:zlib';

type Chunks = AsyncIterable<Uint8Array>;

/** How the bytes of a layer are stored. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

// Made when it is called: to look at zlib where this file is loaded costs every command 4 ms in the standalone executable.
const compressBlock = (bytes: Uint8Array, options: Parameters<typeof deflateRaw>[1]): Promise<Buffer> =>
  promisify<Uint8Array, Parameters<typeof deflateRaw>[1], Buffer>(deflateRaw as never)(bytes, options);

/** Bytes compressed at a time. Part of what makes the output: another value gives other digests. */
const blockBytes = 1024 * 1024;
/** How far deflate looks back (RFC 1951 §2). */
const windowBytes = 32 * 1024;

/** RFC 1952 §2.3, with nothing of when and where: no time, unknown operating system. */
const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** An empty last block with fixed codes (RFC 1951 §3.2.6). */
const lastBlock = Uint8Array.of(3, 0);

/**
 * gzip, one member, on several threads: blocks of a fixed size are compressed side by side on Node's thread pool, each
 * with the end of the one before as its dictionary, and put together in order. The bytes depend on the content and on the
 * zlib that Node was built with, never on the number of threads or on how the content came in pieces.
 *
 * @param atOnce blocks in work at the same time
 */
export async function* gzipped(
  chunks: Chunks,
  atOnce = availableParallelism() + 1,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pending: Promise<Uint8Array>[] = [];
  let dictionary: Uint8Array | undefined;
  let sum = 0;
  let size = 0;
  yield gzipHeader.slice();
  try {
    for await (const block of blocks(chunks, blockBytes)) {
      sum = crc32(block, sum);
      size += block.length;
      const options = { level: 6, finishFlush: constants.Z_SYNC_FLUSH };
      pending.push(compressBlock(block, dictionary === undefined ? options : { ...options, dictionary }));
      dictionary = block.subarray(-windowBytes);
      if (pending.length >= atOnce) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    // Whoever stops reading early does not want to hear of what was in work.
    for (const one of pending) one.catch(() => {});
  }
  const trailer = new Uint8Array(8);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, sum, true);
  view.setUint32(4, size % 2 ** 32, true);
  yield lastBlock.slice();
  yield trailer;
}

/**
 * zstd (RFC 8878), one frame: not all readers go on after the first. The bytes depend on the content and on the zstd that
 * Node was built with.
 */
export async function* zstdCompressed(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
  const source = Readable.from(blocks(chunks, blockBytes), { objectMode: false });
  yield* pipeline(source, createZstdCompress({ params }), () => {});
}

/** The same bytes in pieces of one size, the last of what is left. */
async function* blocks(chunks: Chunks, bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let block = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + bytes - filled);
      block.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      if (filled < bytes) continue;
      yield block;
      block = new Uint8Array(bytes);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
