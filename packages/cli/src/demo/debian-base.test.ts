import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistryClient, type RegistryRepository } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushDebian } from './debian-base.ts';

// That a Debian is made of real repositories is seen by the interop scenarios of harden.
const registry = await startRegistry({ listen: '127.0.0.1:0' });
const client = createRegistryClient({ environment: {} });
const target: RegistryRepository = client.repository(`${registry.address}/debian`);
const root = mkdtempSync(join(tmpdir(), 'pratique-debian-base-'));
const mirror = createServer((_request, response) => response.writeHead(404).end());

beforeAll(async () => {
  await new Promise<void>((listening) => mirror.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  mirror.close();
  client.close();
  await registry.close();
  rmSync(root, { recursive: true, force: true });
});

function machine(release: string | null, sources: string | null): string {
  const directory = mkdtempSync(join(root, 'machine-'));
  mkdirSync(join(directory, 'etc', 'apt'), { recursive: true });
  if (release !== null) writeFileSync(join(directory, 'etc', 'os-release'), release);
  if (sources !== null) writeFileSync(join(directory, 'etc', 'apt', 'sources.list'), sources);
  return directory;
}

const push = async (directory: string) =>
  await pushDebian(target, '1', join(root, 'cache'), AbortSignal.timeout(20_000), directory);

test.each([
  ['a machine that does not say what it is', null, 'deb http://127.0.0.1/debian stable main'],
  ['another distribution', 'ID=alpine\n', 'deb http://127.0.0.1/debian stable main'],
  ['a Debian without repositories', 'ID=debian\n', null],
  [
    'a Debian with sources of source packages only',
    'ID=debian\n',
    'deb-src http://127.0.0.1/debian stable main',
  ],
])('%s: none, and it is said why', async (_, release, sources) => {
  expect(await push(machine(release, sources))).toEqual({
    why: 'this is no Debian or Ubuntu with apt sources',
  });
});

test('repositories that do not answer as such: none, and it is said why', async () => {
  const { port } = mirror.address() as AddressInfo;
  const found = await push(machine('ID=debian\n', `deb http://127.0.0.1:${port}/debian stable main`));
  expect(found).toEqual({ why: expect.stringContaining('PACKAGES_UNREACHABLE') });
});

test('who gives up is not told of apt', async () => {
  const { port } = mirror.address() as AddressInfo;
  const directory = machine('ID=debian\n', `deb http://127.0.0.1:${port}/debian stable main`);
  await expect(
    pushDebian(target, '1', join(root, 'cache'), AbortSignal.abort(new Error('enough')), directory),
  ).rejects.toThrow('enough');
});
