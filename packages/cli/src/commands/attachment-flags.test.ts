import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
