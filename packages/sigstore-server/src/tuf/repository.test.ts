import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  canonicalJson,
  generateSigningKey,
  type JsonObject,
  type SigningKey,
  verifySignature,
} from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Succession } from '../store/generations.ts';
import { temporaryDirectory } from '../testing/client.ts';
import { TufRepository } from './repository.ts';

const rootKey = generateSigningKey('ed25519');
const day = 86_400_000;
const start = new Date('2026-06-01T00:00:00Z');
const after = (days: number) => new Date(start.getTime() + days * day);

/** Keys that follow one another, each used from a time on. */
function keysFrom(...from: [Date, SigningKey?][]) {
  const all = from.map(([since, key = generateSigningKey('ed25519')], index) => ({
    number: index + 1,
    since,
    key,
  }));
  return new Succession([all[0]!, ...all.slice(1)]);
}

function repository() {
  const directory = temporaryDirectory(onTestFinished);
  const rootKeys = keysFrom([start, rootKey]);
  const onlineKeys = keysFrom([start]);
  const open = () => new TufRepository({ directory, rootKeys, onlineKeys });
  const read = (path: string) => {
    const text = new TextDecoder().decode(open().read(path));
    return JSON.parse(text) as { signatures: { sig: string }[]; signed: JsonObject & { version: number } };
  };
  return { directory, open, read };
}

test('nothing is signed again while it is fresh and says the same', () => {
  const { open, read, directory } = repository();
  open().publish({ 'a.json': { content: 'a' } }, start);
  open().publish({ 'a.json': { content: 'a' } }, after(1));
  expect(read('timestamp.json').signed.version).toBe(1);
  expect(readdirSync(join(directory, 'repository')).sort()).toEqual([
    '1.root.json',
    '1.snapshot.json',
    '1.targets.json',
    'root.json',
    'targets',
    'timestamp.json',
  ]);
});

test('what gets old is signed anew before it expires, the root too, and old versions stay', () => {
  const { open, read } = repository();
  for (let days = 0; days < 400; days += 3) open().publish({ 'a.json': { content: 'a' } }, after(days));
  for (const file of ['root.json', 'timestamp.json', '1.root.json', '2.root.json', '1.targets.json']) {
    expect(open().read(file), file).toBeDefined();
  }
  expect(Date.parse(read('timestamp.json').signed.expires as string)).toBeGreaterThan(after(399).getTime());
  const { signed, signatures } = read('2.root.json');
  const bytes = new TextEncoder().encode(canonicalJson(signed));
  expect(verifySignature(rootKey.publicKey, bytes, Buffer.from(signatures[0]!.sig, 'hex'))).not.toBeNull();
  expect(read('root.json').signed).toEqual(read('3.root.json').signed);
});

test('a changed target makes new targets, snapshot and timestamp that name each other', () => {
  const { open, read } = repository();
  open().publish({ 'a.json': { content: 'a' } }, start);
  open().publish({ 'a.json': { content: 'b' } }, after(1));
  expect(read('timestamp.json').signed).toMatchObject({
    version: 2,
    meta: { 'snapshot.json': { version: 2 } },
  });
  expect(read('2.snapshot.json').signed).toMatchObject({ meta: { 'targets.json': { version: 2 } } });
});

test('nothing outside of the repository is served', () => {
  const { open } = repository();
  open().publish({}, start);
  const long = 'x'.repeat(9000);
  for (const path of [
    '../root.json',
    'targets/../../root.json',
    '',
    '.',
    'targets',
    '/etc/passwd',
    'a\0b',
    long,
  ]) {
    expect(open().read(path), path).toBeUndefined();
  }
});
