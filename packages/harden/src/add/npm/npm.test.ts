import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { LayerEntry } from '@pratique/oci';
import { buildLayer } from '@pratique/oci';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFetcher } from '../../fetch/fetcher.ts';
import { fileSystemOf } from '../../testing/file-system.ts';
import { applyAdditions } from '../apply.ts';
import { addNpmLock, addNpmPackage } from './add.ts';
import { sha512Of } from './integrity.ts';
import { readLock } from './lock.ts';
import { openNpmPackage } from './package-file.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const unusable = { code: 'HARDEN_ADD_UNUSABLE', kind: 'denial' };
const machine = { os: 'linux', cpu: 'x64' };

async function tarball(document: object, files: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  const entries = Object.entries({ 'package.json': JSON.stringify(document), ...files }).map(
    ([path, content]): LayerEntry => ({
      type: 'file',
      path: `package/${path}`,
      mode: 0o600,
      uid: 501,
      content: utf8(content),
    }),
  );
  return new Uint8Array(await buffer((await buildLayer(entries, { compression: 'gzip' })).open()));
}

const integrity = (bytes: Uint8Array) =>
  `sha512-${Buffer.from(hash('sha512', bytes, 'buffer')).toString('base64')}`;
const sha512 = (bytes: Uint8Array) => hash('sha512', bytes);

const tool = {
  name: 'tool',
  version: '1.0.0',
  bin: { tool: './cli.js' },
  scripts: { postinstall: 'rm -rf /', test: 'x' },
};
const files = { 'cli.js': '#!/usr/bin/env node', 'lib/index.js': '' };

function registry(served: Readonly<Record<string, Uint8Array>>) {
  const fetcher = createFetcher({
    fetch: (async (url: string) => {
      const found = served[url.slice('https://registry.test/'.length)];
      return new Response(found === undefined ? null : Buffer.from(found), { status: found ? 200 : 404 });
    }) as typeof fetch,
  });
  return { fetcher, registry: 'https://registry.test/', signal: new AbortController().signal };
}

test('a package goes below its prefix, with links to its commands; nothing of it is run, and that is told', async () => {
  const bytes = await tarball(tool, files);
  const wanted = { name: 'tool', version: '1.0.0', sha512: sha512(bytes) };
  const contents = await addNpmPackage(wanted, '/usr/local', registry({ 'tool/-/tool-1.0.0.tgz': bytes }));
  const { fileSystem, additions } = applyAdditions(await fileSystemOf({}), [contents], null, []);
  expect(fileSystem.resolve('/usr/local/bin/tool')).toMatchObject({
    path: 'usr/local/lib/node_modules/tool/cli.js',
    mode: 0o755,
    uid: 0,
  });
  expect(fileSystem.get('usr/local/lib/node_modules/tool/lib/index.js')).toMatchObject({ mode: 0o644 });
  expect(contents.skipped).toEqual([{ package: 'tool', script: 'postinstall' }]);
  expect(additions).toEqual([
    {
      kind: 'npm',
      name: 'tool@1.0.0',
      uri: 'https://registry.test/tool/-/tool-1.0.0.tgz',
      digest: { sha512: sha512(bytes) },
      to: '/usr/local/lib/node_modules/tool',
      files: 3,
      bytes: expect.any(Number),
    },
  ]);
});

test('a package that is another than its digest says is refused, and so is one that is not there', async () => {
  const bytes = await tarball(tool, files);
  const wanted = { name: 'tool', version: '1.0.0', sha512: sha512(utf8('another')) };
  await expect(
    addNpmPackage(wanted, '/', registry({ 'tool/-/tool-1.0.0.tgz': bytes })),
  ).rejects.toMatchObject({
    code: 'PACKAGES_UNTRUSTED',
  });
  await expect(addNpmPackage(wanted, '/', registry({}))).rejects.toMatchObject({
    code: 'PACKAGES_UNREACHABLE',
    kind: 'fault',
  });
});

test('a package that needs others is refused without a lock file, unless it brings them', async () => {
  const add = async (more: object) => {
    const bytes = await tarball({ name: 'a', version: '1.0.0', dependencies: { b: '^1' }, ...more });
    const wanted = { name: 'a', version: '1.0.0', sha512: sha512(bytes) };
    return await addNpmPackage(wanted, '/', registry({ 'a/-/a-1.0.0.tgz': bytes }));
  };
  await expect(add({})).rejects.toMatchObject({
    ...unusable,
    message: expect.stringContaining('needs others: b'),
  });
  await expect(add({ bundleDependencies: ['b'] })).resolves.toBeDefined();
});

test.each([
  ['another name', { name: 'other', version: '1.0.0' }],
  ['another version', { name: 'tool', version: '1.0.1' }],
  ['a command that is a path', { ...tool, bin: { '../../etc/cron.d/x': 'cli.js' } }],
  ['a command that leads out', { ...tool, bin: { x: '../../../etc/passwd' } }],
])('a package with %s is refused', async (_name, document) => {
  await expect(openNpmPackage(await tarball(document, files), 'tool', '1.0.0')).rejects.toMatchObject(
    unusable,
  );
});

test('what is no package is refused, whatever the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      await expect(openNpmPackage(bytes, 'a', '1.0.0')).rejects.toMatchObject({ name: 'PratiqueError' });
    }),
    { numRuns: 50 },
  );
});

test('a lock file is laid out as npm does: nested, with commands, without what is for development or other machines', async () => {
  const a = await tarball(
    { name: 'a', version: '1.0.0', dependencies: { b: '1' }, bin: 'cli.js' },
    { 'cli.js': '' },
  );
  const b = await tarball({ name: '@s/b', version: '2.0.0', bin: { b: 'x.js' } }, { 'x.js': '' });
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { name: 'app' },
      'node_modules/a': {
        version: '1.0.0',
        resolved: 'https://elsewhere.test/a/-/a-1.0.0.tgz',
        integrity: integrity(a),
        hasInstallScript: true,
      },
      'node_modules/a/node_modules/@s/b': {
        version: '2.0.0',
        integrity: integrity(b),
        os: ['!win32'],
        cpu: ['x64'],
      },
      'node_modules/dev': { version: '1.0.0', dev: true },
      'node_modules/mac': { version: '1.0.0', optional: true, os: ['darwin'], integrity: integrity(a) },
    },
  };
  const locked = readLock(utf8(JSON.stringify(lock)), 'lock', machine);
  const served = { 'a/-/a-1.0.0.tgz': a, '@s/b/-/b-2.0.0.tgz': b };
  const contents = await addNpmLock(locked, '/srv/app', registry(served));
  const { fileSystem, additions } = applyAdditions(await fileSystemOf({}), [contents], null, []);
  expect(additions.map(({ name, to }) => [name, to])).toEqual([
    ['a@1.0.0', '/srv/app/node_modules/a'],
    ['@s/b@2.0.0', '/srv/app/node_modules/a/node_modules/@s/b'],
  ]);
  expect(fileSystem.resolve('srv/app/node_modules/.bin/a')?.path).toBe('srv/app/node_modules/a/cli.js');
  expect(fileSystem.resolve('srv/app/node_modules/a/node_modules/.bin/b')?.path).toBe(
    'srv/app/node_modules/a/node_modules/@s/b/x.js',
  );
  expect(fileSystem.get('srv/app/node_modules/mac')).toBeUndefined();
});

const pinned = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` };
test.each([
  ['an older lock file', { lockfileVersion: 1, packages: {} }],
  ['no packages', { lockfileVersion: 3 }],
  [
    'a package without a digest',
    { lockfileVersion: 3, packages: { 'node_modules/a': { version: '1.0.0' } } },
  ],
  [
    'a digest by SHA-1 only',
    { lockfileVersion: 3, packages: { 'node_modules/a': { version: '1.0.0', integrity: 'sha1-AAAA' } } },
  ],
  ['a link', { lockfileVersion: 3, packages: { 'node_modules/a': { ...pinned, link: true } } }],
  ['a path that leads out', { lockfileVersion: 3, packages: { 'node_modules/../../etc': pinned } }],
  ['a path elsewhere', { lockfileVersion: 3, packages: { '/etc/node_modules/a': pinned } }],
  [
    'a version that is a path',
    { lockfileVersion: 3, packages: { 'node_modules/a': { ...pinned, version: '../1' } } },
  ],
  [
    'a name that is a path',
    { lockfileVersion: 3, packages: { 'node_modules/a': { ...pinned, name: '../../x' } } },
  ],
])('a lock file with %s is refused', (_name, lock) => {
  expect(() => readLock(utf8(JSON.stringify(lock)), 'lock', machine)).toThrow(
    expect.objectContaining(unusable),
  );
});

test('a digest is taken from an integrity by sha512 only', () => {
  const one = `sha512-${'A'.repeat(86)}==`;
  expect(sha512Of(`sha1-x ${one}?foo`)).toBe('00'.repeat(64));
  for (const bad of ['', 'sha256-AAAA', one.slice(0, -1), `${one}=`]) expect(sha512Of(bad)).toBeNull();
});
