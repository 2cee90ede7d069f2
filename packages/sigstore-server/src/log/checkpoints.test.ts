import {
  GrowingTree,
  generateSigningKey,
  isNoteSignedBy,
  leafHash,
  noteKeyHash,
  parseCheckpoint,
  type Signer,
} from '@pratique/crypto';
import { expect, test } from 'vitest';
import { Succession } from '../store/generations.ts';
import { signedCheckpoints } from './checkpoints.ts';

const grow = (tree: GrowingTree) => tree.append(leafHash(new TextEncoder().encode(`${tree.size}`)));

/** A key that signs when it is let to. */
function slowKey() {
  const key = generateSigningKey();
  const waiting: (() => void)[] = [];
  const signer: Signer = {
    publicKey: key.publicKey,
    sign: async (data) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return key.sign(data);
    },
  };
  const let1 = async () => {
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!();
  };
  return { signer, let1, waiting };
}

function checkpointsOf(tree: GrowingTree, ...keys: { readonly key: Signer; readonly since: Date }[]) {
  const [first, ...rest] = keys.map((one, i) => ({ ...one, number: i + 1 }));
  return signedCheckpoints({ tree, keys: new Succession([first!, ...rest]), origin: 'log', name: 'log' });
}

test('entries that arrive while the key signs share the next checkpoint: two signatures for a hundred entries', async () => {
  const tree = new GrowingTree();
  const { signer, let1, waiting } = slowKey();
  const checkpoints = checkpointsOf(tree, { key: signer, since: new Date(0) });
  const first = checkpoints.covering(grow(tree));
  await expect.poll(() => waiting.length).toBe(1);
  const rest = Array.from({ length: 99 }, () => checkpoints.covering(grow(tree)));
  await let1();
  expect((await first).size).toBe(1);
  await let1();
  const all = await Promise.all(rest);
  expect(new Set(all.map(({ note }) => note)).size).toBe(1);
  const [{ size, root, note }] = all as [(typeof all)[0]];
  expect([size, root]).toEqual([100, tree.root()]);
  const { publicKey } = signer;
  const keyHint = noteKeyHash('log', publicKey).subarray(0, 4);
  expect(isNoteSignedBy(parseCheckpoint(note), { key: publicKey, keyHint, name: 'log' })).toBe(true);
  // Nothing new: nothing is signed.
  expect((await checkpoints.newest()).note).toBe(note);
  expect(waiting).toEqual([]);
});

test('a key that fails fails those who wait, and is asked again by the next', async () => {
  const tree = new GrowingTree();
  const key = generateSigningKey();
  let broken = true;
  const signer: Signer = {
    publicKey: key.publicKey,
    sign: async (data) => {
      if (broken) throw new Error('the token is gone');
      return key.sign(data);
    },
  };
  const checkpoints = checkpointsOf(tree, { key: signer, since: new Date(0) });
  const index = grow(tree);
  const waiting = await Promise.allSettled([checkpoints.covering(index), checkpoints.covering(index)]);
  const failed = { status: 'rejected', reason: new Error('the token is gone') };
  expect(waiting).toEqual([failed, failed]);
  broken = false;
  expect((await checkpoints.covering(index)).size).toBe(1);
});

test('a checkpoint of a key that is not in use any more is not given out again', async () => {
  const tree = new GrowingTree();
  const [old, next] = [generateSigningKey(), generateSigningKey()];
  const from = new Date(Date.now() + 200);
  const checkpoints = checkpointsOf(tree, { key: old, since: new Date(0) }, { key: next, since: from });
  const index = grow(tree);
  expect((await checkpoints.covering(index)).key).toBe(old);
  await expect.poll(async () => (await checkpoints.covering(index)).key === next).toBe(true);
});
