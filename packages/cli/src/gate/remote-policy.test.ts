import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { policyFetcher } from './remote-policy.ts';

const text = 'package sigstore\n\nisCompliant = true\n';
const sha256 = createHash('sha256').update(text).digest('hex');
let cache: string;
let server: Server | undefined;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'remote-policy-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(cache, { recursive: true });
});

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/p.rego`);
}

const fetch = async (url: URL) =>
  new TextDecoder().decode(await policyFetcher({ XDG_CACHE_HOME: cache })(url, sha256, 1000));
const kept = () => join(cache, 'pratique', 'policies');

test('a policy is asked for once, and again where what was kept of it was changed', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.end(text);
  });
  expect([await fetch(url), await fetch(url), asked]).toEqual([text, text, 1]);
  writeFileSync(join(kept(), sha256), 'package sigstore\n\nisCompliant = false\n');
  expect([await fetch(url), asked]).toEqual([text, 2]);
});

test('another text is handed out to be refused, and never kept', async () => {
  const url = await serve((_, response) => response.end('package sigstore'));
  expect(await fetch(url)).toBe('package sigstore');
  expect(() => readdirSync(kept())).toThrow('ENOENT');
});

test.each<[string, RequestListener]>([
  ['a server that fails', (_, response) => response.writeHead(500).end(text)],
  ['more than a policy has', (_, response) => response.end('x'.repeat(1001))],
  [
    'half of it',
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write(text);
      setImmediate(() => response.destroy());
    },
  ],
  [
    'a way to plain HTTP elsewhere',
    (_, response) => response.writeHead(302, { location: 'http://x.test/' }).end(),
  ],
])('a fault: %s', async (_what, listener) => {
  await expect(fetch(await serve(listener))).rejects.toMatchObject({ code: 'POLICY_UNREACHABLE' });
});
