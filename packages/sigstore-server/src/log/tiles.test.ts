import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leafHash } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../testing/client.ts';
import { DurableLog } from './log.ts';
import { tilePath } from './tiles.ts';

test('tiles are where any C2SP tlog-tiles client looks for them', () => {
  expect([0, 67, 999, 1000, 1_234_067].map(tilePath)).toEqual([
    '000',
    '067',
    '999',
    'x001/000',
    'x001/x234/067',
  ]);
});

test('the static files hold the whole log: full tiles, partial ones, entries and the checkpoint', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const open = () => new DurableLog({ directory, checkpoint: (size) => `${size}` });
  const leaf = (i: number) => new TextEncoder().encode(`leaf ${i}`);
  const entry = (i: number) => ({ leaf: leaf(i), extra: new Uint8Array(), time: new Date(0) });
  const log = open();
  await Promise.all(Array.from({ length: 10 }, (_, i) => log.append(entry(i))));
  // The checkpoint here is no signed note: the log is not opened again.
  await log.close();
  const read = (path: string) => new Uint8Array(readFileSync(join(directory, path)));
  expect(read('tile/0/000.p/10')).toEqual(
    new Uint8Array(Buffer.concat(Array.from({ length: 10 }, (_, i) => leafHash(leaf(i))))),
  );
  expect(read('tile/entries/000.p/10').subarray(0, 8)).toEqual(
    Uint8Array.of(0, 6, ...new TextEncoder().encode('leaf 0')),
  );
  expect(existsSync(join(directory, 'tile/1'))).toBe(false);
});

test('a full tile replaces its partial ones, and the level above begins', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const log = new DurableLog({ directory, checkpoint: (size) => `${size}` });
  const time = new Date(0);
  const append = (i: number) =>
    log.append({ leaf: new TextEncoder().encode(`leaf ${i}`), extra: new Uint8Array(), time });
  await Promise.all(Array.from({ length: 300 }, (_, i) => append(i)));
  const top = log.tree.node(8, 0);
  await log.close();
  const read = (path: string) => new Uint8Array(readFileSync(join(directory, path)));
  expect(read('tile/0/000')).toHaveLength(256 * 32);
  expect(existsSync(join(directory, 'tile/0/000.p'))).toBe(false);
  expect(read('tile/0/001.p/44')).toHaveLength(44 * 32);
  expect(read('tile/1/000.p/1')).toEqual(top);
});
