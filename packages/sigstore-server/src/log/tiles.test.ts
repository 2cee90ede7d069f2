import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GrowingTree,
  generateSigningKey,
  leafHash,
  type SigningKey,
  signCheckpoint,
} from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../testing/client.ts';
import { DurableLog } from './log.ts';
import { tilePath } from './tiles.ts';

const unsigned = ({ size }: GrowingTree) => ({ size, note: `${size}` });
const signedBy = (key: SigningKey) => async (tree: GrowingTree) => {
  const [size, root] = [tree.size, tree.root()];
  return { size, note: await signCheckpoint({ origin: 'log', size, root }, 'log', key) };
};

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
  const open = () => new DurableLog({ directory, checkpoint: unsigned });
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
  const log = new DurableLog({ directory, checkpoint: unsigned });
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

test('what a kill left half written, and a tile that is missing, are made again at the next start', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const key = generateSigningKey();
  const open = () =>
    new DurableLog({
      directory,
      checkpoint: signedBy(key),
    });
  const first = open();
  await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      first.append({ leaf: new TextEncoder().encode(`${i}`), extra: new Uint8Array(), time: new Date(0) }),
    ),
  );
  await first.close();
  const tile = join(directory, 'tile/0/000');
  const before = readFileSync(tile);
  rmSync(tile);
  writeFileSync(join(directory, 'tmp/tile'), 'half a tile');
  const second = open();
  await second.close();
  expect(readFileSync(tile)).toEqual(before);
  expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
});

test('entries are found by their hash after a restart, and not stored again', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const key = generateSigningKey();
  const open = () =>
    new DurableLog({
      directory,
      checkpoint: signedBy(key),
    });
  const entry = (i: number) => ({
    leaf: new TextEncoder().encode(`leaf ${i}`),
    extra: Uint8Array.of(i),
    time: new Date(i),
  });
  const first = open();
  await Promise.all([1, 2, 3].map((i) => first.append(entry(i))));
  await first.close();
  const second = open();
  expect(await second.append(entry(2))).toEqual({ index: 1, duplicate: true });
  expect(await Promise.all([second.append(entry(4)), second.append(entry(4))])).toEqual([
    { index: 3, duplicate: false },
    { index: 3, duplicate: true },
  ]);
  expect(second.tree.size).toBe(4);
  expect(second.indexOf(leafHash(entry(3).leaf))).toBe(2);
  expect(second.entry(2)).toEqual(entry(3));
  expect(await second.leaves(1, 4)).toEqual([2, 3, 4].map((i) => entry(i).leaf));
  await expect(second.leaves(1, 5)).rejects.toThrow('no such entry');
  await second.close();
});

test('a damaged record is not published as a tile, and the checkpoint stays where it was', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const log = new DurableLog({ directory, checkpoint: unsigned });
  const checkpoint = () => readFileSync(join(directory, 'checkpoint'), 'utf8');
  await expect.poll(checkpoint).toBe('0');
  await log.append({ leaf: new TextEncoder().encode('leaf'), extra: new Uint8Array(), time: new Date(0) });
  const journal = join(directory, 'journal');
  const bytes = readFileSync(journal);
  bytes[bytes.byteLength - 1]! ^= 1;
  writeFileSync(journal, bytes);
  await expect(log.leaves(0, 1)).rejects.toThrow('cannot be read back');
  await log.close();
  expect(existsSync(join(directory, 'tile/entries/000.p/1'))).toBe(false);
  expect(checkpoint()).toBe('0');
});
