import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import { parseReference } from '@pratique/oci';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultServer, repositoryName } from './name.ts';
import { type NotaryOptions, openNotary } from './server.ts';

let config: string;
let running: Server | undefined;
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'pratique-notary-'));
});
afterEach(() => {
  running?.closeAllConnections();
  running?.close();
  running = undefined;
  rmSync(config, { recursive: true });
});

async function start(listener: RequestListener, server: Server = createServer(listener)): Promise<number> {
  running = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const image = parseReference('registry.test/team/app:1.0');

function open(server: string, options: Partial<NotaryOptions> = {}) {
  const environment = { DOCKER_CONFIG: config };
  return openNotary(image, { server, environment, retry: { attempts: 1 }, ...options });
}

async function codeOf(fetching: Promise<unknown>): Promise<string> {
  const [result] = await Promise.allSettled([fetching]);
  return result.status === 'fulfilled' ? 'fetched' : result.reason.code;
}

const answer =
  (status: number, body = '', headers = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

test('files are asked for by the name that Docker has for the repository', async () => {
  const asked: (string | undefined)[] = [];
  const port = await start(({ url }, response) => {
    asked.push(url);
    response.end('{}');
  });
  const source = open(`http://127.0.0.1:${port}`);
  expect(new TextDecoder().decode(await source.fetch('targets/releases.json', 10))).toBe('{}');
  await open(`http://127.0.0.1:${port}/notary/`).fetch('root.json', 10);
  expect(asked).toEqual([
    '/v2/registry.test/team/app/_trust/tuf/targets/releases.json',
    '/notary/v2/registry.test/team/app/_trust/tuf/root.json',
  ]);
  expect(repositoryName(parseReference('alpine'))).toBe('docker.io/library/alpine');
});

test.each([
  ['nothing', 404, undefined],
  ['an error', 500, 'NOTARY_UNREACHABLE'],
  ['that it is busy', 503, 'NOTARY_UNREACHABLE'],
  ['something else', 204, 'NOTARY_UNREACHABLE'],
  ['that it is somewhere else, not saying where', 302, 'NOTARY_UNREACHABLE'],
  ['that one must log in', 401, 'NOTARY_FORBIDDEN'],
  ['that one may not', 403, 'NOTARY_FORBIDDEN'],
])('where the server says %s, that is what it comes to', async (_, status, code) => {
  const source = open(`http://127.0.0.1:${await start(answer(status))}`);
  if (code === undefined) expect(await source.fetch('root.json', 10)).toBeUndefined();
  else expect(await codeOf(source.fetch('root.json', 10))).toBe(code);
});

test('a file that is too large is given up, whether its size is announced or not', async () => {
  const source = open(`http://127.0.0.1:${await start(answer(200, 'x'.repeat(11)))}`);
  expect(await codeOf(source.fetch('root.json', 11))).toBe('fetched');
  expect(await codeOf(source.fetch('root.json', 10))).toBe('NOTARY_SIZE_EXCEEDED');
});

test('a server that never ends its answer is given up', async () => {
  const port = await start((_, response) => void response.write('{'));
  const source = open(`http://127.0.0.1:${port}`, { totalMs: 50 });
  expect(await codeOf(source.fetch('root.json', 10))).toBe('NOTARY_UNREACHABLE');
});

test('who asked may give up, and is not told that the server is down', async () => {
  const controller = new AbortController();
  const port = await start(() => controller.abort());
  const code = await codeOf(open(`http://127.0.0.1:${port}`).fetch('root.json', 10, controller.signal));
  expect(code).toBe('OCI_CANCELLED');
});

test('a server that is not there is a fault', async () => {
  const port = await start(answer(200));
  running!.close();
  expect(await codeOf(open(`http://127.0.0.1:${port}`).fetch('root.json', 10))).toBe('NOTARY_UNREACHABLE');
});

test('tokens are asked for with the scope of the repository and the credentials of its registry', async () => {
  const asked: (string | undefined)[] = [];
  const authorizations: (string | undefined)[] = [];
  const port = await start((request: IncomingMessage, response) => {
    const { authorization } = request.headers;
    authorizations.push(authorization);
    if (request.url?.startsWith('/token')) {
      asked.push(request.url);
      return void response.end(JSON.stringify({ token: 'good' }));
    }
    if (authorization === 'Bearer good') return void response.end('{}');
    const realm = `Bearer realm="http://127.0.0.1:${port}/token",service="notary"`;
    response.writeHead(401, { 'www-authenticate': realm }).end();
  });
  const resolved: string[] = [];
  const keychain = {
    resolve: async (registry: string, repository: string) => {
      resolved.push(`${registry}/${repository}`);
      return { username: 'alice', password: 'secret' };
    },
  };
  const source = open(`http://127.0.0.1:${port}`, { keychain });
  for (const file of ['root.json', 'timestamp.json'])
    expect(await codeOf(source.fetch(file, 10))).toBe('fetched');
  source.close();
  expect(asked).toEqual(['/token?service=notary&scope=repository%3Aregistry.test%2Fteam%2Fapp%3Apull']);
  expect(new Set(resolved)).toEqual(new Set(['registry.test/team/app']));
  expect(authorizations).toEqual([
    undefined,
    `Basic ${Buffer.from('alice:secret').toString('base64')}`,
    'Bearer good',
    // One token is for all files.
    'Bearer good',
  ]);
});

test('authorities are read where Docker keeps them, and without them a private one is not trusted', async () => {
  const { certificatePem, privateKeyPem, caPem } = createSelfSigned({ names: ['127.0.0.1'] });
  const port = await start(
    answer(200),
    createTlsServer({ cert: certificatePem, key: privateKeyPem }, answer(200, '{}')),
  );
  const fetching = () => codeOf(open(`https://127.0.0.1:${port}`).fetch('root.json', 10));
  expect(await fetching()).toBe('NOTARY_UNREACHABLE');
  const directory = join(config, 'tls', `127.0.0.1:${port}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ca.crt'), caPem);
  expect(await fetching()).toBe('fetched');
  writeFileSync(join(directory, 'client.cert'), certificatePem);
  expect(await fetching()).toBe('NOTARY_UNREACHABLE');
});

test.each([
  'http://notary.example',
  'ftp://notary.example',
  'notary.example',
  'https://user:secret@notary.example',
])('%s is no address of a server, and what may be a password is not shown', (server) => {
  expect(() => open(server)).toThrow(expect.objectContaining({ code: 'NOTARY_SERVER_INVALID' }));
  expect(() => open(server)).not.toThrow(/secret/);
});

test.each([
  ['alpine', {}, 'https://notary.docker.io'],
  ['registry.test:5000/app', {}, 'https://registry.test:5000'],
  ['alpine', { DOCKER_CONTENT_TRUST_SERVER: 'https://notary.test' }, 'https://notary.test'],
  ['alpine', { DOCKER_CONTENT_TRUST_SERVER: '' }, 'https://notary.docker.io'],
])('the server of %s is found as Docker finds it', (name, environment, expected) => {
  expect(defaultServer(parseReference(name), environment)).toBe(expected);
});
