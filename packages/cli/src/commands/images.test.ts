import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildImage,
  buildImageManifest,
  buildIndex,
  buildLayer,
  createRegistryClient,
  describeBytes,
  machinePlatform,
  pushImage,
} from '@pratique/oci';
import { basicAuth, type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let digest: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const at = (image: string): string => `${registry.address}/${image}`;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-images-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  const layer = await buildLayer([
    { type: 'file', path: 'hello', content: new TextEncoder().encode('hello') },
  ]);
  const image = buildImage({ layers: [layer], platform: machinePlatform() });
  const client = createRegistryClient({ environment: {} });
  for (const name of ['app', 'unsigned', 'both', 'frontend'])
    await pushImage(image, client.repository(at(name)), { tag: '1' });
  const other = buildImage({ layers: [layer], platform: { os: 'linux', architecture: 's390x' } });
  const multi = client.repository(at('multi'));
  await pushImage(image, multi);
  await pushImage(other, multi);
  const index = buildIndex({ manifests: [image.descriptor, other.descriptor] });
  await multi.putManifest(index.bytes, index.descriptor.mediaType, { tag: '1' });
  client.close();
  digest = image.descriptor.digest;
  await pratique('generate-key-pair');
  await pratique('generate-key-pair', '--output-key-prefix', 'other');
  await pratique('sign', '--key', 'cosign.key', '-a', 'env=dev', `${at('app')}@${digest}`);
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

test('signing prints the digest that was signed on standard output and nothing else', async () => {
  const signed = await pratique('sign', '--key', 'cosign.key', `${at('both')}@${digest}`);
  expect(signed).toMatchObject({ code: 0, stdout: `${at('both')}@${digest}\n` });
  expect(signed.stderr).not.toContain('WARNING');
});

test('signing a tag warns', async () => {
  const signed = await pratique('sign', '--key', 'cosign.key', at('both:1'));
  expect(signed.code).toBe(0);
  expect(signed.stderr).toContain('uses a tag, not a digest');
});

test.each([
  ['bundle', []],
  ['legacy', ['--legacy']],
  ['legacy as cosign 3 asks for it', ['--new-bundle-format=false']],
] as const)(
  'what was signed in the format %s verifies and prints what cosign prints',
  async (_name, flags) => {
    await pratique('sign', '--key', 'cosign.key', ...flags, `${at('both')}@${digest}`);
    const { code, stdout } = await pratique('verify', '--key', 'cosign.pub', at('both:1'));
    expect(code).toBe(0);
    const printed = JSON.parse(stdout) as { critical: { image: { 'docker-manifest-digest': string } } }[];
    for (const { critical } of printed) expect(critical.image['docker-manifest-digest']).toBe(digest);
  },
);

test.each([
  ['no signature', ['--key', 'cosign.pub'], 'unsigned:1', 10, 'SIGNATURE_MISSING'],
  ['no such image', ['--key', 'cosign.pub'], 'nothing:1', 11, 'OCI_NOT_FOUND'],
  ['no such tag', ['--key', 'cosign.pub'], 'app:2', 11, 'OCI_NOT_FOUND'],
  ['another key', ['--key', 'other.pub'], 'app:1', 12, 'NO_MATCHING_SIGNATURE'],
  ['another annotation', ['--key', 'cosign.pub', '-a', 'env=prod'], 'app:1', 12, 'NO_MATCHING_SIGNATURE'],
  [
    'an annotation that is not there',
    ['--key', 'cosign.pub', '-a', 'toString=x'],
    'app:1',
    12,
    'NO_MATCHING_SIGNATURE',
  ],
  ['a private key', ['--key', 'cosign.key'], 'app:1', 3, 'USAGE'],
  ['no key', [], 'app:1', 3, 'USAGE'],
  ['a bad reference', ['--key', 'cosign.pub'], 'APP:1', 3, 'OCI_REFERENCE_INVALID'],
])('verify with %s exits with cosign’s code and says why', async (_name, flags, image, code, error) => {
  const result = await pratique('verify', ...flags, at(image));
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(`error ${error}`);
});

test('a registry that does not answer is a fault, with another exit code than an unsigned image', async () => {
  const gone = await startRegistry({ listen: '127.0.0.1:0' });
  await gone.close();
  const result = await pratique('verify', '--key', 'cosign.pub', `${gone.address}/app:1`);
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toContain('error OCI_UNREACHABLE');
});

test('one of several keys is enough, and the good annotation is found', async () => {
  expect(
    (await pratique('verify', '--key', 'other.pub', '--key', 'cosign.pub', '-a', 'env=dev', at('app:1')))
      .code,
  ).toBe(0);
});

test('-r signs every platform of an index', async () => {
  const { digest: index } = JSON.parse((await pratique('tree', '-o', 'json', at('multi:1'))).stdout) as {
    digest: string;
  };
  const signed = await pratique('sign', '--key', 'cosign.key', '-r', `${at('multi')}@${index}`);
  expect(signed.stdout.trim().split('\n')).toHaveLength(3);
  expect((await pratique('verify', '--key', 'cosign.pub', `${at('multi')}@${digest}`)).code).toBe(0);
});

test.each([
  ['oci:layout:1', 'oci:layout:1'],
  ['oci-archive:image.tar:1', 'image.tar'],
])('a copy by way of %s keeps digest and bundles', async (to, from) => {
  expect((await pratique('copy', at('app:1'), to)).stdout).toBe(`${digest}\n`);
  const back = `${at(`back-${to.split(':')[0]}`)}:1`;
  expect(await pratique('copy', from, back)).toMatchObject({ code: 0, stdout: `${digest}\n` });
  expect((await pratique('verify', '--key', 'cosign.pub', back)).code).toBe(0);
});

test('a copy between repositories takes tag-based signatures along', async () => {
  await pratique('sign', '--key', 'cosign.key', '--legacy', `${at('unsigned')}@${digest}`);
  expect((await pratique('copy', at('unsigned:1'), at('copied:1'))).code).toBe(0);
  expect((await pratique('verify', '--key', 'cosign.pub', at('copied:1'))).code).toBe(0);
  expect((await pratique('copy', '--image-only', at('unsigned:1'), at('bare:1'))).code).toBe(0);
  expect((await pratique('verify', '--key', 'cosign.pub', at('bare:1'))).code).toBe(10);
});

test('a docker archive is read, and an image layout verified in place', async () => {
  await pratique('copy', at('app:1'), 'docker-archive:docker.tar:v1');
  expect((await pratique('copy', 'docker.tar', at('from-docker:1'))).code).toBe(0);
  expect((await pratique('verify', '--local-image', '--key', 'cosign.pub', 'layout')).code).toBe(0);
});

test('tree shows what is attached, triangulate where cosign 2 keeps it', async () => {
  expect((await pratique('tree', at('app:1'))).stdout).toContain(
    'application/vnd.dev.sigstore.bundle.v0.3+json',
  );
  expect((await pratique('triangulate', at('app:1'))).stdout).toBe(
    `${at('app')}:sha256-${digest.slice(7)}.sig\n`,
  );
});

test('triangulate and generate ask nobody about an image that is named by its digest', async () => {
  const image = `127.0.0.1:1/app@${digest}`;
  expect(await pratique('triangulate', '--type', 'attestation', image)).toEqual({
    code: 0,
    stdout: `127.0.0.1:1/app:sha256-${digest.slice(7)}.att\n`,
    stderr: '',
  });
  const { code, stdout } = await pratique('generate', '-a', 'a=1,b=2', '-a', '"c=x,y"', image);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    critical: {
      identity: { 'docker-reference': '127.0.0.1:1/app' },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: { a: '1', b: '2', c: 'x,y' },
  });
  expect((await pratique('triangulate', '127.0.0.1:1/app:1')).stderr).toContain('OCI_UNREACHABLE');
});

test('several annotations in one flag are several that are signed and asked for', async () => {
  await pratique('sign', '--key', 'cosign.key', '-a', 'env=test,team=x', `${at('app')}@${digest}`);
  const verify = (wanted: string) => pratique('verify', '--key', 'cosign.pub', '-a', wanted, at('app:1'));
  expect((await verify('team=x,env=test')).code).toBe(0);
  expect((await verify('team=x,env=prod')).code).toBe(12);
});

test('a file that is no key is refused by name of the problem', async () => {
  writeFileSync(join(cwd, 'nonsense.pub'), 'nonsense');
  const result = await pratique('verify', '--key', 'nonsense.pub', at('app:1'));
  expect(result.code).not.toBe(0);
  expect(result.stderr).toMatch(/^error [A-Z_]+: .+\n[\s\S]*try /);
});

test('--timeout bounds the whole command, and a registry that never answers is a fault', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    const verify = (duration: string) =>
      pratique('verify', '--key', 'cosign.pub', '--timeout', duration, `${host}/app:1`);
    expect(await verify('50ms')).toMatchObject({ code: 1, stderr: expect.stringContaining('OCI_TIMEOUT') });
    expect(await verify('soon')).toMatchObject({ code: 3, stderr: expect.stringContaining('--timeout') });
  } finally {
    silent.close();
  }
});

test('claims are always checked: --check-claims says so, and =false is refused', async () => {
  const verify = (flag: string) => pratique('verify', '--key', 'cosign.pub', flag, `${at('app')}:1`);
  expect(await verify('--check-claims')).toMatchObject({ code: 0 });
  expect(await verify('--check-claims=false')).toMatchObject({ code: 3, stdout: '' });
});

test('--k8s-keychain outside a cluster is an error where credentials are needed, not an anonymous pull', async () => {
  const closed = await startRegistry({ listen: '127.0.0.1:0', auth: basicAuth({ team: 'secret' }) });
  try {
    const verified = await pratique(
      'verify',
      '--key',
      'cosign.pub',
      '--k8s-keychain',
      `${closed.address}/app:1`,
    );
    expect(verified).toMatchObject({ code: 4, stdout: '' });
    expect(verified.stderr).toContain('OCI_CREDENTIALS_UNREADABLE');
    expect(verified.stderr).toContain('does not run in a cluster');
  } finally {
    await closed.close();
  }
});

test('a signed image saved with its signatures into an archive is found again without naming a tag', async () => {
  expect(await pratique('copy', `${at('app')}@${digest}`, 'oci-archive:signed.tar')).toMatchObject({
    code: 0,
  });
  expect(await pratique('copy', './signed.tar', `${at('again')}:1`)).toMatchObject({
    code: 0,
    stdout: `${digest}\n`,
  });
});

test.each(['./none.tar', '/none', '~/none'])('%s that is not there is said to be missing', async (path) => {
  const copied = await pratique('copy', path, `${at('none')}:1`);
  expect(copied).toMatchObject({ code: 3, stderr: expect.stringContaining('FILE_UNREADABLE') });
});

test('a file that is no archive is told from a damaged one', async () => {
  writeFileSync(join(cwd, 'text.tar'), 'root:x:0:0:root:/root:/bin/bash\n'.repeat(60));
  const copied = await pratique('copy', './text.tar', `${at('none')}:1`);
  expect(copied).toMatchObject({ code: 1, stderr: expect.stringContaining('is no archive of images') });
});

test('ls lists tags, and leaves out those that are about other images', async () => {
  const client = createRegistryClient({ environment: {} });
  const repository = client.repository(at('tags'));
  const all = ['1', '2.0', `sha256-${'a'.repeat(64)}.sig`, `sha256-${'b'.repeat(64)}`, 'sha'];
  const empty = buildIndex({ manifests: [] });
  for (const tag of all) await repository.putManifest(empty.bytes, empty.descriptor.mediaType, { tag });
  client.close();
  const lines = async (...flags: string[]) =>
    (await pratique('ls', ...flags, at('tags'))).stdout.split('\n').sort();
  expect(await lines()).toEqual(['', ...all].sort());
  expect(await lines('--omit-digest-tags')).toEqual(['', '1', '2.0', 'sha']);
  expect(await lines('--omit-digest-tags', '--full-ref')).toEqual([
    '',
    ...['1', '2.0', 'sha'].map((tag) => `${at('tags')}:${tag}`),
  ]);
  const { stdout } = await pratique('ls', '--omit-digest-tags', '-o', 'json', at('tags'));
  expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, repository: at('tags'), tags: ['1', '2.0', 'sha'] });
});

test('ls lists the tags of a layout', async () => {
  await pratique('copy', at('app:1'), 'oci:listed:one');
  expect(await pratique('ls', '--omit-digest-tags', 'oci:listed')).toEqual({
    code: 0,
    stdout: 'one\n',
    stderr: '',
  });
});

test('ls of an image leads to its repository, and a repository that is not there is no empty one', async () => {
  const image = await pratique('ls', at('app:1'));
  expect([image.code, image.stdout]).toEqual([3, '']);
  expect(image.stderr).toContain(`pratique ls ${at('app')}`);
  const none = await pratique('ls', at('none'));
  expect([none.code, none.stdout]).toEqual([1, '']);
  expect(none.stderr).toContain('OCI_NOT_FOUND');
});

test('a tag that is not there leads to ls', async () => {
  expect((await pratique('resolve', at('app:nope'))).stderr).toContain('`pratique ls REPOSITORY`');
});

async function dockerfile(text: string, ...flags: string[]) {
  writeFileSync(join(cwd, 'Dockerfile'), text);
  return await pratique('dockerfile', 'verify', '--key', 'cosign.pub', ...flags, 'Dockerfile');
}

test('a frontend that nobody signed fails dockerfile verify, as any image does', async () => {
  expect((await dockerfile(`FROM ${at('app:1')}\n`)).code).toBe(0);
  const unsigned = await dockerfile(`# syntax=${at('frontend:1')}\nFROM ${at('app:1')}\n`);
  expect(unsigned).toMatchObject({ code: 10, stderr: expect.stringContaining(at('frontend')) });
  const signed = await dockerfile(`# syntax=${at('app:1')}\nFROM ${at('app:1')}\n`);
  expect(signed).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('decides what the file means'),
  });
});

/** An image that keeps instructions for who builds on it, and a signature. */
async function pushBase(name: string, triggers: readonly string[], signed = true) {
  const client = createRegistryClient({ environment: {} });
  const repository = client.repository(at(name));
  const config = new TextEncoder().encode(
    JSON.stringify({
      ...machinePlatform(),
      config: { OnBuild: triggers },
      rootfs: { type: 'layers', diff_ids: [] },
    }),
  );
  const descriptor = describeBytes(config, 'application/vnd.oci.image.config.v1+json');
  await repository.putBlob(descriptor, config);
  const built = buildImageManifest({ config: descriptor, layers: [] });
  const pushed = await repository.putManifest(built.bytes, built.descriptor.mediaType, { tag: '1' });
  client.close();
  if (signed) await pratique('sign', '--key', 'cosign.key', `${at(name)}@${pushed.digest}`);
  return pushed;
}

test('dockerfile verify: what a signed base image takes files from when it is built on is verified, too', async () => {
  await pushBase('trigger', ['RUN true', `COPY --from=${at('frontend:1')} /a /a`, 'COPY --from=tools /b /b']);
  const stages = `FROM ${at('app:1')} AS tools\n`;
  const refused = await dockerfile(`${stages}FROM ${at('trigger:1')}\n`);
  expect(refused).toMatchObject({ code: 10, stderr: expect.stringContaining(at('frontend')) });
  // Nothing is built on what is only copied from.
  expect((await dockerfile(`FROM ${at('app:1')}\nCOPY --from=${at('trigger:1')} / /\n`)).code).toBe(0);
  expect((await dockerfile(`FROM ${at('trigger:1')}\n`, '--base-image-only')).code).toBe(0);

  const tools = await pushBase('tools', [], false);
  await pushBase('careful', [
    `RUN --mount=from=${at('tools:1')},target=/x true`,
    'ADD https://h.invalid/t /t',
  ]);
  expect((await dockerfile(`FROM ${at('careful:1')}\n`)).code).toBe(10);
  await pratique('sign', '--key', 'cosign.key', `${at('tools')}@${tools.digest}`);
  const passed = await dockerfile(`FROM ${at('careful:1')}\n`, '-o', 'json');
  expect(passed).toMatchObject({ code: 0, stderr: expect.stringContaining('https://h.invalid/t') });
  expect(JSON.parse(passed.stdout)).toHaveLength(2);
});

test('dockerfile verify reads what every image of an index keeps for who builds on it', async () => {
  const client = createRegistryClient({ environment: {} });
  const clean = await pushBase('platforms', [], false);
  const evil = await pushBase('platforms', [`COPY --from=${at('frontend:1')} / /`], false);
  const index = buildIndex({ manifests: [clean, evil] });
  await client.repository(at('platforms')).putManifest(index.bytes, index.descriptor.mediaType, { tag: '1' });
  client.close();
  await pratique('sign', '--key', 'cosign.key', `${at('platforms')}@${index.descriptor.digest}`);
  expect((await dockerfile(`FROM ${at('platforms:1')}\n`)).code).toBe(10);
});

test('dockerfile verify refuses what no builder would take for a trigger', async () => {
  await pushBase('stage', ['FROM scratch']);
  const { code, stderr } = await dockerfile(`FROM ${at('stage:1')}\n`);
  expect(code).not.toBe(0);
  expect(stderr).toContain(`what ${at('stage')}`);
  expect(stderr).toContain('a trigger begins a stage of its own');
});

test('dockerfile verify takes values as the build does, and tells of those of the environment', async () => {
  const text = `ARG HOME COSIGN_PASSWORD=x TAG\nFROM ${at('app')}:$TAG\nADD https://h.invalid/a /a\n`;
  expect((await dockerfile(text)).stderr).toContain('TAG, which has no value');
  const given = await dockerfile(text, '--build-arg', 'TAG=1');
  expect(given.code).toBe(0);
  expect(given.stderr).toContain('what ADD fetches from https://h.invalid/a is not verified');
  const nameless = await dockerfile(text, '--build-arg', '=1');
  expect(nameless.stderr).toContain('--build-arg has no name');
  const fromHome = await dockerfile(`ARG HOME\nFROM ${at('app')}\${HOME:+:1}\n`);
  expect(fromHome).toMatchObject({ code: 0, stderr: expect.stringContaining('named with HOME=') });
  expect((await dockerfile(`ARG HOME\nFROM ${at('app')}\${HOME:+:1}\n`, '--build-arg', 'X=1')).code).not.toBe(
    0,
  );
});

test('inspect prints what is stored, byte for byte', async () => {
  const manifest = await pratique('inspect', at('app:1'));
  expect(manifest.code).toBe(0);
  expect(JSON.parse(manifest.stdout)).toMatchObject({ schemaVersion: 2, layers: [{}] });
  const hash = createHash('sha256').update(manifest.stdout.trimEnd()).digest('hex');
  expect(`sha256:${hash}`).toBe(digest);
  const config = await pratique('inspect', '--config', at('app:1'));
  expect(JSON.parse(config.stdout)).toMatchObject({ os: 'linux', rootfs: { type: 'layers' } });
});

test('inspect of an index says which images there are, and of what is none that it has no configuration', async () => {
  expect(JSON.parse((await pratique('inspect', at('multi:1'))).stdout)).toMatchObject({
    manifests: [{}, {}],
  });
  const { code, stderr } = await pratique('inspect', '--config', at('multi:1'));
  expect(code).toBe(3);
  expect(stderr).toContain(`one of its images: ${digest}`);
});

test('inspect shows a manifest that nothing else reads, and escapes what terminals obey', async () => {
  const layout = join(cwd, 'broken');
  const text =
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":"\u009b2J"}';
  const hash = createHash('sha256').update(text).digest('hex');
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  writeFileSync(join(layout, 'blobs', 'sha256', hash), text);
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const entry = { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(text) };
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [entry],
    }),
  );
  const refused = await pratique('resolve', `oci:${layout}`);
  expect(refused.code).not.toBe(0);
  const copied = await pratique('copy', `oci:${layout}`, at('broken:1'));
  expect(copied.stderr).toContain('pratique inspect IMAGE');
  const { code, stdout } = await pratique('inspect', `oci:${layout}`);
  expect(code).toBe(0);
  expect(stdout).toBe(`${text.replace('\u009b', '\\u{9b}')}\n`);
  expect((await pratique('inspect', '--config', `oci:${layout}`)).stderr).toContain('names no configuration');
});
