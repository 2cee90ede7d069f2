import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Authenticator } from '../options.ts';
import {
  blobOf,
  codesOf,
  imageManifest,
  pushBlob,
  pushImage,
  putManifest,
  sendRaw,
  testRegistry,
} from '../testing/client.ts';

test.each([
  '/v2/../../../etc/passwd',
  '/v2/..%2f..%2f..%2fetc/manifests/passwd',
  '/v2/%2e%2e/%2e%2e/manifests/latest',
  '/v2/a/../../b/manifests/latest',
  '/v2/a/manifests/..%2f..%2findex.json',
  '/v2/a/manifests/%2e%2e',
  '/v2/a/blobs/sha256:..%2f..%2f..%2findex.json',
  '/v2/a/blobs/uploads/..%2f..%2findex.json',
  '/v2/a%00b/manifests/latest',
  '/v2/a+b/manifests/latest',
  '/v2/A/manifests/latest',
  `/v2/${'a'.repeat(256)}/manifests/latest`,
  '/v2//manifests/latest',
  '/v2/a/referrers/sha256:%2e%2e%2f',
])('a path that tries to leave the store is refused and touches nothing: %s', async (path) => {
  const parent = mkdtempSync(join(tmpdir(), 'registry-hostile-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const registry = await testRegistry({ directory: join(parent, 'data') });
  await pushImage(registry, 'a', 'latest');
  for (const [method, body] of [
    ['GET', ''],
    ['DELETE', ''],
    ['PUT', '{}'],
    ['POST', ''],
    ['PATCH', 'x'],
  ]) {
    const reply = await sendRaw(
      registry,
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body!.length}\r\n\r\n${body}`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(reply).not.toContain('imageLayoutVersion');
  }
  expect(readdirSync(parent)).toEqual(['data']);
  expect(readdirSync(join(parent, 'data', 'repositories'))).toEqual(['a']);
  expect((await fetch(`${registry.url}/v2/a/manifests/latest`)).status).toBe(200);
});

test('a manifest that says it has 10 GB is refused before it is read', async () => {
  const registry = await testRegistry();
  const head = 'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const reply = await sendRaw(registry, `${head}Content-Length: 10000000000\r\n\r\n{`);
  expect(reply).toMatch(/^HTTP\/1\.1 413 /);
  expect(reply).toContain('Connection: close');
});

test('a manifest of unknown length is cut off at the limit', async () => {
  const registry = await testRegistry({ limits: { manifestBytes: 1000 } });
  const answer = await fetch(`${registry.url}/v2/a/manifests/v1`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
    body: new Blob(['x'.repeat(1001)]).stream(),
    duplex: 'half',
  });
  expect(answer.status).toBe(413);
});

test('manifests that stay halfway take no more memory together than there is for them; small ones are taken', async () => {
  const registry = await testRegistry({ limits: { memoryBytes: 100_000 } });
  const { hostname, port } = new URL(registry.url);
  const stalled = connect(Number(port), hostname);
  onTestFinished(() => void stalled.destroy());
  const head = 'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  stalled.write(`${head}Content-Length: 200000\r\n\r\n{"${'x'.repeat(160_000)}`);
  const blob = blobOf('{}');
  await pushBlob(registry, 'a', blob);
  const large = imageManifest({ config: blob, annotations: { x: 'x'.repeat(100_000) } });
  await expect.poll(async () => (await putManifest(registry, 'a', 'large', large)).status).toBe(429);
  const refused = await putManifest(registry, 'a', 'large', large);
  expect([refused.headers.get('retry-after'), await codesOf(refused)]).toEqual(['5', ['TOOMANYREQUESTS']]);
  await pushImage(registry, 'a', 'small');
  const layer = blobOf(300_000);
  expect((await pushBlob(registry, 'a', layer)).status).toBe(201);
  stalled.destroy();
  await expect.poll(async () => (await putManifest(registry, 'a', 'large', large)).status).toBe(201);
});

test('uploads that begin at the same moment are no more than there may be', async () => {
  const registry = await testRegistry({ limits: { openUploads: 3 } });
  const begin = async () => (await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' })).status;
  const statuses = await Promise.all(Array.from({ length: 20 }, begin));
  expect(statuses.sort()).toEqual([
    ...Array.from({ length: 3 }, () => 202),
    ...Array.from({ length: 17 }, () => 429),
  ]);
});

test('one connection too many is closed at once where all others are at work', async () => {
  let begun = 0;
  const auth: Authenticator = {
    challenge: 'Basic realm="x"',
    decide: ({ action }) => {
      if (action === 'push') begun++;
      return 'allowed';
    },
  };
  const registry = await testRegistry({ limits: { connections: 2 }, auth });
  const { hostname, port } = new URL(registry.url);
  const open = [connect(Number(port), hostname), connect(Number(port), hostname)];
  const head = 'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  for (const socket of open) socket.write(`${head}Content-Length: 9\r\n\r\n{`);
  await expect.poll(() => begun).toBe(2);
  const ping = 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const reply = () => sendRaw(registry, ping).catch(() => '');
  expect(await reply()).toBe('');
  open[0]!.destroy();
  await expect.poll(reply).toMatch(/^HTTP\/1\.1 200 /);
  open[1]!.destroy();
});

test('a client that promises more than it sends stores nothing', async () => {
  // Long enough for the push below, too, on a busy disk.
  const registry = await testRegistry({ limits: { idleMs: 1500 } });
  const blob = blobOf('ten bytes!');
  const url = `/v2/a/blobs/uploads/?digest=${blob.digest}`;
  await sendRaw(registry, `POST ${url} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nten bytes!`);
  expect((await fetch(`${registry.url}/v2/a/blobs/${blob.digest}`)).status).toBe(404);
  expect((await pushBlob(registry, 'a', blob)).status).toBe(201);
});

test('what arrived of a chunk before the client stalled is kept, and the upload can be resumed', async () => {
  const registry = await testRegistry({ limits: { idleMs: 200 } });
  const started = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location')!, registry.url);
  await sendRaw(
    registry,
    `PATCH ${location.pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nten bytes!`,
  );
  await expect.poll(async () => (await fetch(location)).headers.get('range')).toBe('0-9');
  location.searchParams.set('digest', blobOf('ten bytes! more').digest);
  // 416 until the server has seen that the first client is gone.
  await expect.poll(async () => (await fetch(location, { method: 'PUT', body: ' more' })).status).toBe(201);
});

test('a client that never finishes its headers is disconnected', async () => {
  const registry = await testRegistry({ limits: { headersMs: 200 } });
  const reply = await sendRaw(registry, 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  expect(reply).toMatch(/^HTTP\/1\.1 408 /);
});

test('a body that trickles in for ever is cut off', async () => {
  const registry = await testRegistry({ limits: { headersMs: 100, requestMs: 300 } });
  const reply = await sendRaw(
    registry,
    'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{',
  );
  expect(reply).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
});

test('a request two servers could read differently is refused', async () => {
  const registry = await testRegistry();
  const head =
    'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(await sendRaw(registry, `${head}0\r\n\r\nGET /v2/ HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
});

test('the refused body of one request is not taken for the next', async () => {
  const registry = await testRegistry();
  const body = 'GET /v2/_catalog HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const head = `PATCH /v2/a/blobs/uploads/unknown HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
  const reply = await sendRaw(registry, head + body);
  expect(reply).toMatch(/^HTTP\/1\.1 404 /);
  expect(reply).not.toContain('repositories');
});

test('two requests sending to one upload at once cannot mix their bytes', async () => {
  const registry = await testRegistry();
  const started = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location')!, registry.url);
  let finish: () => void = () => {};
  const slow = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('slow'));
      finish = () => controller.close();
    },
  });
  const first = fetch(location, { method: 'PATCH', body: slow, duplex: 'half' });
  await expect.poll(async () => (await fetch(location)).headers.get('range')).toBe('0-3');
  expect((await fetch(location, { method: 'PATCH', body: 'quick' })).status).toBe(416);
  finish();
  expect((await first).status).toBe(202);
  location.searchParams.set('digest', blobOf('slow').digest);
  expect((await fetch(location, { method: 'PUT' })).status).toBe(201);
});

test.each(['PATCH', 'PUT'])(
  'an upload that is cancelled while its %s comes in is unknown, and no fault',
  async (method) => {
    const faults: unknown[] = [];
    const registry = await testRegistry({ log: ({ fault }) => fault !== undefined && faults.push(fault) });
    const started = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    const location = new URL(started.headers.get('location')!, registry.url);
    const target = new URL(location);
    if (method === 'PUT') target.searchParams.set('digest', blobOf('slow').digest);
    let finish: () => void = () => {};
    const slow = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('slow'));
        finish = () => controller.close();
      },
    });
    const sending = fetch(target, { method, body: slow, duplex: 'half' });
    await expect.poll(async () => (await fetch(location)).headers.get('range')).toBe('0-3');
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204);
    finish();
    const answer = await sending;
    expect([answer.status, await codesOf(answer)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']]);
    expect(faults).toEqual([]);
    expect((await fetch(location)).status).toBe(404);
  },
);

test('tags and repositories named like object members are just names', async () => {
  const registry = await testRegistry();
  for (const tag of ['__proto__', 'constructor', 'toString']) await pushImage(registry, 'constructor', tag);
  const list = (await (await fetch(`${registry.url}/v2/constructor/tags/list`)).json()) as { tags: string[] };
  expect(list.tags).toEqual(['__proto__', 'constructor', 'toString']);
  expect((await fetch(`${registry.url}/v2/constructor/manifests/valueOf`)).status).toBe(404);
});

test('a web page cannot reach a registry on loopback under its own name', async () => {
  const registry = await testRegistry({ allowedHosts: ['registry.local'] });
  await pushImage(registry, 'a', 'v1');
  const ask = (host: string, request: string) =>
    sendRaw(
      registry,
      `${request} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  const { port } = new URL(registry.url);
  for (const request of ['GET /v2/', 'GET /v2/a/manifests/v1', 'POST /v2/a/blobs/uploads/', 'GET /other']) {
    const reply = await ask(`evil.example:${port}`, request);
    expect(reply).toMatch(/^HTTP\/1\.1 421 /);
    expect(reply).toContain('"DENIED"');
  }
  expect(await ask(`registry.local:${port}`, 'GET /v2/a/manifests/v1')).toMatch(/^HTTP\/1\.1 200 /);
});
