import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { digestOf } from '@pratique/oci';
import { expect, test } from 'vitest';
import type { Registry } from '../options.ts';
import { blobOf, codesOf, pushBlob, testRegistry } from '../testing/client.ts';

async function begin(registry: Registry, repository = 'a', query = ''): Promise<URL> {
  const started = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/${query}`, { method: 'POST' });
  expect(started.status).toBe(202);
  return new URL(started.headers.get('location') ?? '', registry.url);
}

function patch(location: URL, body: string, range?: string): Promise<Response> {
  return fetch(location, {
    method: 'PATCH',
    body,
    headers: range === undefined ? {} : { 'Content-Range': range },
  });
}

function finish(location: URL, digest: string, body?: string): Promise<Response> {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return fetch(url, { method: 'PUT', ...(body === undefined ? {} : { body }) });
}

const read = async (registry: Registry, digest: string, repository = 'a') =>
  (await fetch(`${registry.url}/v2/${repository}/blobs/${digest}`)).text();

test('a blob in one request: POST with the digest', async () => {
  const registry = await testRegistry();
  const blob = blobOf('whole');
  const url = `${registry.url}/v2/a/blobs/uploads/?digest=${blob.digest}`;
  expect((await fetch(url, { method: 'POST', body: blob.bytes })).status).toBe(201);
  expect(await read(registry, blob.digest)).toBe('whole');
});

test('a blob in chunks, the last one with the PUT, and the status in between', async () => {
  const registry = await testRegistry();
  const location = await begin(registry);
  const first = await patch(location, 'hello ', '0-5');
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-5']);
  const second = await patch(location, 'big ');
  expect([second.status, second.headers.get('range')]).toEqual([202, '0-9']);
  const status = await fetch(location);
  expect([status.status, status.headers.get('range')]).toEqual([204, '0-9']);
  expect(status.headers.get('location')).toBe(location.pathname);
  const { digest } = blobOf('hello big world');
  expect((await finish(location, digest, 'world')).status).toBe(201);
  expect(await read(registry, digest)).toBe('hello big world');
  expect((await fetch(location)).status).toBe(404);
});

test.each(['3-5', '7-9', 'x', '5-3', 'bytes */9'])(
  'a chunk out of order is 416 with the place to go on from, and the upload goes on: %s',
  async (range) => {
    const registry = await testRegistry();
    const location = await begin(registry);
    await patch(location, 'hello', '0-4');
    const refused = await patch(location, 'xxx', range);
    expect(refused.status).toBe(416);
    expect(refused.headers.get('range')).toBe('0-4');
    expect(refused.headers.get('location')).toBe(location.pathname);
    await patch(location, ' you', '5-8');
    expect((await finish(location, blobOf('hello you').digest)).status).toBe(201);
  },
);

test('a disk that is full is the registry’s failure, and not the client’s, who still sends', async () => {
  const handle = await open(process.execPath);
  const files = Object.getPrototypeOf(handle);
  await handle.close();
  const { writev } = files;
  files.writev = async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  try {
    const registry = await testRegistry({ log: () => {} });
    const refused = await patch(await begin(registry), 'x'.repeat(8 * 1024 * 1024));
    expect(refused.status).toBe(507);
  } finally {
    files.writev = writev;
  }
});

test('a chunk that is not as long as it says ends the upload', async () => {
  const registry = await testRegistry();
  const location = await begin(registry);
  const refused = await patch(location, 'hello', '0-9');
  expect(refused.status).toBe(400);
  expect(await codesOf(refused)).toEqual(['SIZE_INVALID']);
});

test('content that does not have the digest is refused, dropped, and nobody can read it', async () => {
  const registry = await testRegistry();
  const claimed = blobOf('what was promised').digest;
  const location = await begin(registry);
  const refused = await finish(location, claimed, 'something else');
  expect(refused.status).toBe(400);
  expect(await codesOf(refused)).toEqual(['DIGEST_INVALID']);
  for (const digest of [claimed, blobOf('something else').digest]) {
    expect((await fetch(`${registry.url}/v2/a/blobs/${digest}`)).status).toBe(404);
  }
  expect((await finish(location, blobOf('something else').digest)).status).toBe(404);
});

test('knowing the digest of a blob another repository holds is not enough to get it', async () => {
  const registry = await testRegistry();
  const secret = blobOf('secret');
  await pushBlob(registry, 'private', secret);
  const url = `${registry.url}/v2/attacker/blobs/uploads/?digest=${secret.digest}`;
  expect((await fetch(url, { method: 'POST', body: 'guess' })).status).toBe(400);
  expect((await fetch(`${registry.url}/v2/attacker/blobs/${secret.digest}`)).status).toBe(404);
});

test.each(['', '?digest-algorithm=sha512'])('a sha512 digest works, announced or not: %s', async (query) => {
  const registry = await testRegistry();
  const location = await begin(registry, 'a', query);
  await patch(location, 'some content');
  const digest = `sha512:${createHash('sha512').update('some content').digest('hex')}`;
  expect((await finish(location, digest)).status).toBe(201);
  expect(await read(registry, digest)).toBe('some content');
});

test('an unknown digest algorithm is refused when the upload begins', async () => {
  const registry = await testRegistry();
  const url = `${registry.url}/v2/a/blobs/uploads/?digest-algorithm=md5`;
  expect((await fetch(url, { method: 'POST' })).status).toBe(400);
});

test('a cancelled upload is over', async () => {
  const registry = await testRegistry();
  const location = await begin(registry);
  await patch(location, 'hello');
  expect((await fetch(location, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(location)).status).toBe(404);
  const late = await patch(location, 'more');
  expect(late.status).toBe(404);
  expect(await codesOf(late)).toEqual(['BLOB_UPLOAD_UNKNOWN']);
});

test("an upload cannot be continued through another repository's name", async () => {
  const registry = await testRegistry();
  const location = await begin(registry, 'mine');
  const other = new URL(location.pathname.replace('/mine/', '/theirs/'), registry.url);
  expect((await patch(other, 'x')).status).toBe(404);
});

test('a mount copies nothing and makes the blob readable; without a source any repository will do', async () => {
  const registry = await testRegistry();
  const blob = blobOf('base layer');
  await pushBlob(registry, 'base', blob);
  const mount = (repository: string, query: string) =>
    fetch(`${registry.url}/v2/${repository}/blobs/uploads/?${query}`, { method: 'POST' });
  const mounted = await mount('app', `mount=${blob.digest}&from=base`);
  expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/app/blobs/${blob.digest}`]);
  expect(await read(registry, blob.digest, 'app')).toBe('base layer');
  expect((await mount('anonymous', `mount=${blob.digest}`)).status).toBe(201);
});

test.each(['from=nowhere', 'from=../../etc', 'from=other'])(
  'a mount that cannot be becomes an ordinary upload: %s',
  async (from) => {
    const registry = await testRegistry();
    const blob = blobOf('base layer');
    await pushBlob(registry, 'base', blob);
    await pushBlob(registry, 'other', blobOf('x'));
    const location = await begin(registry, 'app', `?mount=${blob.digest}&${from}`);
    expect((await fetch(`${registry.url}/v2/app/blobs/${blob.digest}`)).status).toBe(404);
    expect((await finish(location, blob.digest, 'base layer')).status).toBe(201);
  },
);

test('a blob larger than the limit is refused, declared or not, and leaves nothing behind', async () => {
  const registry = await testRegistry({ limits: { blobBytes: 1000 } });
  const big = new Uint8Array(1001);
  const declared = await finish(await begin(registry), digestOf(big), 'x'.repeat(1001));
  expect(declared.status).toBe(413);
  const streamed = await fetch(await begin(registry), {
    method: 'PATCH',
    body: new Blob([big]).stream(),
    duplex: 'half',
  });
  expect(streamed.status).toBe(413);
  expect(await codesOf(streamed)).toEqual(['SIZE_INVALID']);
  expect((await pushBlob(registry, 'a', blobOf(1000))).status).toBe(201);
});

test('a client that begins uploads without end is told to wait, and others can push again later', async () => {
  const registry = await testRegistry({ limits: { openUploads: 3 } });
  const locations = [await begin(registry), await begin(registry), await begin(registry)];
  const refused = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  await fetch(locations[0]!, { method: 'DELETE' });
  await begin(registry);
});

test('an upload nobody continues is dropped after its time', async () => {
  const registry = await testRegistry({ limits: { uploadIdleMs: 50 } });
  const location = await begin(registry);
  await expect.poll(async () => (await fetch(location)).status, { timeout: 5000 }).toBe(404);
});
