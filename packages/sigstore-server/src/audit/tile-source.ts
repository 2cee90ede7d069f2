import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';
import { fetchBytes } from '../http/fetch.ts';
import { tilePath } from '../log/tiles.ts';

/** A tile that a directory does not have: something that is wrong with the log, and no failure to read it. */
export class TileMissing extends Error {}

/** Where the files of a C2SP `tlog-tiles` log are read from. */
export interface TileSource {
  /** @throws TileMissing, SIGSTORE_LOG_UNREACHABLE, or Error of the file system */
  read(path: string): Promise<Uint8Array>;
}

/** More than 256 leaves can have. */
const maxTileBytes = 256 * (2 + 65_535);

export function tilesInDirectory(directory: string): TileSource {
  return {
    async read(path) {
      try {
        return readFileSync(join(directory, path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        throw new TileMissing(path, { cause: error });
      }
    },
  };
}

export function tilesBelow(url: string, signal?: AbortSignal): TileSource {
  return {
    async read(path) {
      signal?.throwIfAborted();
      try {
        return await fetchBytes(`${url}/${path}`, maxTileBytes, signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        // Of what `fetch` throws the cause says why.
        const { message, cause } = error as Error;
        throw sigstoreServerErrors.error('SIGSTORE_LOG_UNREACHABLE', {
          message: `${printable(`${url}/${path}`, 300)}: ${printable(cause instanceof Error ? cause.message : message, 300)}`,
          cause: error,
        });
      }
    },
  };
}

/** The first `width` items of a tile. The partial tile may be gone when the full one has come, which begins with it. */
export async function readPartial(
  source: TileSource,
  level: number | 'entries',
  index: number,
  width: number,
): Promise<Uint8Array> {
  const full = `tile/${level}/${tilePath(index)}`;
  if (width === 256) return await source.read(full);
  try {
    return await source.read(`${full}.p/${width}`);
  } catch {
    return await source.read(full);
  }
}

/** True for a directory in which a log has published a checkpoint. */
export function isPublished(directory: string): boolean {
  return existsSync(join(directory, 'checkpoint'));
}
