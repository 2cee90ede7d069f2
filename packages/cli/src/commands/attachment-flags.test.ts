import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicKey, formatSigningKey, generateSigningKey } from '@pratique/crypto';
import { buildImage, buildLayer, createRegistryClient, machinePlatform, pushImage } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let hex: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function ok(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await pratique(...argv);
  expect(code, stderr).toBe(0);
  return stdout;
}

const at = (image: string): string => `${registry.address}/${image}`;
const prefixed = (prefix: string) => ['--attachment-tag-prefix', prefix];
const sign = (...args: string[]) => ok('sign', '--key', 'cosign.key', ...args);
const verify = (...args: string[]) => pratique('verify', '--key', 'cosign.pub', ...args);

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-attachment-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  await pratique('generate-key-pair');
  await pratique('generate-key-pair', '--output-key-prefix', 'other');
  writeFileSync(join(cwd, 'sbom.json'), '{"spdxVersion":"SPDX-2.3"}');
  writeFileSync(join(cwd, 'other.json'), '{"spdxVersion":"SPDX-2.3","name":"another"}');
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

/** A new image in a repository of its own. */
async function publish(name: string): Promise<string> {
  const content = new TextEncoder().encode(name);
  const layer = await buildLayer([{ type: 'file', path: 'hello', content }]);
  const image = buildImage({ layers: [layer], platform: machinePlatform() });
  const client = createRegistryClient({ environment: {} });
  await pushImage(image, client.repository(at(name)), { tag: '1' });
  client.close();
  hex = image.descriptor.digest.slice('sha256:'.length);
  return `${at(name)}@${image.descriptor.digest}`;
}

test('--attachment-tag-prefix: what is attached stands under tags with it, and is found with the same one only', async () => {
  const image = await publish('prefixed');
  await sign('--legacy', ...prefixed('team-a.'), image);
  const attest = ['attest', '--key', 'cosign.key', '--legacy', '--predicate', 'sbom.json'];
  await ok(...attest, ...prefixed('team-a.'), image);
  await ok('attach', 'sbom', '--sbom', 'sbom.json', ...prefixed('team-a.'), image);
  const tags = (await ok('ls', at('prefixed'))).trim().split('\n').sort();
  expect(tags).toEqual(['1', ...['att', 'sbom', 'sig'].map((suffix) => `team-a.sha256-${hex}.${suffix}`)]);

  expect((await verify(...prefixed('team-a.'), image)).code).toBe(0);
  expect((await verify(image)).code).toBe(10);
  expect((await verify(...prefixed('team-b.'), image)).code).toBe(10);
  const attested = ['verify-attestation', '--key', 'cosign.pub', image];
  expect((await pratique(...attested, ...prefixed('team-a.'))).code).toBe(0);
  expect((await pratique(...attested)).code).toBe(2);
  await ok('download', 'sbom', ...prefixed('team-a.'), image);
  expect((await pratique('download', 'sbom', image)).code).toBe(1);
  expect(await ok('triangulate', ...prefixed('team-a.'), image)).toBe(
    `${at('prefixed')}:team-a.sha256-${hex}.sig\n`,
  );
  expect(await ok('tree', '-o', 'cosign', ...prefixed('team-a.'), image)).toContain(
    `team-a.sha256-${hex}.att`,
  );
  expect(await ok('tree', image)).toContain('nothing attached');
});

test('--attachment-tag-prefix: copy keeps it, save leaves it out, load puts it before', async () => {
  const image = await publish('moved');
  await sign('--legacy', ...prefixed('a-'), image);
  await ok('copy', ...prefixed('a-'), at('moved:1'), at('copied:1'));
  expect((await verify(...prefixed('a-'), at('copied:1'))).code).toBe(0);
  await ok('save', '--dir', 'saved', ...prefixed('a-'), at('moved:1'));
  expect((await verify('--local-image', 'saved')).code).toBe(0);
  await ok('load', '--dir', 'saved', ...prefixed('b-'), at('loaded:1'));
  expect((await verify(...prefixed('b-'), at('loaded:1'))).code).toBe(0);
  expect((await verify(...prefixed('a-'), at('loaded:1'))).code).toBe(10);
  await ok('clean', '-f', at('loaded:1'));
  expect((await verify(...prefixed('b-'), at('loaded:1'))).code).toBe(0);
  await ok('clean', '-f', ...prefixed('b-'), at('loaded:1'));
  expect((await verify(...prefixed('b-'), at('loaded:1'))).code).toBe(10);
});

test.each(['a/b', '-a', '.a', 'a:b', 'a b', 'x'.repeat(53)])(
  '--attachment-tag-prefix %s, with which nothing is a tag, is refused before anybody is asked',
  async (prefix) => {
    for (const command of ['verify', 'sign', 'tree', 'clean', 'triangulate']) {
      const key = command === 'sign' ? ['--key', 'cosign.key'] : [];
      const flags = command === 'verify' ? ['--key', 'cosign.pub'] : key;
      const { code, stderr } = await pratique(
        command,
        ...flags,
        `--attachment-tag-prefix=${prefix}`,
        at('app'),
      );
      expect(stderr).toContain('not the beginning of a tag');
      expect(code).toBe(3);
    }
  },
);

test.each([
  ['bundle', []],
  ['legacy', ['--legacy']],
])('--attachment sbom, %s: the SBOM is signed and verified, and not the image', async (name, format) => {
  const image = await publish(`sbom-${name}`);
  await ok('attach', 'sbom', '--sbom', 'sbom.json', image);
  const signed = await sign('--attachment', 'sbom', ...format, image);
  expect(signed).not.toContain(hex);
  const of = (...flags: string[]) => verify('--attachment', 'sbom', ...flags, image);
  const good = await of();
  expect(good.code, good.stderr).toBe(0);
  expect(good.stdout).toContain(/sha256:[0-9a-f]{64}/.exec(signed)![0]);
  expect((await verify(image)).code).toBe(10);
  expect((await pratique('verify', '--key', 'other.pub', '--attachment', 'sbom', image)).code).toBe(12);

  // Another SBOM in its place is not the one that was signed.
  await ok('attach', 'sbom', '--sbom', 'other.json', image);
  expect((await of()).code).toBe(10);
});

test('--attachment sbom: a signature of the image is none of its SBOM', async () => {
  const image = await publish('image-signed');
  await ok('attach', 'sbom', '--sbom', 'sbom.json', image);
  await sign(image);
  await sign('--legacy', image);
  expect((await verify(image)).code).toBe(0);
  expect((await verify('--attachment', 'sbom', image)).code).toBe(10);
});

test('--attachment sbom of an image that has none says so, and other attachments are not known', async () => {
  const image = await publish('no-sbom');
  for (const command of [
    ['sign', '--key', 'cosign.key'],
    ['verify', '--key', 'cosign.pub'],
  ]) {
    const none = await pratique(...command, '--attachment', 'sbom', image);
    expect(none.stderr).toContain('SBOM_MISSING');
    expect(none.code).toBe(1);
    expect((await pratique(...command, '--attachment', 'provenance', image)).code).toBe(3);
  }
});

/** What `inspect` prints. */
const inspected = async (reference: string, ...flags: string[]) =>
  JSON.parse(await ok('inspect', ...flags, reference)) as Record<string, unknown>;

test('--record-creation-timestamp: tags say when they were written only where that is asked for', async () => {
  const image = await publish('timed');
  const recorded = ['--legacy', '--record-creation-timestamp'];
  await sign('--legacy', image);
  const created = async (suffix: string) =>
    (await inspected(`${at('timed')}:sha256-${hex}.${suffix}`, '--config'))['created'];
  expect(await created('sig')).toBe('0001-01-01T00:00:00Z');
  const terminal = testTerminal({
    cwd,
    env: { HOME: cwd, COSIGN_PASSWORD: '', SOURCE_DATE_EPOCH: '1700000000' },
  });
  const timed = ['sign', '--key', 'cosign.key', ...recorded, '-a', 'a=b', image];
  expect(await run(timed, terminal, never), terminal.stderr).toBe(0);
  expect(await created('sig')).toBe('2023-11-14T22:13:20.000Z');
  await ok('attest', '--key', 'cosign.key', ...recorded, '--predicate', 'sbom.json', image);
  expect(Date.parse(String(await created('att')))).toBeGreaterThan(Date.parse('2026-01-01'));
  expect((await verify(image)).code).toBe(0);
});

test('--registry-referrers-mode oci-1-1: the signature refers to the image, and no tag is written', async () => {
  const image = await publish('referred');
  const mode = ['--registry-referrers-mode', 'oci-1-1'];
  const signed = await pratique('sign', '--key', 'cosign.key', '--legacy', ...mode, image);
  expect([signed.code, signed.stderr]).toEqual([0, expect.stringContaining('Stored as referrer')]);
  expect(await ok('ls', at('referred'))).toBe('1\n');
  expect((await verify(image)).code).toBe(0);
  expect((await pratique('verify', '--key', 'other.pub', image)).code).toBe(12);
  const moved = (await publish('not-referred')).replace('not-referred', 'referred');
  expect((await verify(moved)).code).toBe(11);
});

test('--registry-referrers-mode oci-1-1: an SBOM refers to the image, and is found before one under the tag', async () => {
  const image = await publish('sbom-referred');
  await ok('attach', 'sbom', '--sbom', 'sbom.json', image);
  expect(await ok('download', 'sbom', image)).not.toContain('another');
  await ok('attach', 'sbom', '--registry-referrers-mode', 'oci-1-1', '--sbom', 'other.json', image);
  expect(await ok('download', 'sbom', image)).toContain('another');
  const listed = JSON.parse(await ok('tree', '-o', 'json', image)) as { attached: { kind: string }[] };
  expect(listed.attached.map(({ kind }) => kind)).toEqual([
    'cosign SBOM',
    'application/vnd.dev.cosign.artifact.sbom.v1+json',
  ]);
});

test.each([
  ['ecdsa-p384', 'sha384', ['sha256', 'sha512']],
  ['ecdsa-p521', 'sha512', ['sha256', 'sha384']],
  ['rsa', 'sha256', ['sha384', 'sha512']],
  ['ecdsa-p256', 'sha256', ['sha384', 'sha512']],
] as const)(
  '--signature-digest-algorithm: of a key of %s only signatures with the hash that is asked for count',
  async (algorithm, hash, others) => {
    const key = generateSigningKey(algorithm);
    writeFileSync(join(cwd, 'hashed.key'), formatSigningKey(key, ''));
    writeFileSync(join(cwd, 'hashed.pub'), formatPublicKey(key.publicKey));
    const image = await publish(`hashed-${algorithm}`);
    await ok('sign', '--key', 'hashed.key', '--legacy', image);
    await ok('sign', '--key', 'hashed.key', image);
    await ok('sign-blob', '--key', 'hashed.key', '--bundle', 'hashed.json', 'sbom.json');
    const check = async (asked: string) => {
      const flags = ['--key', 'hashed.pub', '--signature-digest-algorithm', asked];
      const blob = await pratique('verify-blob', ...flags, '--bundle', 'hashed.json', 'sbom.json');
      return [(await pratique('verify', ...flags, image)).code, blob.code];
    };
    expect(await check(hash)).toEqual([0, 0]);
    for (const other of others) expect(await check(other)).toEqual([12, 2]);
    expect(await check('sha224')).toEqual([3, 3]);
  },
);

test.each(['0', '-1', '101', 'x'])('--max-workers %s is refused', async (workers) => {
  expect((await verify(`--max-workers=${workers}`, at('prefixed:1'))).code).toBe(3);
});

test('--max-workers 1 reads what is attached one after the other', async () => {
  const image = await publish('one-by-one');
  await sign(image);
  expect((await verify('--max-workers', '1', image)).code).toBe(0);
});
