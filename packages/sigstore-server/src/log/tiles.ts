import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concatBytes, type GrowingTree, uintBytes } from '@pratique/crypto';
import { replaceDurably } from '@pratique/storage';

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

/**
 * Keeps the static files of C2SP `tlog-tiles` beside a log: tiles, entry bundles and the checkpoint, in that order, so
 * that whoever reads the checkpoint finds its tiles. Derived from the journal: what a crash leaves out is written again.
 * A file gets its name when it is whole. Between files everything else goes on.
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
    for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / width)) {
      await this.#level(level, Math.floor(this.#published / width ** level), count);
    }
    await this.#level('entries', this.#published, size);
    const note = new TextEncoder().encode(checkpoint);
    await replaceDurably(this.#temporary, this.#directory, 'checkpoint', note);
    this.#published = size;
  }

  async #level(level: TileName['level'], before: number, count: number): Promise<void> {
    for (let index = Math.floor(before / width); index * width < count; index++) {
      const held = Math.min(width, count - index * width);
      const full = join(this.#directory, 'tile', String(level), tilePath(index));
      const path = held === width ? full : join(`${full}.p`, String(held));
      if (existsSync(path)) continue;
      const temporary = join(this.#temporary, 'tile');
      await writeFile(temporary, (await readTile(this.#log, { level, index, width: held }))!);
      if (!existsSync(dirname(path))) await mkdir(dirname(path), { recursive: true });
      await rename(temporary, path);
      if (held === width && existsSync(`${full}.p`)) await rm(`${full}.p`, { recursive: true });
    }
  }
}
