import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf } from '@pratique/oci';
import { expect, onTestFinished, test } from 'vitest';
import type { Registry } from '../options.ts';
import { blobOf, imageManifest, pushBlob, putManifest } from '../testing/client.ts';

const script = fileURLToPath(new URL('../testing/serve.ts', import.meta.url));

async function serve(
  directory: string,
): Promise<{ readonly child: ChildProcess; readonly registry: Registry }> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, registry: { url: line.toString().trim() } as Registry };
}

/** What one client was told, and what it was still waiting for when the server died. */
interface Client {
  readonly tag: string;
  acknowledged: string | undefined;
  pending: string | undefined;
  readonly blobs: string[];
}

async function pushUntilDead(
  registry: Registry,
  client: Client,
  round: number,
  onAnswer: () => void,
): Promise<void> {
  for (let n = 0; ; n += 1) {
    const layer = blobOf(`layer of ${client.tag}, ${round}.${n} ${'x'.repeat(n * 1000)}`);
    const manifest = imageManifest({
      layers: [layer],
      annotations: { client: client.tag, n: `${round}.${n}` },
    });
    try {
      for (const blob of [blobOf('{}'), layer]) {
        if ((await pushBlob(registry, 'team/app', blob)).status !== 201) throw new Error('blob refused');
        client.blobs.push(blob.digest);
        onAnswer();
      }
      client.pending = manifest.digest;
      const put = await putManifest(registry, 'team/app', client.tag, manifest);
      if (put.status !== 201) throw new Error(`manifest refused: ${put.status}`);
      client.acknowledged = manifest.digest;
      client.pending = undefined;
      onAnswer();
    } catch (error) {
      // fetch fails with a TypeError when the connection breaks: that is the kill.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

test('kill -9 in the middle of pushes loses nothing that was acknowledged', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'registry-crash-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const clients: Client[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => ({
    tag,
    acknowledged: undefined,
    pending: undefined,
    blobs: [],
  }));
  for (let round = 0; round < 4; round += 1) {
    const { child, registry } = await serve(directory);
    expect(readdirSync(join(directory, 'temporary'))).toEqual([]);
    await check(registry, clients);
    // Killed at the very moment an answer arrives: what it acknowledges must already be on disk.
    let left = 20 + 13 * round;
    const countDown = () => {
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
    };
    const exited = once(child, 'exit');
    await Promise.all(clients.map((client) => pushUntilDead(registry, client, round, countDown)));
    expect(await exited).toEqual([null, 'SIGKILL']);
  }
  const { registry } = await serve(directory);
  await check(registry, clients);
});

async function check(registry: Registry, clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    const got = await fetch(`${registry.url}/v2/team/app/manifests/${client.tag}`);
    if (client.acknowledged === undefined && got.status === 404) continue;
    const digest = digestOf(new Uint8Array(await got.arrayBuffer()));
    // What was under way may have been stored, though its answer got lost.
    expect([client.acknowledged, client.pending]).toContain(digest);
    client.acknowledged = digest;
    client.pending = undefined;
    for (const blob of client.blobs) {
      const response = await fetch(`${registry.url}/v2/team/app/blobs/${blob}`);
      expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(blob);
    }
  }
}
