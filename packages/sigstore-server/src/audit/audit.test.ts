import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { auditDirectory, auditUrl, backupDirectory } from '../index.ts';
import { hashedRekord, hashedRekordV2, post, start, temporaryDirectory } from '../testing/client.ts';

const clean: (() => void)[] = [];
const key = generateSigningKey();
const none = { seen: {} };
let directory: string;
let trustedRoot: Uint8Array;

beforeAll(async () => {
  directory = temporaryDirectory((remove) => clean.push(remove));
  const server = await start(directory);
  for (let i = 0; i < 260; i++) {
    await post(`${server.url}/api/v1/log/entries`, hashedRekord(`${i}`, key));
    await post(`${server.url}/api/v2/log/entries`, hashedRekordV2(`${i}`, key));
  }
  trustedRoot = readFileSync(server.trustedRootFile);
  const audits = await auditUrl(server.url, trustedRoot, none);
  expect(audits.map(({ name, size, problems }) => [name, size, problems])).toEqual([
    ['rekor', 260, []],
    ['rekor-v2', 260, []],
    ['ctlog', 0, []],
  ]);
  await server.close();
}, 120_000);
afterAll(() => {
  for (const remove of clean) remove();
});

/** A copy of the directory as it is served to the audit, tiles included, and changed. */
async function changed(path: string, change: (bytes: Buffer) => void) {
  const file = join(directory, path);
  const before = readFileSync(file);
  const after = Buffer.from(before);
  change(after);
  writeFileSync(file, after);
  onTestFinished(() => writeFileSync(file, before));
  const audits = await auditDirectory(directory, none);
  return audits.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
}

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at]! ^= 1;
};

test('a directory that nobody touched is sound', async () => {
  expect((await auditDirectory(directory, none)).flatMap(({ problems }) => problems)).toEqual([]);
});

test('a changed leaf, hash, upper hash or checkpoint is found, and where', async () => {
  expect(await changed('rekor-v2/tile/entries/000', flip(40))).toContain(
    'rekor-v2: entry 0 does not hash to what its tile says',
  );
  expect(await changed('rekor/tile/0/001.p/4', flip(0))).toContain(
    'rekor: entry 256 does not hash to what its tile says',
  );
  expect(await changed('rekor/tile/1/000.p/1', flip(5))).toContain(
    'rekor: hash 0 of level 1 does not follow from the tiles below',
  );
  expect(await changed('rekor/checkpoint', (bytes) => bytes.write('9', bytes.indexOf('\n') + 3))).toContain(
    'rekor: the checkpoint is not signed by a log of the trusted root',
  );
});

test('a tile that is missing is what is wrong with its log, and hides nothing about the others', async () => {
  const tile = join(directory, 'rekor/tile/0/000');
  renameSync(tile, `${tile}.away`);
  onTestFinished(() => renameSync(`${tile}.away`, tile));
  const audits = await auditDirectory(directory, none);
  expect(audits.map(({ name, problems }) => [name, problems.length])).toEqual([
    ['rekor', 1],
    ['rekor-v2', 0],
    ['ctlog', 0],
  ]);
  expect(audits[0]!.problems[0]).toMatch(/^tile\/0\/000 is missing/);
});

test('two hashes that changed places are found', async () => {
  const hashes = readFileSync(join(directory, 'rekor-v2/tile/0/001.p/4'));
  const swap = (bytes: Buffer) => {
    hashes.copy(bytes, 0, 32, 64);
    hashes.copy(bytes, 32, 0, 32);
  };
  const problems = await changed('rekor-v2/tile/0/001.p/4', swap);
  expect(problems).toContain('rekor-v2: entry 256 does not hash to what its tile says');
});

test('the checkpoint of another log is not taken for this one’s', async () => {
  const other = readFileSync(join(directory, 'rekor/checkpoint'));
  const file = join(directory, 'rekor-v2/checkpoint');
  const own = readFileSync(file);
  writeFileSync(file, other);
  onTestFinished(() => writeFileSync(file, own));
  const audits = await auditDirectory(directory, none);
  expect(audits.find(({ name }) => name === 'rekor-v2')!.problems).toContain(
    'the checkpoint is not signed by a log of the trusted root',
  );
});

test('a log that shrank or forked since the last audit is found', async () => {
  const [rekor] = await auditDirectory(directory, none);
  const { origin, size, root } = rekor!;
  const audit = async (seen: { size: number; root: string }) =>
    (await auditDirectory(directory, { seen: { [origin]: seen } }))[0]!.problems;
  expect(await audit({ size, root })).toEqual([]);
  expect(await audit({ size: size + 1, root })).toEqual([`the log has shrunk: it had ${size + 1} entries`]);
  expect(await audit({ size: size - 1, root })).toEqual([
    `the log has forked: its first ${size - 1} entries are not those that were seen before`,
  ]);
});

test('a journal that holds other entries than were published is found, and no backup is made of it', async () => {
  const path = 'rekor/journal';
  expect(await changed(path, flip(readFileSync(join(directory, path)).length - 10))).toEqual([
    'rekor: the journal has only 259 of the 260 published entries',
  ]);
  const target = join(directory, 'backup-of-damage');
  await expect(backupDirectory(directory, target)).rejects.toThrow(
    expect.objectContaining({ code: 'SIGSTORE_SERVER_DAMAGED' }),
  );
});
