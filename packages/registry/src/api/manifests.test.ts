import { createHash } from 'node:crypto';
import { mediaTypes } from '@pratique/oci';
import { expect, test } from 'vitest';
import type { PushEvent } from '../options.ts';
import {
  blobOf,
  codesOf,
  imageManifest,
  pushBlob,
  pushImage,
  putManifest,
  testRegistry,
} from '../testing/client.ts';

test('a manifest comes back byte for byte by tag and by digest, with the type it was pushed as', async () => {
  const registry = await testRegistry();
  const manifest = await pushImage(registry, 'team/app', 'v1', { layers: [blobOf('layer')] });
  for (const reference of ['v1', manifest.digest]) {
    const url = `${registry.url}/v2/team/app/manifests/${reference}`;
    const got = await fetch(url);
    expect(got.status).toBe(200);
    expect(got.headers.get('content-type')).toBe(mediaTypes.ociManifest);
    expect(got.headers.get('docker-content-digest')).toBe(manifest.digest);
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(manifest.bytes);
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(manifest.bytes.length));
    expect((await fetch(url, { headers: { 'If-None-Match': `"${manifest.digest}"` } })).status).toBe(304);
  }
});

test('a tag moves to the new manifest and the old one stays by digest', async () => {
  const registry = await testRegistry();
  const first = await pushImage(registry, 'a', 'latest', { annotations: { n: '1' } });
  const second = await pushImage(registry, 'a', 'latest', { annotations: { n: '2' } });
  const tagged = await fetch(`${registry.url}/v2/a/manifests/latest`);
  expect(tagged.headers.get('docker-content-digest')).toBe(second.digest);
  expect((await fetch(`${registry.url}/v2/a/manifests/${first.digest}`)).status).toBe(200);
});

test('an image whose layer is missing is refused, naming every missing blob', async () => {
  const registry = await testRegistry();
  const [here, gone, lost] = [blobOf('here'), blobOf('gone'), blobOf('lost')];
  await pushBlob(registry, 'a', blobOf('{}'));
  await pushBlob(registry, 'a', here);
  await pushBlob(registry, 'elsewhere', gone);
  const refused = await putManifest(registry, 'a', 'v1', imageManifest({ layers: [here, gone, lost] }));
  expect(refused.status).toBe(404);
  const { errors } = (await refused.json()) as { errors: { code: string; detail: { digest: string } }[] };
  expect(errors.map((error) => [error.code, error.detail.digest])).toEqual([
    ['MANIFEST_BLOB_UNKNOWN', gone.digest],
    ['MANIFEST_BLOB_UNKNOWN', lost.digest],
  ]);
  expect((await fetch(`${registry.url}/v2/a/manifests/v1`)).status).toBe(404);
});

test('a layer that may not be distributed need not be here', async () => {
  const registry = await testRegistry();
  await pushBlob(registry, 'a', blobOf('{}'));
  const foreign = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: blobOf('windows').digest,
    size: 7,
    urls: ['https://example.com/windows'],
  };
  const manifest = blobOf(
    JSON.stringify({ ...JSON.parse(new TextDecoder().decode(imageManifest({}).bytes)), layers: [foreign] }),
  );
  expect((await putManifest(registry, 'a', 'v1', manifest)).status).toBe(201);
});

test('an index may list manifests that are not here, and stays one digest', async () => {
  const registry = await testRegistry();
  const child = { mediaType: mediaTypes.ociManifest, digest: blobOf('elsewhere').digest, size: 9 };
  const index = blobOf(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }),
  );
  expect((await putManifest(registry, 'a', 'multi', index, mediaTypes.ociIndex)).status).toBe(201);
  const got = await fetch(`${registry.url}/v2/a/manifests/multi`);
  expect(got.headers.get('docker-content-digest')).toBe(index.digest);
});

test.each([
  ['no JSON', 'not json', mediaTypes.ociManifest],
  ['a JSON list', '[]', mediaTypes.ociManifest],
  ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), mediaTypes.ociManifest],
  [
    'another type than it says',
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
    mediaTypes.ociManifest,
  ],
  [
    'image and index at once',
    JSON.stringify({ schemaVersion: 2, manifests: [], layers: [], config: {} }),
    mediaTypes.ociIndex,
  ],
  ['a key twice', '{"schemaVersion":2,"manifests":[],"manifests":[]}', mediaTypes.ociIndex],
  [
    'a bad digest',
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ mediaType: 'a/b', digest: 'sha256:../../x', size: 1 }],
    }),
    mediaTypes.ociIndex,
  ],
  ['nested a million deep', '['.repeat(1_000_000), 'application/vnd.example+json'],
  ['no media type at all', '{}', 'nonsense'],
])('a manifest that is %s is refused with MANIFEST_INVALID', async (_, content, mediaType) => {
  const registry = await testRegistry();
  const refused = await putManifest(registry, 'a', 'v1', blobOf(content), mediaType);
  expect(refused.status).toBe(400);
  expect(await codesOf(refused)).toEqual(['MANIFEST_INVALID']);
});

test('a push by digest must have that digest', async () => {
  const registry = await testRegistry();
  await pushBlob(registry, 'a', blobOf('{}'));
  const refused = await putManifest(registry, 'a', blobOf('other').digest, imageManifest({}));
  expect(refused.status).toBe(400);
  expect(await codesOf(refused)).toEqual(['DIGEST_INVALID']);
});

test('a manifest pushed by its sha512 digest is found by it', async () => {
  const registry = await testRegistry();
  await pushBlob(registry, 'a', blobOf('{}'));
  const { bytes } = imageManifest({});
  const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}` as const;
  const put = await putManifest(registry, 'a', digest, { bytes, digest });
  expect(put.headers.get('docker-content-digest')).toBe(digest);
  const got = await fetch(`${registry.url}/v2/a/manifests/${digest}`);
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes);
});

test('a push by digest sets the tags it asks for', async () => {
  const registry = await testRegistry();
  await pushBlob(registry, 'a', blobOf('{}'));
  const manifest = imageManifest({});
  const put = await putManifest(registry, 'a', `${manifest.digest}?tag=v1&tag=v2`, manifest);
  expect(put.headers.get('oci-tag')).toBe('v1, v2');
  for (const tag of ['v1', 'v2'])
    expect((await fetch(`${registry.url}/v2/a/manifests/${tag}`)).status).toBe(200);
  expect((await putManifest(registry, 'a', `${manifest.digest}?tag=-bad`, manifest)).status).toBe(400);
});

test('a tag is deleted alone; a digest is deleted with its tags', async () => {
  const registry = await testRegistry();
  const manifest = await pushImage(registry, 'a', 'v1');
  await putManifest(registry, 'a', 'v2', manifest);
  const url = (reference: string) => `${registry.url}/v2/a/manifests/${reference}`;
  expect((await fetch(url('v1'), { method: 'DELETE' })).status).toBe(202);
  expect((await fetch(url('v1'))).status).toBe(404);
  expect((await fetch(url('v1'), { method: 'DELETE' })).status).toBe(404);
  expect((await fetch(url('v2'))).status).toBe(200);
  expect((await fetch(url(manifest.digest), { method: 'DELETE' })).status).toBe(202);
  for (const reference of ['v2', manifest.digest]) {
    const got = await fetch(url(reference));
    expect(got.status).toBe(404);
    expect(await codesOf(got)).toEqual(['MANIFEST_UNKNOWN']);
  }
});

test('a push tells the listener what was stored, and a listener that throws does not fail the push', async () => {
  const events: PushEvent[] = [];
  const registry = await testRegistry({
    onPush: (event) => {
      events.push(event);
      throw new Error('listener');
    },
  });
  const manifest = await pushImage(registry, 'team/app', 'v1');
  expect(events).toEqual([
    { repository: 'team/app', digest: manifest.digest, mediaType: mediaTypes.ociManifest, tags: ['v1'] },
  ]);
});

test('fifty clients pushing at once to one repository lose no tag', async () => {
  const registry = await testRegistry();
  await pushBlob(registry, 'a', blobOf('{}'));
  const tags = Array.from({ length: 50 }, (_, index) => `t${String(index).padStart(2, '0')}`);
  const pushed = await Promise.all(
    tags.map(async (tag) => {
      const manifest = imageManifest({ annotations: { tag } });
      expect((await putManifest(registry, 'a', tag, manifest)).status).toBe(201);
      return manifest.digest;
    }),
  );
  const list = (await (await fetch(`${registry.url}/v2/a/tags/list`)).json()) as { tags: string[] };
  expect(list.tags).toEqual(tags);
  for (const [position, tag] of tags.entries()) {
    const got = await fetch(`${registry.url}/v2/a/manifests/${tag}`);
    expect(got.headers.get('docker-content-digest')).toBe(pushed[position]);
  }
});

test('fifty clients fighting over one tag of a new repository all succeed, and one of them wins', async () => {
  const registry = await testRegistry();
  const digests = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const layer = blobOf(`layer of ${index % 5}`);
      const manifest = await pushImage(registry, 'new/repo', 'latest', {
        layers: [layer],
        annotations: { n: `${index}` },
      });
      return manifest.digest;
    }),
  );
  const winner = await fetch(`${registry.url}/v2/new/repo/manifests/latest`);
  expect(digests).toContain(winner.headers.get('docker-content-digest'));
  for (const digest of digests) {
    expect((await fetch(`${registry.url}/v2/new/repo/manifests/${digest}`)).status).toBe(200);
  }
});
