import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { mediaTypes } from '@pratique/oci';
import { expect, onTestFinished, test } from 'vitest';
import { blobOf, imageManifest, pushBlob, pushImage, putManifest, testRegistry } from '../testing/client.ts';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'registry-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('blobs no manifest names are removed from the disk; everything an image or index needs stays', async () => {
  const directory = temporaryDirectory();
  const registry = await testRegistry({ directory });
  const [layer, shared, orphan] = [blobOf('layer'), blobOf('shared'), blobOf(1000)];
  const image = await pushImage(registry, 'a', 'v1', { layers: [layer] });
  const child = { mediaType: mediaTypes.ociManifest, digest: image.digest, size: image.bytes.length };
  const index = blobOf(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }),
  );
  await putManifest(registry, 'a', 'multi', index, mediaTypes.ociIndex);
  const old = await pushImage(registry, 'a', 'old', { layers: [shared] });
  await pushImage(registry, 'b', 'v1', { layers: [shared], annotations: { in: 'b' } });
  await pushBlob(registry, 'a', orphan);
  await fetch(`${registry.url}/v2/a/manifests/${old.digest}`, { method: 'DELETE' });

  const report = await registry.collectGarbage({ graceMs: 0 });
  // The orphan and the manifest; the shared layer goes from "a" but stays for "b".
  expect(report).toEqual({ blobs: 2, bytes: 1000 + old.bytes.length, skipped: [] });
  expect(existsSync(join(directory, 'blobs', orphan.digest.replace(':', '/')))).toBe(false);
  const status = async (path: string) => (await fetch(`${registry.url}/v2/${path}`)).status;
  expect(await status(`a/blobs/${shared.digest}`)).toBe(404);
  for (const path of ['a/manifests/v1', 'a/manifests/multi', `a/blobs/${layer.digest}`, 'b/manifests/v1']) {
    expect(await status(path)).toBe(200);
  }
  expect(await status(`b/blobs/${shared.digest}`)).toBe(200);
  expect(await registry.collectGarbage({ graceMs: 0 })).toEqual({ blobs: 0, bytes: 0, skipped: [] });
});

test('a blob somebody uploaded or asked about a moment ago is left for the manifest that will follow', async () => {
  const registry = await testRegistry();
  const blob = blobOf('soon to be named');
  await pushBlob(registry, 'a', blob);
  expect((await registry.collectGarbage()).blobs).toBe(0);
  expect((await fetch(`${registry.url}/v2/a/blobs/${blob.digest}`)).status).toBe(200);
});

test('collecting while clients push never leaves an acknowledged image without its layers', async () => {
  const registry = await testRegistry();
  let pushing = true;
  const collecting = (async () => {
    for (let n = 0; pushing; n += 1) {
      await registry.collectGarbage({ graceMs: 0 });
      await setTimeout(n % 40);
    }
  })();
  const stored: { readonly tag: string; readonly digest: string }[] = [];
  for (let n = 0; n < 25; n += 1) {
    const layer = blobOf(`layer ${n}`);
    const manifest = imageManifest({ layers: [layer] });
    let status = 0;
    while (status !== 201) {
      await Promise.all([pushBlob(registry, 'a', blobOf('{}')), pushBlob(registry, 'a', layer)]);
      status = (await putManifest(registry, 'a', `t${n}`, manifest)).status;
      // Refused when the collector came between blobs and manifest: the client pushes again.
      expect([201, 404]).toContain(status);
    }
    stored.push({ tag: `t${n}`, digest: layer.digest });
  }
  pushing = false;
  await collecting;
  for (const { tag, digest } of stored) {
    expect((await fetch(`${registry.url}/v2/a/manifests/${tag}`)).status).toBe(200);
    expect((await fetch(`${registry.url}/v2/a/blobs/${digest}`)).status).toBe(200);
  }
});

test('beside a manifest that cannot be read nothing is removed, and the report says so', async () => {
  const directory = temporaryDirectory();
  const first = await testRegistry({ directory });
  const layer = blobOf('layer');
  const manifest = await pushImage(first, 'a', 'v1', { layers: [layer] });
  await first.close();
  const blobs = join(directory, 'repositories', 'a', 'blobs', 'sha256');
  writeFileSync(join(blobs, manifest.digest.slice(7)), 'damaged');
  const registry = await testRegistry({ directory, log: () => {} });
  const before = readdirSync(blobs);
  expect((await registry.collectGarbage({ graceMs: 0 })).skipped).toEqual(['a']);
  expect(readdirSync(blobs)).toEqual(before);
  // And it is a fault, not a missing image.
  expect((await fetch(`${registry.url}/v2/a/manifests/v1`)).status).toBe(500);
});
