import { GrowingTree, leafHash } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { LeafIndex } from './leaf-index.ts';

test('every leaf of a log is found by its hash, and nothing else is', () => {
  const tree = new GrowingTree();
  const index = new LeafIndex(tree);
  const hashOf = (i: number) => leafHash(new TextEncoder().encode(`leaf ${i}`));
  for (let i = 0; i < 20_000; i++) index.add(hashOf(i), tree.append(hashOf(i)));
  for (let i = 0; i < 20_000; i++) expect(index.find(hashOf(i))).toBe(i);
  for (let i = 20_000; i < 21_000; i++) expect(index.find(hashOf(i))).toBeUndefined();
});

test('leaves whose hashes begin alike are told apart', () => {
  const tree = new GrowingTree();
  const index = new LeafIndex(tree);
  const alike = (last: number) => Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? last : 255));
  for (let i = 0; i < 100; i++) index.add(alike(i), tree.append(alike(i)));
  for (let i = 0; i < 100; i++) expect(index.find(alike(i))).toBe(i);
  expect(index.find(alike(100))).toBeUndefined();
});

test('of two equal leaves the first is found', () => {
  const tree = new GrowingTree();
  const index = new LeafIndex(tree);
  const hash = leafHash(Uint8Array.of(1));
  index.add(hash, tree.append(hash));
  index.add(hash, tree.append(hash));
  expect(index.find(hash)).toBe(0);
});
