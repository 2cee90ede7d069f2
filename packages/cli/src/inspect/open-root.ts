import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  type FileSystem,
  type Image,
  inspectErrors,
  type KeepRule,
  parsePlatform,
  readImage,
  readRootArchive,
  readRootDirectory,
} from '@pratique/inspect';
import { isDigest } from '@pratique/oci';
import { isThere } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import { named } from '../program/parse-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient } from '../registry/client.ts';
import { openPlace } from '../registry/places.ts';
import type { imageFlags } from '../specs/inspect.ts';

/** What a command looks into: an image, or a root file system without one. */
export interface OpenRoot {
  /** For people. */
  readonly name: string;
  readonly fileSystem: FileSystem;
  /** Absent for a root file system. */
  readonly image: Image | undefined;
  /** The tag it was asked for by; absent where it was a digest. */
  readonly tag: string | undefined;
}

const maxCacheBytes = 1024 ** 3;

/** Reads what the command line names. Close its `fileSystem` when done. */
export async function openRoot(
  text: string,
  keep: KeepRule,
  flags: FlagValues<typeof imageFlags>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<OpenRoot> {
  const rootfs = /^rootfs:(.+)$/s.exec(text)?.[1];
  if (rootfs !== undefined) {
    const fileSystem = await readRoot(resolve(terminal.cwd, rootfs), keep, signal);
    return { name: text, fileSystem, image: undefined, tag: undefined };
  }
  const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
  const client = openClient(flags, terminal);
  try {
    const place = await openPlace(client, text, terminal);
    try {
      const cache = { directory: join(cacheDirectory(terminal.env), 'layers'), maxBytes: maxCacheBytes };
      const image = await readImage(place.repository, place.version, {
        keep,
        signal,
        ...(platform === undefined ? {} : { platform }),
        ...(flags.cache ? { cache } : {}),
      });
      const tag = isDigest(place.version) ? undefined : place.version;
      return { name: place.name, fileSystem: image.fileSystem, image, tag };
    } finally {
      await place.close();
    }
  } finally {
    client.close();
  }
}

async function readRoot(path: string, keep: KeepRule, signal: AbortSignal): Promise<FileSystem> {
  if (!isThere(path))
    throw cliErrors.error('FILE_UNREADABLE', { message: `there is no file or directory ${printable(path)}` });
  if (statSync(path).isDirectory()) return readRootDirectory(path, { keep });
  if (isXz(path)) return await readXz(path, keep, signal);
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024, signal });
  try {
    return await readRootArchive(stream, { keep });
  } catch (error) {
    throw named(path, error);
  }
}

/** By its first six bytes (The .xz File Format 1.2.1, section 2.1.1.1). */
function isXz(path: string): boolean {
  const head = Buffer.alloc(6);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString('hex') === 'fd377a585a00';
}

/** Layers are never compressed so, root file systems often are: only then is loaded what it takes. */
async function readXz(path: string, keep: KeepRule, signal: AbortSignal): Promise<FileSystem> {
  const { DecompressionError, openArchive } = await import('@pratique/harden');
  try {
    return await readRootArchive(openArchive(path, signal).chunks, { keep });
  } catch (error) {
    const unsafe =
      error instanceof DecompressionError &&
      inspectErrors.error('INSPECT_LAYER_UNSAFE', { message: `the archive ${error.message}`, cause: error });
    throw named(path, unsafe || error);
  }
}
