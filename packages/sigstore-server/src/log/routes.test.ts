import { EventEmitter } from 'node:events';
import { GrowingTree, leafHash } from '@pratique/crypto';
import { ByteBudget } from '@pratique/storage';
import { expect, test } from 'vitest';
import type { Refusal } from '../http/refusal.ts';
import type { CheckpointSource } from './checkpoints.ts';
import { tileRoutes } from './routes.ts';

test('bundles of large entries that clients read slowly take no more memory together than there is for them', async () => {
  const leaf = new Uint8Array(65_535);
  const tree = new GrowingTree();
  tree.append(leafHash(leaf));
  const budget = new ByteBudget(1);
  const app = tileRoutes({ tree, leaves: async () => [leaf] }, {} as CheckpointSource, budget);
  app.onError((error) => new Response(null, { status: (error as Refusal).status }));
  const get = async (outgoing = new EventEmitter()) =>
    (await app.request('/tile/entries/000.p/1', {}, { outgoing })).status;
  const slow = new EventEmitter();
  expect(await get(slow)).toBe(200);
  expect(await get()).toBe(503);
  slow.emit('close');
  expect(await get()).toBe(200);
});
