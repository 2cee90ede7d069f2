import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistryClient } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
let registry: Registry;
let cwd: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const at = (name: string) => `${registry.address}/${name}`;

async function manifestOf(name: string) {
  const client = createRegistryClient({ environment: {} });
  const [, repository, version] = /^(.*)[:](.*)$/.exec(name)!;
  try {
    return await client.repository(at(repository!)).getManifest(version!);
  } finally {
    client.close();
  }
}

const isThere = (name: string) =>
  manifestOf(name).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-upload-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  writeFileSync(join(cwd, 'hello'), 'hello\n');
  writeFileSync(join(cwd, 'page'), '<html>');
  writeFileSync(join(cwd, 'a,b'), 'comma');
  writeFileSync(join(cwd, 'empty'), '');
  writeFileSync(join(cwd, 'module.wasm'), wasm);
  mkdirSync(join(cwd, 'directory'));
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

const blob = createHash('sha256').update('hello\n').digest('hex');

test('upload blob prints the name that cannot move, and on standard error what cosign says', async () => {
  const result = await pratique('upload', 'blob', '-f', 'hello', at('files/hello:1'));
  const pinned = `${at('files/hello')}@sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede`;
  expect(result).toEqual({
    code: 0,
    stdout: `${pinned}\n`,
    stderr: `Uploading file from [hello] to [${at('files/hello:1')}] with media type [text/plain]\nFile [hello] is available directly at [${registry.address}/v2/files/hello/blobs/sha256:${blob}]\nUploaded image to:\n`,
  });
  // What was pushed is signed and verified by that name, and pushed by it again.
  expect((await pratique('generate-key-pair')).code).toBe(0);
  expect((await pratique('sign', '--key', 'cosign.key', pinned)).code).toBe(0);
  expect((await pratique('verify', '--key', 'cosign.pub', at('files/hello:1'))).code).toBe(0);
  expect((await pratique('upload', 'blob', '-f', 'hello', pinned)).code).toBe(0);
});

test('several files make an index under the tag, each for its platform; a variant is told and left out', async () => {
  const files = ['-f', 'hello:linux/arm/v7', '-f', 'page:darwin', '-a', 'a=1,b=2', '-a', 'c=x,y'];
  const { code, stdout, stderr } = await pratique('upload', 'blob', ...files, at('several:1'));
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toMatch(/^warning: the variant v7 of hello is left out/);
  const { descriptor, manifest } = await manifestOf('several:1');
  expect(stderr).toContain(`Uploading multi-platform index to ${at('several')}@${descriptor.digest}\n`);
  expect(manifest).toMatchObject({ kind: 'index', annotations: { a: '1', b: '2', c: 'x,y' } });
  if (manifest.kind !== 'index') throw new Error(manifest.kind);
  expect(manifest.manifests.map(({ platform }) => platform)).toEqual([
    { os: 'linux', architecture: 'arm' },
    { os: 'darwin', architecture: '' },
  ]);
});

test('the tag is set once, to the index, and never names one of the files', async () => {
  const files = ['-f', 'hello:linux', '-f', 'page:darwin'];
  const { code, stderr } = await pratique('upload', 'blob', '-d', ...files, at('once:1'));
  expect(code).toBe(0);
  const written = [...stderr.matchAll(/PUT http\S+\/manifests\/(\S+) 201/g)].map(([, version]) => version!);
  expect(written.map((version) => version.replace(/[0-9a-f]{64}/, '…'))).toEqual([
    'sha256:…',
    'sha256:…',
    '1',
  ]);
});

test('a name with a comma is quoted, as for cosign; a media type is taken as given', async () => {
  const flags = ['-f', '"a,b"', '--ct', 'application/x; charset=utf-8'];
  expect((await pratique('upload', 'blob', ...flags, at('comma'))).code).toBe(0);
  expect((await manifestOf('comma:latest')).manifest).toMatchObject({
    layers: [{ mediaType: 'application/x; charset=utf-8', size: 5 }],
  });
});

const zeros = `sha256:${'0'.repeat(64)}`;

test.each([
  ['no file', [], 'USAGE', 'there is no file to push'],
  ['a file that is not there', ['-f', 'none'], 'FILE_UNREADABLE', 'there is no such file'],
  ['a directory', ['-f', 'directory'], 'FILE_UNREADABLE', 'it is a directory'],
  ['the second one not there', ['-f', 'hello:a', '-f', 'none:b'], 'FILE_UNREADABLE', 'cannot read none'],
  ['one of several without platform', ['-f', 'hello:linux', '-f', 'page'], 'USAGE', '-f page'],
  ['two in one flag', ['-f', 'hello,page'], 'USAGE', 'each of several files is for a platform'],
  ['an open quotation mark', ['-f', '"hello'], 'USAGE', 'CSV'],
  ['no media type', ['-f', 'hello', '--ct', 'text'], 'USAGE', 'TYPE/SUBTYPE'],
  ['an annotation without value', ['-f', 'hello', '-a', 'name'], 'USAGE', '-a name'],
])('upload blob with %s pushes nothing', async (_name, flags, error, reason) => {
  const { code, stdout, stderr } = await pratique('upload', 'blob', ...flags, at('refused:1'));
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toContain(`error ${error}`);
  expect(stderr).toContain(reason);
  expect(await isThere('refused:1')).toBe(false);
});

test('another digest than what would be pushed is refused, and nothing is pushed', async () => {
  const name = `${at('other')}@${zeros}`;
  for (const argv of [
    ['blob', '-f', 'hello', name],
    ['blob', '-f', 'hello:a', '-f', 'page:b', name],
    ['wasm', '-f', 'module.wasm', name],
  ]) {
    const { code, stderr } = await pratique('upload', ...argv);
    expect(code).toBe(3);
    expect(stderr).toContain('what would be pushed has another digest');
  }
  expect(await isThere(`other:${zeros}`)).toBe(false);
});

test('upload wasm pushes a module, and nothing else', async () => {
  const result = await pratique('upload', 'wasm', '-f', 'module.wasm', at('filter:1'));
  const stderr = `Uploading wasm file from [module.wasm] to [${at('filter:1')}].\n`;
  expect(result).toEqual({ code: 0, stdout: '', stderr });
  expect((await manifestOf('filter:1')).descriptor.digest).toBe(
    'sha256:53e605c2c8b3ffebfc58c3ea2ebc5f89b8ebe1d2c409fd4abbdae2a47c7b0e28',
  );
  for (const [file, found] of [
    ['hello', 'text/plain'],
    ['empty', 'text/plain'],
  ] as const) {
    const refused = await pratique('upload', 'wasm', '-f', file, at('refused:2'));
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('no WebAssembly module');
    expect(refused.stderr).toContain(found);
  }
  expect(await pratique('upload', 'wasm', at('refused:2'))).toMatchObject({ code: 3, stdout: '' });
  expect(await isThere('refused:2')).toBe(false);
});

test('a file name does nothing to the terminal that it is shown on', async () => {
  const name = 'a\u001b[2Jb';
  writeFileSync(join(cwd, name), wasm);
  const pushed = [
    await pratique('upload', 'blob', '-f', `${name}:linux/arm/\u001b7`, at('odd:1')),
    await pratique('upload', 'wasm', '-f', name, at('odd:2')),
    await pratique('upload', 'blob', '-f', 'hello:linux', '-f', name, at('odd:3')),
    await pratique('upload', 'blob', '-f', 'hello', '--ct', name, at('odd:3')),
  ];
  expect(pushed.map(({ code }) => code)).toEqual([0, 0, 3, 3]);
  for (const { stderr } of pushed) expect(stderr).not.toContain('\u001b');
});

test('a registry that does not answer is a fault', async () => {
  const gone = await startRegistry({ listen: '127.0.0.1:0' });
  await gone.close();
  for (const argv of [
    ['blob', '-f', 'hello'],
    ['wasm', '-f', 'module.wasm'],
  ]) {
    const { code, stdout, stderr } = await pratique('upload', ...argv, `${gone.address}/a:1`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error OCI_UNREACHABLE');
  }
});

test('debug providers says of each provider whether it is there', async () => {
  const socket = join(cwd, 'hello');
  const terminal = testTerminal({
    cwd,
    env: { SIGSTORE_ID_TOKEN: 'x', SPIFFE_ENDPOINT_SOCKET: `unix://${socket}`, GCE_METADATA_HOST: '' },
  });
  expect(await run(['debug', 'providers'], terminal, never)).toBe(0);
  expect(terminal.stdout.split('\n')).toEqual([
    'filesystem: false',
    'envvar: true',
    'github-actions: false',
    'buildkite-agent: false',
    'spiffe: true',
    expect.stringMatching(/^google-workload-identity: (true|false)$/),
    'google-impersonate: false',
    '',
  ]);
});
