import { equalBytes, type GrowingTree } from '@pratique/crypto';

const shardCount = 256;
/** Slots of a new shard; a power of two. */
const firstSlots = 16;

/**
 * Finds the index of a leaf by its hash. The hashes stay in the tree; here is a slot of eight bytes, between two and
 * four times as many as leaves. A shard doubles by itself, so that no append waits until all of a large log is moved.
 */
export class LeafIndex {
  readonly #tree: GrowingTree;
  readonly #shards = Array.from({ length: shardCount }, () => new Shard());

  constructor(tree: GrowingTree) {
    this.#tree = tree;
  }

  /** Adds a leaf that is in the tree; the first one of a hash is the one that is found. */
  add(hash: Uint8Array, index: number): void {
    if (this.find(hash) === undefined) this.#shard(hash).add(tagOf(hash), index);
  }

  find(hash: Uint8Array): number | undefined {
    return this.#shard(hash).find(tagOf(hash), (index) => equalBytes(this.#tree.node(0, index), hash));
  }

  #shard(hash: Uint8Array): Shard {
    return this.#shards[hash[0]!]!;
  }
}

/** The next 32 bits of the hash after the one that chooses the shard. */
function tagOf(hash: Uint8Array): number {
  return ((hash[1]! << 24) | (hash[2]! << 16) | (hash[3]! << 8) | hash[4]!) >>> 0;
}

/** A table with open addressing: pairs of a tag and an index plus one, 0 where nothing is. */
class Shard {
  #slots = new Uint32Array(2 * firstSlots);
  #count = 0;

  add(tag: number, index: number): void {
    if (4 * (this.#count + 1) > this.#slots.length) this.#double();
    this.#put(tag, index + 1);
    this.#count++;
  }

  find(tag: number, isIt: (index: number) => boolean): number | undefined {
    const mask = this.#slots.length - 1;
    for (let at = (2 * tag) & mask; this.#slots[at + 1] !== 0; at = (at + 2) & mask) {
      const index = this.#slots[at + 1]! - 1;
      if (this.#slots[at] === tag && isIt(index)) return index;
    }
    return undefined;
  }

  #put(tag: number, stored: number): void {
    const mask = this.#slots.length - 1;
    let at = (2 * tag) & mask;
    while (this.#slots[at + 1] !== 0) at = (at + 2) & mask;
    this.#slots[at] = tag;
    this.#slots[at + 1] = stored;
  }

  #double(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2)
      if (before[at + 1] !== 0) this.#put(before[at]!, before[at + 1]!);
  }
}
