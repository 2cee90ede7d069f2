import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { createDigester } from '../reference/digest.ts';
import type { Descriptor, Digest } from '../types.ts';
import { gzipped, type LayerCompression, zstdCompressed } from './compress.ts';
import { contentChunks, contentSize, type FileContent } from './content.ts';
import { type LayerEntry, orderEntries } from './entries.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

/** A layer ready to be pushed. Its bytes are made anew each time it is opened, or lie in a file, so it takes no memory. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar (image-spec §Layer DiffID). */
  readonly diffId: Digest;
  open(): ReadableStream<Uint8Array>;
}

export interface LayerOptions {
  /** Seconds since 1970, the time of every entry. Default `SOURCE_DATE_EPOCH` of the environment, else 0. */
  readonly sourceDateEpoch?: number;
  /**
   * Default `none`: reading is as fast as the disk, and equal input gives equal digests with every version of zlib.
   * With `gzip` and `zstd` that holds for the layer's diff ID; its digest depends on the library that Node was built with.
   */
  readonly compression?: LayerCompression;
  /**
   * A file of the caller's, written anew, in which the layer's bytes stay: for who opens the layer several times, since to
   * compress takes much longer than to read. Default: they are made each time.
   */
  readonly file?: string;
}

type Chunks = AsyncIterable<Uint8Array>;

/** `SOURCE_DATE_EPOCH` (reproducible-builds.org) in seconds, 0 where it is not set. @throws OCI_BUILD_INPUT_INVALID */
export function sourceDateEpoch(environment: NodeJS.ProcessEnv = process.env): number {
  const text = environment.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return 0;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw ociErrors.error('OCI_BUILD_INPUT_INVALID', {
    message: 'SOURCE_DATE_EPOCH is not a number of seconds',
    found: printable(text),
    remedy: 'Set SOURCE_DATE_EPOCH to seconds since 1970, as `date +%s` prints, or unset it.',
  });
}

/**
 * Makes a layer from files: sorted, owned by root, all of one time, so that the same input is the same digest on
 * every machine. Files are read twice, once for the digest and once when the layer is pushed (but with `file`); one that
 * changes in between makes the push fail.
 *
 * @throws OCI_BUILD_INPUT_INVALID, OCI_FILE_UNREADABLE
 */
export async function buildLayer(entries: Iterable<LayerEntry>, options: LayerOptions = {}): Promise<Layer> {
  const ordered = orderEntries(entries);
  const mtime = options.sourceDateEpoch ?? sourceDateEpoch();
  const sizes = new Map<LayerEntry, number>();
  for (const entry of ordered) if (entry.type === 'file') sizes.set(entry, await contentSize(entry.content));
  const compression = options.compression ?? 'none';
  return await measure(() => tarChunks(ordered, sizes, mtime), compression, options.file);
}

async function* tarChunks(
  entries: readonly LayerEntry[],
  sizes: ReadonlyMap<LayerEntry, number>,
  mtime: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const entry of entries) {
    const { uid = 0, gid = 0, path } = entry;
    const common = { uid, gid, mtime, path, size: 0 };
    if (entry.type === 'symlink') {
      yield* tarHeader({ ...common, type: 'symlink', mode: 0o777, target: entry.target });
    } else if (entry.type === 'hardlink') {
      yield* tarHeader({
        ...common,
        type: 'hardlink',
        mode: 0o644,
        target: entry.target.replace(/^\/+/, ''),
      });
    } else if (entry.type === 'directory') {
      yield* tarHeader({ ...common, type: 'directory', path: `${path}/`, mode: entry.mode ?? 0o755 });
    } else {
      const size = sizes.get(entry)!;
      yield* tarHeader({ ...common, type: 'file', size, mode: entry.mode ?? 0o644 });
      let left = size;
      for await (const chunk of contentChunks(entry.content)) {
        left -= chunk.length;
        if (left < 0) break;
        yield chunk;
      }
      if (left !== 0) {
        throw ociErrors.error('OCI_FILE_UNREADABLE', {
          message: `${printable(path)}: changed while it was read`,
        });
      }
      yield tarPadding(size);
    }
  }
  yield tarEnd;
}

const compressors = {
  none: { compress: (chunks: Chunks) => chunks, mediaType: mediaTypes.ociLayer },
  gzip: { compress: gzipped, mediaType: mediaTypes.ociLayerGzip },
  zstd: { compress: zstdCompressed, mediaType: mediaTypes.ociLayerZstd },
} as const satisfies Record<LayerCompression, unknown>;

/** First pass: both digests and the size, and the bytes themselves to `file`. */
export async function measure(
  tar: () => Chunks,
  compression: LayerCompression,
  file?: string,
): Promise<Layer> {
  const { compress, mediaType } = compressors[compression];
  const diff = createDigester();
  const whole = createDigester();
  let size = 0;
  const counted = async function* () {
    for await (const chunk of tar()) {
      diff.update(chunk);
      yield chunk;
    }
  };
  const kept = file === undefined ? undefined : await open(file, 'w', 0o600);
  try {
    for await (const chunk of compress(counted())) {
      if (compression !== 'none') whole.update(chunk);
      size += chunk.length;
      await kept?.writeFile(chunk);
    }
  } finally {
    await kept?.close();
  }
  const diffId = diff.digest();
  return {
    descriptor: { mediaType, digest: compression === 'none' ? diffId : whole.digest(), size },
    diffId,
    open: () => ReadableStream.from(file === undefined ? compress(tar()) : contentChunks({ file })),
  };
}

/** Most a compressed tar may expand to: an honest layer is not larger, a bomb is. */
const maxTarBytes = 64 * 1024 ** 3;

/**
 * Takes a tar archive, plain or gzip, as a layer just as it is: its bytes are the layer's bytes.
 *
 * @throws OCI_FILE_UNREADABLE, OCI_ARCHIVE_UNSAFE
 */
export async function layerFromTar(content: FileContent): Promise<Layer> {
  const whole = createDigester();
  const diff = createDigester();
  let size = 0;
  let expanded = 0;
  let compressed = false;
  const counted = async function* () {
    for await (const chunk of contentChunks(content)) {
      whole.update(chunk);
      if (size === 0) compressed = chunk[0] === 0x1f && chunk[1] === 0x8b;
      size += chunk.length;
      yield chunk;
    }
  };
  // The first chunk decides how the rest is read.
  const chunks = counted();
  const head = await chunks.next();
  const all = async function* () {
    if (!head.done) yield head.value;
    yield* chunks;
  };
  try {
    for await (const chunk of compressed
      ? pipeline(Readable.from(all(), { objectMode: false }), createGunzip(), () => {})
      : all()) {
      expanded += chunk.length;
      if (expanded > maxTarBytes)
        throw ociErrors.error('OCI_ARCHIVE_UNSAFE', { message: 'the tar expands without end' });
      diff.update(chunk);
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw ociErrors.error('OCI_ARCHIVE_UNSAFE', { message: 'the tar is not whole gzip', cause: error });
  }
  return {
    descriptor: {
      mediaType: compressed ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer,
      digest: whole.digest(),
      size,
    },
    diffId: diff.digest(),
    open: () => ReadableStream.from(contentChunks(content)),
  };
}
