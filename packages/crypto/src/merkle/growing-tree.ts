import { createHash } from 'node:crypto';
import { nodeHash } from './tree.ts';

const hashBytes = 32;
const hashesInPiece = 256;

/**
 * A Merkle tree (RFC 6962 §2.1) that grows at its end and proves what it holds at every size it ever had. It keeps the
 * hashes of all complete subtrees in memory, about 64 bytes a leaf; roots and proofs cost O(log n) hashes.
 */
export class GrowingTree {
  /** By height: the hashes of the complete subtrees, one after the other. */
  readonly #levels: HashList[] = [new HashList()];

  /** Leaves so far. */
  get size(): number {
    return this.#levels[0]!.length;
  }

  /** Adds the hash of a leaf (`leafHash`) and returns its index. */
  append(leaf: Uint8Array): number {
    const index = this.size;
    let hash = leaf;
    for (let height = 0; ; height++) {
      this.#levels[height] ??= new HashList();
      const level = this.#levels[height]!;
      level.push(hash);
      if (level.length % 2 === 1) return index;
      hash = nodeHash(level.at(level.length - 2), hash);
    }
  }

  /** Hash of the complete subtree of 2^`height` leaves at position `index` of its height. */
  node(height: number, index: number): Uint8Array {
    const level = this.#levels[height];
    if (level === undefined || index >= level.length) throw new RangeError('no such complete subtree');
    return level.at(index);
  }

  /** The root of the first `size` leaves. */
  root(size = this.size): Uint8Array {
    this.#check(size);
    if (size === 0) return new Uint8Array(createHash('sha256').digest());
    return this.#range(0, size);
  }

  /** The audit path (RFC 6962 §2.1.1) of the leaf at `index` in the tree of `size` leaves. */
  inclusionProof(index: number, size = this.size): Uint8Array[] {
    this.#check(size);
    if (index < 0 || index >= size) throw new RangeError('no such leaf in a tree of this size');
    const proof: Uint8Array[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      const middle = start + splitPoint(end - start);
      if (index < middle) {
        proof.push(this.#range(middle, end));
        end = middle;
      } else {
        proof.push(this.#range(start, middle));
        start = middle;
      }
    }
    return proof.reverse();
  }

  /** The proof that the tree of `size` leaves begins with the one of `oldSize` (RFC 6962 §2.1.2). */
  consistencyProof(oldSize: number, size = this.size): Uint8Array[] {
    this.#check(size);
    if (oldSize < 1 || oldSize > size) throw new RangeError('no such older tree');
    const proof: Uint8Array[] = [];
    let [start, end, known] = [0, size, true];
    while (end > oldSize) {
      const middle = start + splitPoint(end - start);
      if (oldSize <= middle) {
        proof.push(this.#range(middle, end));
        end = middle;
      } else {
        proof.push(this.#range(start, middle));
        start = middle;
        known = false;
      }
    }
    if (!known) proof.push(this.#range(start, end));
    return proof.reverse();
  }

  /** Hash over the leaves from `start` up to `end`; `start` is a multiple of the range's largest complete subtree. */
  #range(start: number, end: number): Uint8Array {
    const count = end - start;
    const height = Math.floor(Math.log2(count));
    if (count === 2 ** height) return this.node(height, start / count);
    const middle = start + splitPoint(count);
    return nodeHash(this.#range(start, middle), this.#range(middle, end));
  }

  #check(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) {
      throw new RangeError('the tree has never had this size');
    }
  }
}

/** The largest power of two below `count`. */
function splitPoint(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}

/** Hashes side by side in pieces of one size: none is moved, however many there are. */
class HashList {
  readonly #pieces: Uint8Array[] = [];
  length = 0;

  push(hash: Uint8Array): void {
    const at = this.length % hashesInPiece;
    if (at === 0) this.#pieces.push(new Uint8Array(hashBytes * hashesInPiece));
    this.#pieces.at(-1)!.set(hash, at * hashBytes);
    this.length++;
  }

  at(index: number): Uint8Array {
    const at = (index % hashesInPiece) * hashBytes;
    return this.#pieces[Math.floor(index / hashesInPiece)]!.slice(at, at + hashBytes);
  }
}
