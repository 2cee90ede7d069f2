import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { hashedRekord, post, start, temporaryDirectory } from '../testing/client.ts';
import { killInRounds } from '../testing/crash.ts';

const key = generateSigningKey();

test('kill -9 in the middle of signing loses nothing acknowledged and never forks a log', async () => {
  const directory = temporaryDirectory(onTestFinished);
  expect(await killInRounds({ directory, rounds: 4 })).toBeGreaterThan(40);
}, 120_000);

test('a record that a power cut left half written is dropped, what came before stays', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const first = await start(directory);
  const { headers } = await post(`${first.url}/api/v1/log/entries`, hashedRekord('whole', key));
  await first.close();
  appendFileSync(join(directory, 'rekor', 'journal'), Uint8Array.of(0, 0, 1, 0, 1, 2, 3, 4, 5));
  const second = await start(directory);
  onTestFinished(() => second.close());
  expect((await fetch(second.url + headers.get('location'))).status).toBe(200);
  const added = await post(`${second.url}/api/v1/log/entries`, hashedRekord('after', key));
  expect(added.status).toBe(201);
});

test('a log that lost what it had published refuses to start, as it would fork', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const first = await start(directory);
  await post(`${first.url}/api/v1/log/entries`, hashedRekord('published', key));
  await first.close();
  truncateSync(join(directory, 'rekor', 'journal'), 10);
  await expect(start(directory)).rejects.toMatchObject({ code: 'SIGSTORE_SERVER_DAMAGED' });
});

test('one flipped bit in the middle is noticed, and what comes after it is not cut off', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const first = await start(directory);
  for (const name of ['one', 'two', 'three']) {
    await post(`${first.url}/api/v1/log/entries`, hashedRekord(name, key));
  }
  await first.close();
  const journal = join(directory, 'rekor', 'journal');
  const bytes = readFileSync(journal);
  bytes[100]! ^= 1;
  writeFileSync(journal, bytes);
  await expect(start(directory)).rejects.toMatchObject({ code: 'SIGSTORE_SERVER_DAMAGED' });
  expect(readFileSync(journal)).toEqual(bytes);
});

test('a second server on the same directory is refused', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const first = await start(directory);
  onTestFinished(() => first.close());
  await expect(start(directory)).rejects.toMatchObject({ code: 'SIGSTORE_SERVER_DIRECTORY_IN_USE' });
});

test('encrypted keys need their passphrase, and plain ones are not called encrypted', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const plain = await start(directory);
  await plain.close();
  await expect(start(directory, { passphrase: 'secret' })).rejects.toMatchObject({
    code: 'SIGSTORE_SERVER_OPTION_INVALID',
  });
});

test('a server on every address needs the URL it is reached under', async () => {
  const directory = temporaryDirectory(onTestFinished);
  await expect(start(directory, { listen: '0.0.0.0:0' })).rejects.toMatchObject({
    code: 'SIGSTORE_SERVER_OPTION_INVALID',
  });
});
