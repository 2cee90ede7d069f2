import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned, generateSigningKey } from '@pratique/crypto';
import { type ServedNotary, serveNotary } from '@pratique/notary/testing/serve-notary';
import { bareKey, past, soon, VirtualNotary } from '@pratique/notary/testing/virtual-notary';
import { buildImage, buildLayer, createRegistryClient, pushImage } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let count = 0;
let served: ServedNotary;

beforeAll(async () => {
  registry = await startRegistry({ listen: '127.0.0.1:0' });
});
afterAll(async () => {
  await registry.close();
});
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-content-trust-'));
  await pratique('generate-key-pair');
});
afterEach(() => {
  served?.close();
  rmSync(cwd, { recursive: true });
});

async function pratique(...argv: string[]) {
  const terminal = testTerminal({
    cwd,
    env: { HOME: cwd, COSIGN_PASSWORD: '', ...(served && { DOCKER_CONTENT_TRUST_SERVER: served.url }) },
  });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** A repository with an image, whose tag 1.0 is signed, and a server that says so. */
async function published() {
  const name = `${registry.address}/team/app${++count}`;
  const layer = await buildLayer([{ type: 'file', path: 'hello', content: new TextEncoder().encode(name) }]);
  const image = buildImage({ layers: [layer], platform: { os: 'linux', architecture: 'amd64' } });
  const client = createRegistryClient({ environment: {} });
  const { digest } = await pushImage(image, client.repository(name), { tag: '1.0' });
  const manifest = (await client.repository(name).getManifest(digest)).bytes;
  client.close();
  const notary = new VirtualNotary(name, generateSigningKey(), soon());
  notary.sign('1.0', manifest);
  notary.publish();
  served = await serveNotary(notary);
  const root = ['--root-key', notary.signers.root![0]!.id];
  return { name, digest, manifest, notary, root };
}

test('inspect prints what docker trust inspect prints', async () => {
  const { name, digest, notary, root, manifest } = await published();
  const key = bareKey();
  notary.sign('1.0', manifest, notary.delegate('targets/alice', [key]));
  notary.sign('0.9', 'old');
  notary.sign('0.10', 'old');
  notary.publish();
  const { code, stdout, stderr } = await pratique('trust', 'inspect', ...root, '-o', 'json', name);
  expect(code, stderr).toBe(0);
  const hex = digest.slice('sha256:'.length);
  expect(JSON.parse(stdout)).toEqual([
    {
      Name: name,
      SignedTags: [
        { SignedTag: '0.9', Digest: expect.any(String), Signers: ['Repo Admin'] },
        { SignedTag: '0.10', Digest: expect.any(String), Signers: ['Repo Admin'] },
        { SignedTag: '1.0', Digest: hex, Signers: ['alice'] },
      ],
      Signers: [{ Name: 'alice', Keys: [{ ID: key.canonicalId }] }],
      AdministrativeKeys: [
        { Name: 'Root', Keys: [{ ID: notary.signers.root![0]!.id }] },
        { Name: 'Repository', Keys: [{ ID: notary.signers.targets![0]!.id }] },
      ],
    },
  ]);
  const text = await pratique('trust', 'inspect', ...root, `${name}:1.0`);
  expect(text.stdout).toContain(`1.0  ${digest}  targets  alice`);
  expect(text.stdout).not.toContain('0.9');
});

test('a tag that is not signed is denied, and nothing is printed', async () => {
  const { name, root } = await published();
  expect(await pratique('trust', 'inspect', ...root, `${name}:2.0`)).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('error NOTARY_TAG_NOT_SIGNED'),
  });
});

test('a role that is not believed is named, none of its tags is shown, and nothing is signed', async () => {
  const { name, notary, root, manifest } = await published();
  notary.sign('1.0', manifest, notary.delegate('targets/releases', [bareKey()]));
  notary.delegated['targets/releases']!.expires = past;
  notary.publish();
  const inspected = await pratique('trust', 'inspect', ...root, '-o', 'json', name);
  expect(inspected).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('NOTARY_EXPIRED: targets/releases'),
  });
  expect(JSON.parse(inspected.stdout)[0].SignedTags).toEqual([]);
  for (const image of [name, `${name}:1.0`])
    expect(await pratique('trust', 'migrate', ...root, '--key', 'cosign.key', image)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('error NOTARY_EXPIRED'),
    });
});

test('what was seen is remembered under the home directory', async () => {
  const { name, notary, root } = await published();
  notary.timestamp.version = 9;
  notary.publish();
  expect((await pratique('trust', 'inspect', ...root, name)).code).toBe(0);
  notary.timestamp.version = 8;
  notary.publish();
  const again = await pratique('trust', 'inspect', ...root, name);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('error NOTARY_ROLLBACK') });
  expect((await pratique('trust', 'inspect', ...root, '--trust-state', 'elsewhere', name)).code).toBe(0);
});

test('a root is trusted by its key, as a file, by its authority, or on first use', async () => {
  const { name, notary } = await published();
  writeFileSync(join(cwd, 'root.json'), notary.files.get('root.json')!);
  writeFileSync(join(cwd, 'ca.pem'), createSelfSigned({ names: ['ca.test'] }).caPem);
  const cases: [string[], number, string][] = [
    [['--root-key', notary.signers.root![0]!.canonicalId], 0, ''],
    [['--root', 'root.json'], 0, ''],
    [['--trust-on-first-use'], 0, ''],
    [['--root-ca', 'ca.pem'], 1, 'NOTARY_ROOT_UNTRUSTED'],
    [['--root-ca', 'root.json'], 3, 'NOTARY_ROOT_UNREADABLE'],
    [['--root', 'ca.pem'], 3, 'NOTARY_ROOT_UNREADABLE'],
    [['--root', 'none.json'], 3, 'FILE_UNREADABLE'],
    [['--root-key', '1234'], 3, 'NOTARY_ROOT_UNREADABLE'],
    [[], 3, 'NOTARY_ROOT_REQUIRED'],
    [['--root', 'root.json', '--trust-on-first-use'], 3, 'USAGE'],
    [['--root', 'root.json', '--notary-server', 'http://notary.example'], 3, 'NOTARY_SERVER_INVALID'],
  ];
  for (const [index, [flags, code, error]] of cases.entries()) {
    const state = ['--trust-state', `state${index}`];
    const result = await pratique('trust', 'inspect', ...flags, ...state, name);
    expect(result, flags.join(' ')).toMatchObject({ code, stderr: expect.stringContaining(error) });
  }
});

const verify = (name: string, ...more: string[]) => pratique('verify', '--key', 'cosign.pub', ...more, name);

test('migrate signs the digest that a tag is signed to be, and says where that comes from', async () => {
  const { name, digest, notary, root, manifest } = await published();
  notary.sign('latest', manifest);
  notary.publish();
  const key = ['--key', 'cosign.key'];
  const dry = await pratique('trust', 'migrate', ...root, ...key, '--dry-run', name);
  expect(dry.stdout).toContain(
    `${name}@${digest}  to be signed  (tags 1.0, latest; by targets; on the registry latest`,
  );
  expect((await verify(name)).code).not.toBe(0);
  const done = await pratique('trust', 'migrate', ...root, ...key, '-a', 'by=team', '-o', 'json', name);
  expect(done.code, done.stderr).toBe(0);
  const keys = [notary.signers.targets![0]!.canonicalId];
  expect(JSON.parse(done.stdout)).toEqual({
    schemaVersion: 1,
    images: [
      {
        image: `${name}@${digest}`,
        digest,
        tags: ['1.0', 'latest'],
        roles: ['targets'],
        keys,
        status: 'signed',
        moved: ['latest'],
        reason: null,
      },
    ],
  });
  const said = [
    '-a',
    'docker-content-trust.role=targets',
    '-a',
    `docker-content-trust.keys=${keys[0]}`,
    '-a',
    'by=team',
  ];
  expect((await verify(`${name}@${digest}`, ...said)).code).toBe(0);
  const again = await pratique('trust', 'migrate', ...root, ...key, `${name}:1.0`);
  expect(again.stdout).toContain('signed already');
  const otherwise = await pratique(
    'trust',
    'migrate',
    ...root,
    ...key,
    '--dry-run',
    '-a',
    'by=another',
    name,
  );
  expect(otherwise.stdout).toContain('to be signed');
});

test('a tag that was moved on the registry is not what is signed', async () => {
  const { name, digest, root } = await published();
  const client = createRegistryClient({ environment: {} });
  const layer = await buildLayer([{ type: 'file', path: 'evil', content: new Uint8Array(3) }]);
  const moved = await pushImage(
    buildImage({ layers: [layer], platform: { os: 'linux', architecture: 'amd64' } }),
    client.repository(name),
    { tag: '1.0' },
  );
  client.close();
  const { stdout } = await pratique('trust', 'migrate', ...root, '--key', 'cosign.key', `${name}:1.0`);
  expect(stdout).toContain(
    `${name}@${digest}  signed  (tags 1.0; by targets; on the registry 1.0 is another image`,
  );
  expect((await verify(`${name}@${digest}`)).code).toBe(0);
  expect((await verify(`${name}@${moved.digest}`)).code).not.toBe(0);
});

test('what the registry does not have is named and left', async () => {
  const { name, digest, notary, root } = await published();
  notary.sign('gone', 'nowhere');
  notary.publish();
  const { code, stdout } = await pratique('trust', 'migrate', ...root, '--key', 'cosign.key', name);
  expect(code).toBe(1);
  expect(stdout).toMatch(/ {2}missing {2}\(tags gone; by targets; .*the registry does not have it\)/);
  expect((await verify(`${name}@${digest}`)).code).toBe(0);
});

test('a manifest of another length than is signed is a fault, and is not signed', async () => {
  const { name, digest, notary, root } = await published();
  notary.targets.targets['1.0'].length++;
  notary.publish();
  const result = await pratique('trust', 'migrate', ...root, '--key', 'cosign.key', name);
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('error NOTARY_MISMATCH') });
  expect((await verify(`${name}@${digest}`)).code).not.toBe(0);
});

test('a signature by another key is none that is enough', async () => {
  const { name, root } = await published();
  await pratique('generate-key-pair', '--output-key-prefix', 'other');
  await pratique('trust', 'migrate', ...root, '--key', 'other.key', name);
  const { stdout } = await pratique('trust', 'migrate', ...root, '--key', 'cosign.key', name);
  expect(stdout).toContain('  signed  ');
});

test.each([
  [['@sha256:'.padEnd(72, '0')], 'USAGE'],
  [[':1.0@sha256:'.padEnd(76, '0')], 'NOTARY_TAG_NOT_SIGNED'],
  [['', '--certificate-identity', 'dev@example.com'], 'USAGE'],
  [['', '--certificate-identity', 'dev@example.com', '--certificate-oidc-issuer', 'https://a.test'], 'USAGE'],
])('migrate of %j says what is wrong', async ([suffix, ...flags], code) => {
  const { name, root } = await published();
  const result = await pratique(
    'trust',
    'migrate',
    ...root,
    '--key',
    'cosign.key',
    ...flags,
    `${name}${suffix}`,
  );
  expect(result).toMatchObject({ stdout: '', stderr: expect.stringContaining(`error ${code}`) });
  expect(result.code).not.toBe(0);
});
