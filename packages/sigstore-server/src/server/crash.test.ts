import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateSigningKey, verifyConsistencyProof } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { hashedRekord, post, start, temporaryDirectory } from '../testing/client.ts';

const script = fileURLToPath(new URL('../testing/serve.ts', import.meta.url));
const key = generateSigningKey();

interface Head {
  readonly rootHash: string;
  readonly treeSize: number;
}

async function serve(directory: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

test('kill -9 in the middle of appends loses nothing acknowledged and never forks the log', async () => {
  const directory = temporaryDirectory(onTestFinished);
  /** Every tree a client was shown, by an acknowledged entry's proof. */
  const seen: Head[] = [];
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < 5; round++) {
    const { child, url } = await serve(directory);
    await check(url, acknowledged, seen);
    let left = 15 + 7 * round;
    const client = async (name: string) => {
      for (let n = 0; ; n++) {
        try {
          const { status, text } = await post(
            `${url}/api/v1/log/entries`,
            hashedRekord(`${name} ${round}.${n}`, key),
          );
          expect(status).toBe(201);
          const [[uuid, entry]] = Object.entries(JSON.parse(text)) as [
            [string, { logIndex: number; verification: { inclusionProof: Head } }],
          ];
          acknowledged.set(uuid, entry.logIndex);
          seen.push(entry.verification.inclusionProof);
        } catch (error) {
          // fetch fails with a TypeError when the connection breaks: that is the kill.
          if (error instanceof TypeError) return;
          throw error;
        }
        // Killed at the very moment an answer arrives: what it acknowledges must already be on disk.
        left -= 1;
        if (left === 0) child.kill('SIGKILL');
      }
    };
    const exited = once(child, 'exit');
    await Promise.all(['a', 'b', 'c', 'd'].map(client));
    expect(await exited).toEqual([null, 'SIGKILL']);
  }
  const { url } = await serve(directory);
  await check(url, acknowledged, seen);
}, 60_000);

async function check(url: string, acknowledged: ReadonlyMap<string, number>, seen: readonly Head[]) {
  const now = (await (await fetch(`${url}/api/v1/log`)).json()) as Head;
  for (const [uuid, index] of acknowledged) {
    const entry = (await (await fetch(`${url}/api/v1/log/entries/${uuid}`)).json()) as Record<
      string,
      { logIndex: number }
    >;
    expect(entry[uuid]?.logIndex).toBe(index);
  }
  for (const old of seen) {
    const proof = await fetch(`${url}/api/v1/log/proof?firstSize=${old.treeSize}&lastSize=${now.treeSize}`);
    const hashes = ((await proof.json()) as { hashes: string[] }).hashes.map(hex);
    const sizes = [BigInt(old.treeSize), BigInt(now.treeSize)] as const;
    expect(verifyConsistencyProof(...sizes, hashes, hex(old.rootHash), hex(now.rootHash))).toBe(true);
  }
}

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
