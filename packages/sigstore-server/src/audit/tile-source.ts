import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchBytes } from '../http/fetch.ts';
import { tilePath } from '../log/tiles.ts';

/** A tile that a directory does not have: something that is wrong with the log, and no failure to read it. */
export class TileMissing extends Error {}

/** Where the files of a C2SP `tlog-tiles` log are read from. */
export interface TileSource {
  /** @throws TileMissing, or Error of the file system or of `fetch` */
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

export function tilesBelow(url: string): TileSource {
  return { read: (path) => fetchBytes(`${url}/${path}`, maxTileBytes) };
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
