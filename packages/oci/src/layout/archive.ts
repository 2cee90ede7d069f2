import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { looksLike, printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { collect } from '../http/collect.ts';
import { maxManifestBytes } from '../manifest/parse.ts';
import { digestAlgorithm, digestHex } from '../reference/digest.ts';
import { dockerArchiveStore } from './docker-archive.ts';
import { checkMarker, parseIndexJson } from './documents.ts';
import { type FileRange, fileFault, openRegular, rangeChunks } from './files.ts';
import { createLayoutRepository, type LayoutRepository } from './repository.ts';
import type { LayoutStore } from './store.ts';
import { tarBlock } from './tar-header.ts';
import { indexTar, lookUp, type TarFile, type TarIndex } from './tar-index.ts';

/** A repository read from an archive. */
export interface ArchiveRepository extends LayoutRepository {
  /** Closes the file. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An archive's entries and a way to read them. */
export interface OpenArchive {
  readonly name: string;
  readonly index: TarIndex;
  /** A file by its path, links followed. */
  find(path: string): TarFile | undefined;
  chunks(file: TarFile): AsyncGenerator<Uint8Array, void, undefined>;
  /** A document of at most 4 MiB. */
  read(file: TarFile): Promise<Uint8Array>;
}

/** Most a compressed archive may expand to on disk, in bytes. */
const maxExpandedBytes = 16 * 1024 ** 3;

/**
 * Opens an archive of images: an OCI image layout in a tar, or what `docker save` writes (the layout is preferred
 * where an archive is both). Compressed ones (gzip) are expanded into a temporary file first. Reads headers only; of
 * a docker archive also the layers that are compressed in it, once, to learn their digests.
 *
 * @param options.gzipLayers present plain layers of a docker archive gzipped, as registries are given them
 * @throws OCI_ARCHIVE_UNSAFE, OCI_LAYOUT_INVALID, OCI_FILE_UNREADABLE
 */
export async function openArchive(
  path: string,
  options: { readonly gzipLayers?: boolean } = {},
): Promise<ArchiveRepository> {
  let range = await openRegular(path);
  if (range === undefined) {
    throw ociErrors.error('OCI_FILE_UNREADABLE', { message: `${printable(path)}: there is no such file` });
  }
  try {
    if (await isGzip(range)) range = await expand(range, path);
    await requireTar(range, path);
    const archive = await openTar(path, range);
    const store = archive.index.files.has('oci-layout')
      ? await layoutStore(archive)
      : await dockerArchiveStore(archive, options.gzipLayers ?? false);
    const close = () => handleOf(range!).close();
    return { ...createLayoutRepository(store, undefined), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await range.handle.close();
    throw error;
  }
}

function handleOf(range: FileRange): FileHandle {
  return range.handle;
}

async function isGzip({ handle }: FileRange): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

/** What was never a tar archive is called what it is: nobody made it badly. */
async function requireTar({ handle, offset }: FileRange, path: string): Promise<void> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(tarBlock), 0, tarBlock, offset);
  const found = looksLike(buffer.subarray(0, bytesRead));
  // An archive of before 1988 has no magic, and an empty one is zeros.
  if (found === 'a tar archive' || (bytesRead === tarBlock && found === 'binary data')) return;
  throw ociErrors.error('OCI_ARCHIVE_UNSAFE', {
    message: `${printable(path)} is no archive of images`,
    expected: 'a tar archive as docker save writes it, or with an OCI image layout in it',
    found: found ?? 'text',
    remedy:
      'Name the archive: `docker save IMAGE -o FILE` or `skopeo copy docker://IMAGE oci-archive:FILE` makes one.',
  });
}

/** Into a file that has no name any more when this returns, so that nothing is left behind. */
async function expand(range: FileRange, path: string): Promise<FileRange> {
  const temporary = join(tmpdir(), `pratique-${randomUUID()}.tar`);
  const handle = await open(temporary, 'wx+', 0o600).catch((error: unknown) => {
    throw fileFault(temporary, error);
  });
  try {
    await unlink(temporary);
    let size = 0;
    for await (const chunk of pipeline(
      Readable.from(rangeChunks(range), { objectMode: false }),
      createGunzip(),
      () => {},
    )) {
      size += chunk.length;
      if (size > maxExpandedBytes) {
        throw ociErrors.error('OCI_ARCHIVE_UNSAFE', {
          message: `${printable(path)}: expands to more than ${maxExpandedBytes} bytes`,
        });
      }
      await handle.write(chunk);
    }
    await range.handle.close();
    return { handle, offset: 0, size };
  } catch (error) {
    await handle.close();
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw ociErrors.error('OCI_ARCHIVE_UNSAFE', {
      message: `${printable(path)}: not whole gzip`,
      cause: error,
    });
  }
}

async function openTar(name: string, range: FileRange): Promise<OpenArchive> {
  const { handle } = range;
  const readAt = async (offset: number, length: number) => {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  const index = await indexTar(readAt, range.size);
  const chunks = (file: TarFile) => rangeChunks({ handle, offset: file.offset, size: file.size });
  return {
    name,
    index,
    find: (path) => lookUp(index, path),
    chunks,
    async read(file) {
      if (file.size > maxManifestBytes) {
        throw ociErrors.error('OCI_SIZE_EXCEEDED', {
          message: `${printable(name)}: a document has ${file.size} bytes`,
        });
      }
      return await collect(chunks(file));
    },
  };
}

async function layoutStore(archive: OpenArchive): Promise<LayoutStore> {
  const { name } = archive;
  checkMarker(await archive.read(archive.find('oci-layout')!), name);
  const index = archive.find('index.json');
  if (index === undefined) {
    throw ociErrors.error('OCI_LAYOUT_INVALID', { message: `${printable(name)}: it has no index.json` });
  }
  const entries = parseIndexJson(await archive.read(index), name);
  return {
    name,
    entries: async () => entries,
    async blob(digest) {
      const file = archive.find(`blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`);
      return file === undefined ? undefined : { size: file.size, chunks: () => archive.chunks(file) };
    },
  };
}
