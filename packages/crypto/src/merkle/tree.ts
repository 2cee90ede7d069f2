import { concatBytes, equalBytes } from '../encoding/bytes.ts';
import { digest } from '../encoding/digest.ts';

/** Hash of a leaf (RFC 6962 §2.1). The prefix keeps a leaf from being taken for two children. */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return hash(0, leaf);
}

/** Hash of an inner node from its two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(1, left, right);
}

/** Bytes of every hash in a tree. */
const hashBytes = 32;

/**
 * True when `hashes` leads from the leaf with hash `leaf` at `index` of a tree of `size` leaves to `root` (RFC 9162
 * §2.1.3.2). Says nothing about whose tree that is. Never throws.
 */
export function verifyInclusionProof(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  hashes: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index < 0n || index >= size || leaf.byteLength !== hashBytes) return false;
  let node = index;
  let last = size - 1n;
  let result = leaf;
  for (const sibling of hashes) {
    if (last === 0n || sibling.byteLength !== hashBytes) return false;
    if ((node & 1n) === 1n || node === last) {
      result = nodeHash(sibling, result);
      // The node has no right sibling on this level: go up to the level where it is a right child.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      result = nodeHash(result, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equalBytes(result, root);
}

/**
 * True when `hashes` proves that the tree of `size` leaves with `root` begins with the tree of `oldSize` leaves with
 * `oldRoot` (RFC 9162 §2.1.4.2): nothing that was in the log was changed or removed. Nothing is proven about the empty
 * tree. Never throws.
 */
export function verifyConsistencyProof(
  oldSize: bigint,
  size: bigint,
  hashes: readonly Uint8Array[],
  oldRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  if (oldSize <= 0n) return false;
  return verifySubtreeConsistencyProof({ start: 0n, end: oldSize }, size, hashes, oldRoot, root);
}

/** The leaves from `start` to before `end` of a tree, in the shape of a tree of their own. */
export interface Subtree {
  readonly start: bigint;
  readonly end: bigint;
}

/** A run of leaves is a subtree when it begins at a multiple of its size, rounded up to a power of two. */
function isSubtree({ start, end }: Subtree): boolean {
  if (start < 0n || start >= end) return false;
  let width = 1n;
  while (width < end - start) width <<= 1n;
  return start % width === 0n;
}

/** `verifyInclusionProof` for a leaf of a subtree (draft-ietf-plants-merkle-tree-certs §4.3.2). Never throws. */
export function verifySubtreeInclusionProof(
  leaf: Uint8Array,
  index: bigint,
  subtree: Subtree,
  hashes: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSubtree(subtree)) return false;
  return verifyInclusionProof(leaf, index - subtree.start, subtree.end - subtree.start, hashes, root);
}

/**
 * True when the tree of `size` leaves with `root` contains the subtree with `subtreeRoot`
 * (draft-ietf-plants-merkle-tree-certs §4.4.3, of which RFC 9162 §2.1.4.2 is the case of a start at zero). An
 * empty subtree is in every tree. Never throws.
 */
export function verifySubtreeConsistencyProof(
  subtree: Subtree,
  size: bigint,
  hashes: readonly Uint8Array[],
  subtreeRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  if (subtree.start >= 0n && subtree.start === subtree.end && subtree.end <= size)
    return hashes.length === 0 && equalBytes(subtreeRoot, digest('sha256', new Uint8Array()));
  if (!isSubtree(subtree) || subtree.end > size) return false;
  if (hashes.some((item) => item.byteLength !== hashBytes)) return false;
  let first = subtree.start;
  let node = subtree.end - 1n;
  let last = size - 1n;
  const up = () => {
    first >>= 1n;
    node >>= 1n;
    last >>= 1n;
  };
  if (node === last) while (first !== node) up();
  else while (first !== node && (node & 1n) === 1n) up();
  // A subtree that is one node of the tree is left out of the proof.
  const [start, ...rest] = first === node ? [subtreeRoot, ...hashes] : hashes;
  if (start === undefined) return false;
  let inner = start;
  let outer = start;
  for (const sibling of rest) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      if (first < node) inner = nodeHash(sibling, inner);
      outer = nodeHash(sibling, outer);
      while ((node & 1n) === 0n && node !== 0n) up();
    } else {
      outer = nodeHash(outer, sibling);
    }
    up();
  }
  return last === 0n && equalBytes(inner, subtreeRoot) && equalBytes(outer, root);
}

function hash(prefix: 0 | 1, ...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', concatBytes(Uint8Array.of(prefix), ...parts));
}
