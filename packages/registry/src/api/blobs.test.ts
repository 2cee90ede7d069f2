import { digestOf } from '@pratique/oci';
import { expect, test } from 'vitest';
import {
  blobOf,
  codesOf,
  imageManifest,
  pushBlob,
  pushImage,
  putManifest,
  testRegistry,
} from '../testing/client.ts';

test('a pushed blob comes back byte for byte, with its digest and length, as a type no browser runs', async () => {
  const registry = await testRegistry();
  for (const blob of [blobOf(''), blobOf('x'), blobOf(300_000), blobOf(3_000_000)]) {
    const pushed = await pushBlob(registry, 'team/app', blob);
    expect(pushed.status).toBe(201);
    expect(pushed.headers.get('location')).toBe(`/v2/team/app/blobs/${blob.digest}`);
    expect(pushed.headers.get('docker-content-digest')).toBe(blob.digest);

    const url = `${registry.url}/v2/team/app/blobs/${blob.digest}`;
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(blob.bytes.length)]);
    expect(head.headers.get('docker-content-digest')).toBe(blob.digest);

    const got = await fetch(url);
    expect(got.status).toBe(200);
    expect(got.headers.get('content-type')).toBe('application/octet-stream');
    expect(got.headers.get('x-content-type-options')).toBe('nosniff');
    expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(blob.digest);
  }
});

test('without memory for large pieces a blob comes back in small ones', async () => {
  const registry = await testRegistry({ limits: { memoryBytes: 0 } });
  const blob = blobOf(3_000_000);
  expect((await pushBlob(registry, 'a', blob)).status).toBe(201);
  const got = await fetch(`${registry.url}/v2/a/blobs/${blob.digest}`);
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(blob.digest);
});

test('a client resumes a broken download with Range', async () => {
  const registry = await testRegistry();
  const blob = blobOf(1_000_000);
  await pushBlob(registry, 'a', blob);
  const get = (headers: Record<string, string>) =>
    fetch(`${registry.url}/v2/a/blobs/${blob.digest}`, { headers });
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=400000-', 400_000, 999_999],
    ['bytes=-5', 999_995, 999_999],
    ['bytes=10-99999999', 10, 999_999],
  ] as const) {
    const part = await get({ Range: range });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes ${first}-${last}/1000000`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(blob.bytes.slice(first, last + 1));
  }
  const outside = await get({ Range: 'bytes=1000000-' });
  expect(outside.status).toBe(416);
  expect(outside.headers.get('content-range')).toBe('bytes */1000000');
  expect((await get({ Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200);
  expect((await get({ 'If-None-Match': `"${blob.digest}"` })).status).toBe(304);
});

test('a blob of one repository is not to be had through another', async () => {
  const registry = await testRegistry();
  const blob = blobOf('private');
  await pushBlob(registry, 'private/app', blob);
  await pushBlob(registry, 'public/app', blobOf('other'));
  for (const repository of ['public/app', 'unknown/app']) {
    const got = await fetch(`${registry.url}/v2/${repository}/blobs/${blob.digest}`);
    expect(got.status).toBe(404);
    expect(await codesOf(got)).toEqual(['BLOB_UNKNOWN']);
  }
});

test('a deleted blob is gone from its repository and stays in the others that share it', async () => {
  const registry = await testRegistry();
  const blob = blobOf('shared');
  await pushBlob(registry, 'one', blob);
  await pushBlob(registry, 'two', blob);
  const url = (repository: string) => `${registry.url}/v2/${repository}/blobs/${blob.digest}`;
  expect((await fetch(url('one'), { method: 'DELETE' })).status).toBe(202);
  expect((await fetch(url('one'), { method: 'DELETE' })).status).toBe(404);
  expect((await fetch(url('one'))).status).toBe(404);
  expect(await (await fetch(url('two'))).text()).toBe('shared');
});

test("deleting a blob cannot take a manifest's bytes away", async () => {
  const registry = await testRegistry();
  const manifest = await pushImage(registry, 'a', 'latest');
  const deleted = await fetch(`${registry.url}/v2/a/blobs/${manifest.digest}`, { method: 'DELETE' });
  expect(deleted.status).toBe(404);
  expect((await fetch(`${registry.url}/v2/a/manifests/latest`)).status).toBe(200);
});

test('a manifest that names a deleted blob is refused when pushed again', async () => {
  const registry = await testRegistry();
  const layer = blobOf('layer');
  await pushImage(registry, 'a', 'latest', { layers: [layer] });
  await fetch(`${registry.url}/v2/a/blobs/${layer.digest}`, { method: 'DELETE' });
  expect((await putManifest(registry, 'a', 'again', imageManifest({ layers: [layer] }))).status).toBe(404);
});

test.each([
  'sha256:short',
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  `sha256:${'A'.repeat(64)}`,
  'latest',
  'sha512:',
])('a digest that is none is a client error, not a missing blob: %s', async (digest) => {
  const registry = await testRegistry();
  const got = await fetch(`${registry.url}/v2/a/blobs/${digest}`);
  expect(got.status).toBe(400);
  expect(await codesOf(got)).toEqual(['DIGEST_INVALID']);
});
