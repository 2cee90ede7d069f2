import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import { digestOf, openLayout } from '@pratique/oci';
import { expect, onTestFinished, test } from 'vitest';
import type { AccessLogEntry, AccessRequest } from '../options.ts';
import { blobOf, codesOf, pushBlob, pushImage, sendRaw, testRegistry } from '../testing/client.ts';
import { basicAuth } from './auth.ts';
import { startRegistry } from './start.ts';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'registry-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('what was pushed is there after a restart on the same directory', async () => {
  const directory = temporaryDirectory();
  const first = await testRegistry({ directory });
  const layer = blobOf('layer');
  const manifest = await pushImage(first, 'team/app', 'v1', { layers: [layer] });
  const signature = await pushImage(first, 'team/app', '', {
    subject: manifest,
    artifactType: 'application/vnd.sig',
  });
  await first.close();

  const registry = await testRegistry({ directory });
  const got = await fetch(`${registry.url}/v2/team/app/manifests/v1`);
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(manifest.digest);
  expect(await (await fetch(`${registry.url}/v2/team/app/blobs/${layer.digest}`)).text()).toBe('layer');
  const referrers = await fetch(`${registry.url}/v2/team/app/referrers/${manifest.digest}`);
  expect(await referrers.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
});

test('each repository on disk is an image layout, which other tools read without asking us', async () => {
  const directory = temporaryDirectory();
  const registry = await testRegistry({ directory });
  const manifest = await pushImage(registry, 'team/app', 'v1', { layers: [blobOf('layer')] });
  const layout = join(directory, 'repositories', 'team+app');
  expect(JSON.parse(readFileSync(join(layout, 'oci-layout'), 'utf8'))).toEqual({
    imageLayoutVersion: '1.0.0',
  });
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Record<string, unknown>;
  expect(index).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: manifest.digest,
        size: manifest.bytes.length,
        annotations: { 'org.opencontainers.image.ref.name': 'v1' },
      },
    ],
  });
  const read = await (await openLayout(layout)).getManifest('v1');
  expect(read.bytes).toEqual(manifest.bytes);
});

test('a layout another tool wrote is served when it is put in its place', async () => {
  const source = temporaryDirectory();
  const first = await testRegistry({ directory: source });
  const layer = blobOf('layer');
  const image = await pushImage(first, 'a', 'v1', { layers: [layer] });
  await first.close();
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'repositories'));
  rmSync(join(source, 'repositories', 'a', 'blobs', 'sha512'), { recursive: true });
  renameSync(join(source, 'repositories', 'a'), join(directory, 'repositories', 'brought+in'));
  const registry = await testRegistry({ directory });
  const got = await fetch(`${registry.url}/v2/brought/in/manifests/v1`);
  expect(got.headers.get('docker-content-digest')).toBe(image.digest);
  expect((await fetch(`${registry.url}/v2/brought/in/blobs/${layer.digest}`)).status).toBe(200);
  await pushImage(registry, 'brought/in', 'v2');
  expect((await registry.collectGarbage({ graceMs: 0 })).skipped).toEqual([]);
});

test('a second server on the same directory is refused, and welcome once the first has stopped', async () => {
  const directory = temporaryDirectory();
  const first = await testRegistry({ directory });
  await expect(startRegistry({ listen: '127.0.0.1:0', directory })).rejects.toMatchObject({
    code: 'REGISTRY_DIRECTORY_IN_USE',
  });
  await first.close();
  await testRegistry({ directory });
});

test('a repository whose index is damaged is a fault of that repository alone, never "no such image"', async () => {
  const directory = temporaryDirectory();
  const first = await testRegistry({ directory });
  await pushImage(first, 'broken', 'v1');
  await pushImage(first, 'fine', 'v1');
  await first.close();
  rmSync(join(directory, 'repositories', 'broken', 'index.json'));
  writeFileSync(join(directory, 'repositories', 'broken', 'index.json'), '{"manifests":[{"mediaTy');
  const faults: unknown[] = [];
  const registry = await testRegistry({ directory, log: (entry) => void faults.push(entry.fault) });
  const got = await fetch(`${registry.url}/v2/broken/manifests/v1`);
  expect(got.status).toBe(500);
  expect(await got.text()).not.toContain(directory);
  expect((await fetch(`${registry.url}/v2/fine/manifests/v1`)).status).toBe(200);
  await expect.poll(() => faults[0]).toMatchObject({ code: 'REGISTRY_INDEX_UNREADABLE' });
});

test.each(['', 'localhost', ':5000', '127.0.0.1:65536', 'a b:1', '[::1]', '127.0.0.1:'])(
  'a listen address that is none is the caller’s mistake: %s',
  async (listen) => {
    await expect(startRegistry({ listen })).rejects.toMatchObject({
      code: 'REGISTRY_LISTEN_INVALID',
      kind: 'usage',
    });
  },
);

test('a port in use is said to be', async () => {
  const { address } = await testRegistry();
  await expect(startRegistry({ listen: address })).rejects.toMatchObject({
    code: 'REGISTRY_LISTEN_FAILED',
    found: 'EADDRINUSE',
  });
});

test('a data directory that is a file is said to be unusable', async () => {
  const directory = join(temporaryDirectory(), 'file');
  writeFileSync(directory, '');
  await expect(startRegistry({ listen: '127.0.0.1:0', directory })).rejects.toMatchObject({
    code: 'REGISTRY_DIRECTORY_UNUSABLE',
  });
});

test('stopping lets an upload in flight finish, then closes its connection', async () => {
  const directory = temporaryDirectory();
  const registry = await testRegistry({ directory });
  const blob = blobOf('first half, second half');
  const idle = sendRaw(registry, 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let finish: () => void = () => {};
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('first half, '));
      finish = () => {
        controller.enqueue(new TextEncoder().encode('second half'));
        controller.close();
      };
    },
  });
  const started = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location')!, registry.url);
  const status = new URL(location);
  location.searchParams.set('digest', blob.digest);
  const pushing = fetch(location, { method: 'PUT', body, duplex: 'half' });
  await expect.poll(async () => (await fetch(status)).headers.get('range')).toBe('0-11');

  const closing = registry.close();
  expect(await idle).toMatch(/^HTTP\/1\.1 200 /);
  await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
  finish();
  expect((await pushing).status).toBe(201);
  await closing;
  const again = await testRegistry({ directory });
  expect((await fetch(`${again.url}/v2/a/blobs/${blob.digest}`)).status).toBe(200);
});

test('stopping does not wait for ever for a client that never finishes', async () => {
  const registry = await testRegistry({ limits: { closeMs: 100 } });
  const reply = sendRaw(
    registry,
    'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
  );
  await fetch(`${registry.url}/v2/`);
  await registry.close();
  expect(await reply).toBe('');
});

test('a read-only registry serves and refuses to change', async () => {
  const directory = temporaryDirectory();
  const writable = await testRegistry({ directory });
  await pushImage(writable, 'a', 'v1');
  await writable.close();
  const registry = await testRegistry({ directory, readOnly: true });
  expect((await fetch(`${registry.url}/v2/a/manifests/v1`)).status).toBe(200);
  const refused = await pushBlob(registry, 'a', blobOf('x'));
  expect(refused.status).toBe(405);
  expect(await codesOf(refused)).toEqual(['UNSUPPORTED']);
  expect((await fetch(`${registry.url}/v2/a/manifests/v1`, { method: 'DELETE' })).status).toBe(405);
});

test('basic authentication lets in who knows the password, and nobody else', async () => {
  const registry = await testRegistry({ auth: basicAuth({ alice: 'secret', bob: 's:e' }) });
  const ping = (authorization?: string) =>
    fetch(
      `${registry.url}/v2/`,
      authorization === undefined ? {} : { headers: { Authorization: authorization } },
    );
  const encode = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
  const anonymous = await ping();
  expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="pratique"',
  ]);
  expect(await codesOf(anonymous)).toEqual(['UNAUTHORIZED']);
  for (const good of [encode('alice:secret'), encode('bob:s:e')]) expect((await ping(good)).status).toBe(200);
  for (const bad of [
    encode('alice:wrong'),
    encode('alice:'),
    encode('alice'),
    'Basic',
    'Bearer alice:secret',
  ]) {
    expect((await ping(bad)).status).toBe(401);
  }
});

test('a client may mount only from repositories it may pull from', async () => {
  const asked: AccessRequest[] = [];
  const registry = await testRegistry({
    auth: {
      challenge: 'Bearer realm="https://auth.example/token",service="registry"',
      decide: (access) => {
        asked.push(access);
        if (access.authorization === 'Bearer owner') return 'allowed';
        if (access.authorization === undefined) return 'unauthenticated';
        return access.repository === 'mine' ? 'allowed' : 'denied';
      },
    },
  });
  const secret = blobOf('secret');
  const send = (authorization: string, path: string, init: RequestInit = {}) =>
    fetch(`${registry.url}/v2/${path}`, { ...init, headers: { Authorization: authorization } });
  const post = `blobs/uploads/?digest=${secret.digest}`;
  await send('Bearer owner', `private/${post}`, { method: 'POST', body: secret.bytes });

  for (const query of [`mount=${secret.digest}&from=private`, `mount=${secret.digest}`]) {
    expect((await send('Bearer thief', `mine/blobs/uploads/?${query}`, { method: 'POST' })).status).toBe(202);
  }
  expect((await send('Bearer thief', `mine/blobs/${secret.digest}`)).status).toBe(404);
  expect((await send('Bearer thief', `private/blobs/${secret.digest}`)).status).toBe(403);
  const own = `mine/blobs/uploads/?mount=${secret.digest}&from=private`;
  expect((await send('Bearer owner', own, { method: 'POST' })).status).toBe(201);

  const challenge = await fetch(`${registry.url}/v2/private/blobs/uploads/`, { method: 'POST' });
  expect(challenge.headers.get('www-authenticate')).toBe(
    'Bearer realm="https://auth.example/token",service="registry",scope="repository:private:pull,push"',
  );
  expect(asked.at(-1)).toMatchObject({ action: 'push', repository: 'private' });
});

test('HTTPS with a given certificate, which has the names', async () => {
  const names = ['127.0.0.1', 'registry.example.com'];
  const { certificatePem, privateKeyPem, caPem } = createSelfSigned({ names });
  const registry = await testRegistry({ tls: { key: privateKeyPem, cert: certificatePem } });
  expect(registry.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const status = await new Promise((resolve, reject) => {
    const outgoing = request(
      `${registry.url}/v2/`,
      { ca: caPem, headers: { host: names[1] } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.once('error', reject);
    outgoing.end();
  });
  expect(status).toBe(200);
});

test('the access log has a line for every request, with its status', async () => {
  const entries: AccessLogEntry[] = [];
  const registry = await testRegistry({ log: (entry) => void entries.push(entry) });
  await fetch(`${registry.url}/v2/`);
  await fetch(`${registry.url}/v2/a/manifests/none?x=1`);
  await expect.poll(() => entries.length).toBe(2);
  expect(entries.map(({ method, url, status }) => [method, url, status])).toEqual([
    ['GET', '/v2/', 200],
    ['GET', '/v2/a/manifests/none?x=1', 404],
  ]);
});
