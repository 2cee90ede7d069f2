import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateSigningKey, type SigningKey } from '@pratique/crypto';
import { Cache, openMirror, openTuf, readRoot, signRoot } from '@pratique/tuf';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { prepareRoot, publishRoot, rotate } from '../index.ts';
import { start, temporaryDirectory } from '../testing/client.ts';

const people = [
  generateSigningKey('ecdsa-p256'),
  generateSigningKey('ed25519'),
  generateSigningKey('ecdsa-p256'),
] as const;
const [a, b, c] = people;
const expires = new Date(Date.now() + 200 * 86_400_000);
const twoOfThree = { keys: people.map(({ publicKey }) => publicKey), threshold: 2 };
const optionInvalid = { code: 'SIGSTORE_SERVER_OPTION_INVALID' };

let directory: string;
/** What clients were given, once. */
let firstRoot: Uint8Array;
beforeEach(async () => {
  directory = temporaryDirectory(onTestFinished);
  await restart();
  firstRoot = published(1);
});

const restart = async () => (await start(directory)).close();
const published = (version: number) =>
  readFileSync(join(directory, 'tuf', 'repository', `${version}.root.json`));
const newest = () => readRoot(readFileSync(join(directory, 'tuf', 'repository', 'root.json')));
const signed = async (root: Uint8Array, ...keys: readonly SigningKey[]) => {
  let copy = root;
  for (const key of keys) copy = await signRoot(copy, key, undefined);
  return copy;
};

/** A client that knows the first root only. */
async function newcomer(): Promise<string> {
  const failed = (error: Error) => {
    throw error;
  };
  const repository = await openTuf({
    cache: new Cache(mkdtempSync(join(directory, 'client-')), failed),
    mirror: openMirror(pathToFileURL(join(directory, 'tuf', 'repository')).href, { environment: {} }),
    bootstrap: firstRoot,
    offline: false,
    now: new Date(),
    onStale: failed,
  });
  return new TextDecoder().decode(await repository.read('trusted_root.json'));
}

const trustedRoot = () => readFileSync(join(directory, 'trusted_root.json'), 'utf8');

test('from the key in the directory to two of three people, and on among them: who knows the first root follows', async () => {
  const second = await prepareRoot(directory, { keys: twoOfThree, expires });
  await publishRoot(directory, [await signed(second, a), await signed(second, c)], undefined);
  // Until the server starts nothing has changed for clients.
  expect(newest().version).toBe(1);
  await restart();
  expect(newest()).toMatchObject({ version: 2, expires: readRoot(second).expires });
  expect(await newcomer()).toBe(trustedRoot());

  // The same people, and a new key for what is signed every day.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await rotate(directory, ['tuf'], { from: new Date(Math.floor(Date.now() / 1000) * 1000) });
  await restart();
  expect(newest().version).toBe(2);
  expect(await newcomer()).toBe(trustedRoot());
  const third = await prepareRoot(directory, { expires });
  await publishRoot(directory, [await signed(third, b, c)], undefined);
  await restart();
  expect(newest().version).toBe(3);
  const keysOf = (version: number) => [...readRoot(published(version)).roles.timestamp.keyIds];
  expect(keysOf(3)).toHaveLength(1);
  expect(keysOf(3)).not.toEqual(keysOf(2));
  expect(await newcomer()).toBe(trustedRoot());
  // Nothing is signed again because it is started again.
  await restart();
  expect(existsSync(join(directory, 'tuf', 'repository', '4.root.json'))).toBe(false);
});

test('with one of three the root is not taken, and the key in the directory does not make up for it', async () => {
  const root = await prepareRoot(directory, { keys: twoOfThree, expires });
  const threshold = { code: 'TUF_THRESHOLD' };
  await expect(publishRoot(directory, [root], undefined)).rejects.toMatchObject(threshold);
  await expect(publishRoot(directory, [await signed(root, a)], undefined)).rejects.toMatchObject(threshold);
  await publishRoot(directory, [await signed(root, a, b)], undefined);
  await restart();
  // From now on that key is nobody.
  const next = await prepareRoot(directory, { expires });
  expect(readRoot(next).signers).toEqual([]);
  await expect(publishRoot(directory, [await signed(next, b)], undefined)).rejects.toMatchObject(threshold);
  await expect(rotate(directory, ['tuf-root'], { from: new Date() })).rejects.toMatchObject(optionInvalid);
});

test('a root of strangers, without the signature of the key that clients know, is not taken', async () => {
  const root = await signed(await prepareRoot(directory, { keys: twoOfThree, expires }), a, b);
  const document = JSON.parse(new TextDecoder().decode(root)) as { signatures: { keyid: string }[] };
  const own = readRoot(firstRoot).rootKeys[0]!.id;
  document.signatures = document.signatures.filter(({ keyid }) => keyid !== own);
  const without = new TextEncoder().encode(JSON.stringify(document));
  await expect(publishRoot(directory, [without], undefined)).rejects.toMatchObject({ code: 'TUF_THRESHOLD' });
});

test('a root with which the server could sign nothing is not taken', async () => {
  const second = await prepareRoot(directory, { keys: twoOfThree, expires });
  await publishRoot(directory, [await signed(second, a, b)], undefined);
  await restart();
  const third = await signed(await prepareRoot(directory, { expires }), a, b);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await rotate(directory, ['tuf'], { from: new Date(Math.floor(Date.now() / 1000) * 1000) });
  await restart();
  // Prepared before: it names the key of then.
  await expect(publishRoot(directory, [third], undefined)).rejects.toMatchObject(optionInvalid);
});

test('no version is left out, and none is taken while the server runs', async () => {
  const second = await prepareRoot(directory, { keys: twoOfThree, expires });
  const server = await start(directory);
  await expect(publishRoot(directory, [await signed(second, a, b)], undefined)).rejects.toMatchObject({
    code: 'SIGSTORE_SERVER_DIRECTORY_IN_USE',
  });
  await server.close();
  await publishRoot(directory, [await signed(second, a, b)], undefined);
  const third = await signed(await prepareRoot(directory, { expires }), a, b);
  await expect(publishRoot(directory, [third], undefined)).rejects.toMatchObject(optionInvalid);
  await restart();
  await publishRoot(directory, [third], undefined);
  await restart();
  expect(newest().version).toBe(3);
  expect(await newcomer()).toBe(trustedRoot());
});

test('who is to sign has to be said the first time', async () => {
  await expect(prepareRoot(directory, { expires })).rejects.toMatchObject(optionInvalid);
  await expect(prepareRoot(join(directory, 'nothing'), { expires })).rejects.toMatchObject(optionInvalid);
});
