import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concatBytes, type GrowingTree, uintBytes } from '@pratique/crypto';
import { replaceDurably, syncDirectory, writeTemporary } from '@pratique/storage';

/** Hashes in a tile (C2SP `tlog-tiles`). */
const width = 256;

/** `x001/x234/067`: the index of a tile in groups of three digits. */
export function tilePath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!;
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** Which tile: of hashes at a level, or `entries`, which are the leaves themselves. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** How many of its 256 items it has. */
  readonly width: number;
}

/** Reads `LEVEL/INDEX` with an optional `.p/WIDTH`, the part of a URL after `tile/`; undefined when it is none. */
export function parseTileName(path: string): TileName | undefined {
  const match = /^(entries|\d|[1-5]\d|6[0-3])\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return undefined;
  const [, level, groups, partial] = match;
  const index = Number(groups!.replace(/[x/]/g, ''));
  const held = partial === undefined ? width : Number(partial);
  if (tilePath(index) !== groups || held > width || (partial !== undefined && held === width))
    return undefined;
  return { level: level === 'entries' ? level : Number(level), index, width: held };
}

/** A tile of a log; undefined as long as the log is too small for it. */
export async function readTile(
  log: TiledLog,
  { level, index, width: held }: TileName,
): Promise<Uint8Array | undefined> {
  const hashes = level === 'entries' ? 0 : level;
  const [start, end] = [index * width, index * width + held];
  if (end > Math.floor(log.tree.size / width ** hashes)) return undefined;
  if (level !== 'entries')
    return concatBytes(...Array.from({ length: held }, (_, i) => log.tree.node(level * 8, start + i)));
  const leaves = await log.leaves(start, end);
  if (leaves.some(({ byteLength }) => byteLength > 0xffff))
    throw new RangeError('a leaf does not fit into an entry bundle');
  return concatBytes(...leaves.flatMap((leaf) => [uintBytes(leaf.byteLength, 2), leaf]));
}

/** What tiles are made from. */
export interface TiledLog {
  readonly tree: GrowingTree;
  /** Those from `start` up to and without `end`. */
  leaves(start: number, end: number): Promise<readonly Uint8Array[]>;
}

/** Tiles on their way to the disk: two share its flushes, and leave threads to the journal. */
const writers = 2;

/**
 * Keeps the static files of C2SP `tlog-tiles` beside a log: tiles, entry bundles and the checkpoint, derived from the
 * journal. A tile gets its name when it is on disk, and the checkpoint comes when the names of its tiles are: also after
 * a power cut, and before anything is started again, whoever reads a checkpoint finds its tiles whole. Partial tiles go
 * when the checkpoints that need them are no longer published. Between files everything else goes on.
 */
export class TilePublisher {
  readonly #directory: string;
  readonly #temporary: string;
  readonly #log: TiledLog;
  #published = 0;

  constructor(directory: string, log: TiledLog) {
    this.#directory = directory;
    this.#temporary = join(directory, 'tmp');
    this.#log = log;
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#temporary);
  }

  /** Writes what is new up to `size`, then `checkpoint`. One call at a time. */
  async publish(size: number, checkpoint: string): Promise<void> {
    const tiles = [...tilesBetween(this.#published, size)];
    const left = tiles.values();
    const write = async () => {
      for (const tile of left) await this.#write(tile);
    };
    await Promise.all(Array.from({ length: writers }, write));
    // Also of tiles that were there: who wrote them may have been killed before their names were on disk.
    for (const directory of this.#directoriesOf(tiles)) await syncDirectory(directory);
    const note = new TextEncoder().encode(checkpoint);
    await replaceDurably(this.#temporary, this.#directory, 'checkpoint', note);
    this.#published = size;
    for (const tile of tiles) {
      const partial = `${this.#full(tile)}.p`;
      if (tile.width === width && existsSync(partial)) await rm(partial, { recursive: true });
    }
  }

  async #write(tile: TileName): Promise<void> {
    const path = this.#path(tile);
    if (existsSync(path)) return;
    const temporary = await writeTemporary(this.#temporary, (await readTile(this.#log, tile))!);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
  }

  /** Those that lead to the tiles: from the log's own directory on, until that is known to have the first of them. */
  #directoriesOf(tiles: readonly TileName[]): ReadonlySet<string> {
    const directories = new Set<string>();
    if (this.#published === 0 && tiles.length > 0) directories.add(this.#directory);
    for (const tile of tiles) {
      let directory = dirname(this.#path(tile));
      for (; directory !== this.#directory && !directories.has(directory); directory = dirname(directory))
        directories.add(directory);
    }
    return directories;
  }

  #full({ level, index }: TileName): string {
    return join(this.#directory, 'tile', String(level), tilePath(index));
  }

  #path(tile: TileName): string {
    const full = this.#full(tile);
    return tile.width === width ? full : join(`${full}.p`, String(tile.width));
  }
}

/** The tiles of a tree of `size` leaves that one of `before` leaves has not, or has with fewer items. */
function* tilesBetween(before: number, size: number): Generator<TileName> {
  const levelsBetween = function* (level: TileName['level'], from: number, to: number): Generator<TileName> {
    for (let index = Math.floor(from / width); index * width < to; index++)
      yield { level, index, width: Math.min(width, to - index * width) };
  };
  yield* levelsBetween('entries', before, size);
  for (let level = 0, unit = 1; unit <= size; level++, unit *= width)
    yield* levelsBetween(level, Math.floor(before / unit), Math.floor(size / unit));
}
