import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildImage,
  buildLayer,
  createRegistryClient,
  machinePlatform,
  nodeBase,
  openLayout,
  pushImage,
} from '@pratique/oci';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const command = new URL('../../packages/cli/bin/pratique.mjs', import.meta.url).pathname;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-demo-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function demo(...argv: string[]) {
  return spawnSync(process.execPath, [command, 'demo', '--offline', ...argv], {
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, HOME: directory },
  });
}

interface Row {
  readonly case: number;
  readonly image: string;
  readonly expected: string;
  readonly allowed: boolean;
  readonly codes: readonly string[];
  readonly decisionId: string;
}

test('pratique demo -o json prints twenty-one expected decisions, each with its own id', {
  timeout: 120_000,
}, () => {
  const { status, stdout } = demo('-o', 'json');
  expect(status).toBe(0);
  const rows = JSON.parse(stdout) as Row[];
  expect(rows.map((row) => [row.case, row.allowed])).toEqual([
    [1, true],
    [2, false],
    [3, false],
    [4, false],
    [5, false],
    [6, false],
    [7, false],
    [8, false],
    [9, true],
    [10, true],
    ...[11, 12, 13, 14, 15, 16, 17].map((number) => [number, false]),
    [18, true],
    [19, false],
    [20, true],
    [21, false],
  ]);
  const codes = new Map(rows.map((row) => [row.case, row.codes]));
  expect(codes.get(2)).toEqual(['SIGNATURE_MISSING']);
  expect(codes.get(3)).toEqual(['ENVIRONMENT_MISMATCH']);
  expect(codes.get(7)).toEqual(['OCI_UNREACHABLE']);
  for (const number of [12, 13, 14]) expect(codes.get(number)).toEqual(['IDENTITY_MISMATCH']);
  expect(codes.get(15)).toEqual(['LOG_NOT_TRUSTED']);
  expect(codes.get(16)).toEqual(['CERTIFICATE_PATH_INVALID']);
  expect(codes.get(19)).toEqual(['ATTESTATION_MISSING']);
  expect(codes.get(21)).toEqual(['BASE_NOT_APPROVED']);
  expect(new Set(rows.map((row) => row.decisionId)).size).toBe(21);
  for (const row of rows) expect(row.expected).toBe(row.allowed ? 'allowed' : 'denied');
});

describe('--base takes an image of the user’s', () => {
  test('an OCI layout', { timeout: 120_000 }, async () => {
    const layer = await buildLayer([
      { type: 'file', path: 'hello', content: new TextEncoder().encode('hello') },
    ]);
    const layout = await openLayout(join(directory, 'layout'), { create: true });
    await pushImage(buildImage({ layers: [layer], platform: machinePlatform() }), layout, { tag: 'mine' });
    const { status, stdout, stderr } = demo('--base', 'oci:layout', '-o', 'json');
    expect(stderr).toContain('oci:layout pushed');
    expect([status, (JSON.parse(stdout) as Row[]).length]).toEqual([0, 21]);
  });

  test('a base that is not there is an error with a code and prints no table', () => {
    const { status, stdout, stderr } = demo('--base', 'oci:nowhere');
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error OCI_[A-Z_]+: /m);
  });
});

test('--keep leaves registry and webhook running until SIGTERM', {
  timeout: 120_000,
}, async () => {
  const child = spawn(process.execPath, [command, 'demo', '--offline', '--keep', '-o', 'json'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOME: directory },
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    output += chunk;
    if (output.includes('"ready":true')) break;
  }
  const { urls } = JSON.parse(output.slice(output.indexOf('{"ready"'))) as {
    urls: { registry: string; admission: string };
  };
  const client = createRegistryClient({ environment: {} });
  await client.ping(urls.registry.replace('http://', ''));
  client.close();
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('the program in the demo’s image runs from the image’s own files', { timeout: 60_000 }, async () => {
  // The root file system is laid out on disk and its Node started by its own dynamic linker with its own libraries only.
  const root = join(directory, 'rootfs');
  const layer = await buildLayer(nodeBase().entries);
  const tar = join(directory, 'layer.tar');
  await writeFile(tar, layer.open());
  expect(spawnSync('mkdir', ['-p', root]).status).toBe(0);
  expect(spawnSync('tar', ['-xf', tar, '-C', root, '--no-same-owner']).status).toBe(0);
  const guestbook = new URL('../../packages/cli/src/demo/guestbook/guestbook.mjs', import.meta.url).pathname;
  const linker = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1', 'lib64/ld64.so.2']
    .map((path) => join(root, path))
    .find((path) => existsSync(path));
  const libraries = [
    'lib',
    'lib64',
    'lib/x86_64-linux-gnu',
    'usr/lib/x86_64-linux-gnu',
    'lib/aarch64-linux-gnu',
    'usr/lib/aarch64-linux-gnu',
    'usr/lib',
    'usr/lib64',
  ].map((path) => join(root, path));
  const result = spawnSync(
    linker!,
    [
      '--inhibit-cache',
      '--library-path',
      libraries.join(':'),
      join(root, 'usr/local/bin/node'),
      guestbook,
      '--check',
    ],
    { encoding: 'utf8' },
  );
  expect(result.stderr).toBe('');
  expect(result.stdout).toContain(`guestbook works on Node ${process.versions.node}`);
});
