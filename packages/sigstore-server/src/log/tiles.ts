import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { concatBytes, type GrowingTree, uintBytes } from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';

/** Hashes in a tile (C2SP `tlog-tiles`). */
const width = 256;

/** `x001/x234/067`: the index of a tile in groups of three digits. */
export function tilePath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!;
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

/**
 * Keeps the static files of C2SP `tlog-tiles` beside a log: tiles, entry bundles and the checkpoint, in that order, so
 * that whoever reads the checkpoint finds its tiles. Derived from the journal: what a crash leaves out is written again.
 */
export class TilePublisher {
  readonly #directory: string;
  readonly #tree: GrowingTree;
  readonly #leaf: (index: number) => Uint8Array;
  #published = 0;

  constructor(directory: string, tree: GrowingTree, leaf: (index: number) => Uint8Array) {
    this.#directory = directory;
    this.#tree = tree;
    this.#leaf = leaf;
  }

  /** Writes what is new up to `size`, then `checkpoint`. */
  publish(size: number, checkpoint: string): void {
    for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / width)) {
      const before = Math.floor(this.#published / width ** level);
      this.#level(`tile/${level}`, before, count, (index) => this.#tree.node(level * 8, index));
    }
    this.#level('tile/entries', this.#published, size, (index) => {
      const leaf = this.#leaf(index);
      if (leaf.byteLength > 0xffff) throw new RangeError('a leaf does not fit into an entry bundle');
      return concatBytes(uintBytes(leaf.byteLength, 2), leaf);
    });
    replaceFile(join(this.#directory, 'checkpoint'), checkpoint);
    this.#published = size;
  }

  #level(name: string, before: number, count: number, item: (index: number) => Uint8Array): void {
    for (let tile = Math.floor(before / width); tile * width < count; tile++) {
      const held = Math.min(width, count - tile * width);
      const full = join(this.#directory, name, tilePath(tile));
      const path = held === width ? full : join(`${full}.p`, String(held));
      if (existsSync(path)) continue;
      const items = Array.from({ length: held }, (_, i) => item(tile * width + i));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, concatBytes(...items));
      if (held === width) rmSync(`${full}.p`, { recursive: true, force: true });
    }
  }
}
