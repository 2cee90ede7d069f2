import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyInclusion } from './merkle.ts';

const hash = (...parts: Uint8Array[]) =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const leafHash = (leaf: Uint8Array) => hash(Uint8Array.of(0), leaf);
const node = (left: Uint8Array, right: Uint8Array) => hash(Uint8Array.of(1), left, right);
const split = (count: number) => 2 ** Math.floor(Math.log2(count - 1));

function root(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leafHash(leaves[0]!);
  return node(root(leaves.slice(0, split(leaves.length))), root(leaves.slice(split(leaves.length))));
}

function path(index: number, leaves: Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...path(index, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...path(index - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

const tree = fc.integer({ min: 1, max: 40 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

function proofOf(size: number, index: number) {
  const leaves = Array.from({ length: size }, (_, i) => Uint8Array.of(i));
  const proof = {
    rootHash: root(leaves),
    treeSize: BigInt(size),
    logIndex: BigInt(index),
    hashes: path(index, leaves),
    checkpoint: '',
  };
  return { leaf: leaves[index]!, proof };
}

test('every leaf of every tree has a proof that verifies', () => {
  fc.assert(
    fc.property(tree, ([size, index]) => {
      const { leaf, proof } = proofOf(size, index);
      verifyInclusion(leaf, proof);
    }),
  );
});

test('a proof verifies for no other leaf, index, path or root', () => {
  fc.assert(
    fc.property(tree, fc.nat(), ([size, index], pick) => {
      const { leaf, proof } = proofOf(size, index);
      const forged = [
        { leaf: Uint8Array.of(99), proof },
        { leaf, proof: { ...proof, hashes: [...proof.hashes, proof.rootHash] } },
        { leaf, proof: { ...proof, rootHash: leafHash(Uint8Array.of(99)) } },
        { leaf, proof: { ...proof, logIndex: BigInt(size) } },
        ...(size === 1 ? [] : [{ leaf, proof: { ...proof, hashes: proof.hashes.slice(1) } }]),
        ...(size === 1
          ? []
          : [{ leaf, proof: { ...proof, logIndex: BigInt((index + 1 + (pick % (size - 1))) % size) } }]),
      ];
      for (const { leaf: other, proof: forgedProof } of forged) {
        expect(() => verifyInclusion(other, forgedProof)).toThrow(
          expect.objectContaining({ code: 'LOG_PROOF_INVALID' }),
        );
      }
    }),
  );
});

test('an inner node is not taken for a leaf', () => {
  const { proof } = proofOf(4, 0);
  const inner = Buffer.concat([leafHash(Uint8Array.of(0)), leafHash(Uint8Array.of(1))]);
  expect(() => verifyInclusion(inner, { ...proof, treeSize: 2n, hashes: proof.hashes.slice(1) })).toThrow();
});
