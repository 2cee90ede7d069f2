import { expect, test } from 'vitest';
import { GrowingTree } from './growing-tree.ts';
import { leafHash, verifyConsistencyProof, verifyInclusionProof } from './tree.ts';

const leaves = Array.from({ length: 70 }, (_, i) => leafHash(Uint8Array.of(i)));

test('every leaf is provable in the tree of every size, and in no other place', () => {
  const tree = new GrowingTree();
  for (const leaf of leaves) tree.append(leaf);
  for (let size = 1; size <= leaves.length; size++) {
    const root = tree.root(size);
    for (let index = 0; index < size; index++) {
      const proof = tree.inclusionProof(index, size);
      expect(verifyInclusionProof(leaves[index]!, BigInt(index), BigInt(size), proof, root)).toBe(true);
      expect(verifyInclusionProof(leaves[index]!, BigInt(index + 1), BigInt(size), proof, root)).toBe(false);
    }
  }
});

test('every tree is provably the beginning of every later one, and a changed one is not', () => {
  const [tree, other] = [new GrowingTree(), new GrowingTree()];
  for (const leaf of leaves) tree.append(leaf);
  for (const leaf of leaves.with(0, leafHash(Uint8Array.of(255)))) other.append(leaf);
  for (let size = 1; size <= leaves.length; size++) {
    for (let old = 1; old <= size; old++) {
      const proof = tree.consistencyProof(old, size);
      const verify = (root: Uint8Array) =>
        verifyConsistencyProof(BigInt(old), BigInt(size), proof, root, tree.root(size));
      expect(verify(tree.root(old))).toBe(true);
      expect(verify(other.root(old))).toBe(false);
    }
  }
});

test('a size the tree never had, or a leaf it does not have, gets no proof', () => {
  const tree = new GrowingTree();
  tree.append(leaves[0]!);
  expect(() => tree.root(2)).toThrow(RangeError);
  expect(() => tree.inclusionProof(1)).toThrow(RangeError);
  expect(() => tree.inclusionProof(-1)).toThrow(RangeError);
  expect(() => tree.consistencyProof(0)).toThrow(RangeError);
  expect(() => tree.consistencyProof(2)).toThrow(RangeError);
});
