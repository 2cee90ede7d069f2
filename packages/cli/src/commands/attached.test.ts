import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSigningKey } from '@pratique/crypto';
import {
  buildImage,
  buildIndex,
  buildLayer,
  createRegistryClient,
  type Descriptor,
  openArchive,
  pushImage,
} from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { attestImage, keySigner } from '@pratique/sigstore';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let image: Descriptor;
let index: Descriptor;
const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' }, stdin: '{"name":"sbom"}' });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function ok(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await pratique(...argv);
  expect(code, stderr).toBe(0);
  return stdout;
}

const at = (name: string) => `${registry.address}/${name}`;
const verify = (name: string) => pratique('verify', '--key', 'cosign.pub', at(name));
const documents = (text: string) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** An index of two images, signed as a bundle and as a tag, its images too, with an attestation and an SBOM. */
async function publish(name: string): Promise<void> {
  const client = createRegistryClient({ environment: {} });
  const repository = client.repository(at(name));
  const layer = await buildLayer([
    { type: 'file', path: 'hello', content: new TextEncoder().encode('hello') },
  ]);
  const images = platforms.map((platform) => buildImage({ layers: [layer], platform }));
  for (const built of images) await pushImage(built, repository);
  const manifests = images.map(({ descriptor }, number) => ({ ...descriptor, platform: platforms[number]! }));
  const list = buildIndex({ manifests });
  index = await repository.putManifest(list.bytes, list.descriptor.mediaType, { tag: '1' });
  image = manifests[1]!;
  const key = parseSigningKey(readFileSync(join(cwd, 'cosign.key'), 'utf8'));
  const attestation = { predicateType: 'https://spdx.dev/Document', predicate: { name: 'app' } };
  await attestImage(repository, index, keySigner(key), attestation);
  client.close();
  await ok('sign', '--key', 'cosign.key', '-r', `${at(name)}@${index.digest}`);
  await ok('sign', '--key', 'cosign.key', '--legacy', `${at(name)}@${index.digest}`);
  await ok('attach', 'sbom', '--sbom', '-', '--input-format', 'json', at(`${name}:1`));
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-attached-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  await ok('generate-key-pair');
  await publish('app');
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

test('download prints what there is of each kind, and attestations are no signatures', async () => {
  const signatures = documents(await ok('download', 'signature', at('app:1')));
  expect(signatures.map((signature) => Object.keys(signature)[0]).sort()).toEqual([
    'Base64Signature',
    'mediaType',
  ]);
  const [attestation, ...more] = documents(await ok('download', 'attestation', at('app:1')));
  expect(attestation).toMatchObject({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
  expect(more).toEqual([]);
  expect(await ok('download', 'attestation', '--predicate-type', 'spdx', at('app:1'))).toContain(
    'dsseEnvelope',
  );
  expect(await ok('download', 'sbom', at('app:1'))).toBe('{"name":"sbom"}');
});

test('a digest that is not there has no attestations to print, and takes no SBOM', async () => {
  const image = at(`app@sha256:${'0'.repeat(64)}`);
  for (const argv of [
    ['download', 'attestation', image],
    ['attach', 'sbom', '--sbom', '-', image],
  ]) {
    const result = await pratique(...argv);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('OCI_NOT_FOUND') });
  }
});

test('what is attached is kept as it is given: the form of an SBOM, the bytes of a bundle', async () => {
  await ok('copy', '--image-only', at('app:1'), at('given:1'));
  writeFileSync(join(cwd, 'sbom.json'), 'SPDXVersion: SPDX-2.3');
  await ok('attach', 'sbom', '--sbom', 'sbom.json', '--input-format', 'text', at('given:1'));
  expect((await pratique('download', 'sbom', at('given:1'))).stderr).toContain('text/spdx\n');
  const [line] = (await ok('download', 'attestation', at('app:1'))).trim().split('\n');
  const spaced = line!.replace('{"', '{ "');
  writeFileSync(join(cwd, 'spaced'), spaced);
  await ok('attach', 'attestation', '--attestation', 'spaced', at('given:1'));
  const tree = JSON.parse(await ok('tree', '-o', 'json', at('given:1'))) as {
    attached: { digest: string }[];
  };
  const client = createRegistryClient({ environment: {} });
  const repository = client.repository(at('given'));
  const manifests = await Promise.all(tree.attached.map(({ digest }) => repository.getManifest(digest)));
  client.close();
  const wanted = createHash('sha256').update(spaced).digest('hex');
  expect(JSON.stringify(manifests.map(({ manifest }) => manifest))).toContain(wanted);
});

test('a type of attestation that nobody knows is a usage error, and no answer', async () => {
  const unknown = await pratique('download', 'attestation', '--predicate-type', 'spxd', at('app:1'));
  expect(unknown).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/spdxjson.*spxd/s) });
});

test('what is not there is an error, and another registry’s fault stays one', async () => {
  const other = await pratique('download', 'attestation', '--predicate-type', 'vuln', at('app:1'));
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('NO_MATCHING_ATTESTATION') });
  const sbom = await pratique('download', 'sbom', '--platform', 'linux/arm64', at('app:1'));
  expect(sbom).toMatchObject({ code: 1, stderr: expect.stringContaining('SBOM_MISSING') });
  const platform = await pratique('download', 'sbom', '--platform', 'linux/s390x', at('app:1'));
  expect(platform).toMatchObject({ code: 3, stderr: expect.stringContaining('linux/amd64, linux/arm64') });
  const gone = await pratique('download', 'signature', '127.0.0.1:1/app:1');
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('OCI_UNREACHABLE') });
});

test('save and load keep every signature, attestation and SBOM, of platform images too (cosign#4507)', async () => {
  await ok('save', '--dir', 'saved', at('app:1'));
  await ok('load', '--dir', 'saved', at('loaded:2'));
  const tree = (name: string) => ok('tree', '-o', 'json', at(name)).then((text) => JSON.parse(text).attached);
  expect(await tree('loaded:2')).toEqual(await tree('app:1'));
  expect((await verify('loaded:2')).code).toBe(0);
  expect((await verify(`loaded@${image.digest}`)).code).toBe(0);
  expect(await ok('download', 'sbom', at('loaded:2'))).toBe('{"name":"sbom"}');
});

test('a directory that cannot be made is told by its name', async () => {
  writeFileSync(join(cwd, 'file'), '');
  for (const directory of ['file', 'file/below']) {
    const { code, stderr } = await pratique('save', '--dir', directory, at('app:1'));
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${join(cwd, directory)}/`)]);
    expect(stderr).not.toContain('.tmp');
  }
});

test('a saved image is verified without a registry', async () => {
  await ok('save', '--dir', 'offline', at('app:1'));
  expect((await pratique('verify', '--local-image', '--key', 'cosign.pub', 'offline')).code).toBe(0);
});

test('save does not mix two images in a directory, and load does not take one for another', async () => {
  await ok('save', '--dir', 'one', at('app:1'));
  await ok('save', '--dir', 'one', at('app:1'));
  const other = await pratique('save', '--dir', 'one', `${at('app')}@${image.digest}`);
  expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('FILE_EXISTS') });
  const wrong = await pratique('load', '--dir', 'one', `${at('elsewhere')}@${image.digest}`);
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('another image') });
});

test('a changed file of a saved image is not loaded', async () => {
  await ok('save', '--dir', 'changed', at('app:1'));
  const path = join(cwd, 'changed', 'blobs', 'sha256', image.digest.slice(7));
  writeFileSync(path, readFileSync(path, 'utf8').replace('hello', 'other').replace('sha256:', 'sha256:0'));
  expect((await pratique('load', '--dir', 'changed', at('changed:1'))).code).toBe(1);
});

test('copy moves no tag to another image unless it is told to', async () => {
  await ok('copy', at('app:1'), at('target:1'));
  await ok('copy', at('app:1'), at('target:1'));
  const other = [`${at('app')}@${image.digest}`, at('target:1')];
  expect(await pratique('copy', ...other)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('IMAGE_EXISTS'),
  });
  expect(await ok('copy', '-f', ...other)).toBe(`${image.digest}\n`);
});

test('copy takes one platform of an index, with its signatures', async () => {
  expect(await ok('copy', '--platform', 'linux/arm64', at('app:1'), at('arm:1'))).toBe(`${image.digest}\n`);
  expect((await verify('arm:1')).code).toBe(0);
});

test('copy --only brings what was attached later, and nothing else', async () => {
  await ok('copy', '--image-only', at('app:1'), at('only:1'));
  expect((await verify('only:1')).code).toBe(10);
  await ok('copy', '--only=att', at('app:1'), at('only:1'));
  expect((await verify('only:1')).code).toBe(10);
  expect(documents(await ok('download', 'attestation', at('only:1')))).toHaveLength(1);
  await ok('copy', '--only=sig,sbom', at('app:1'), at('only:1'));
  expect((await verify('only:1')).code).toBe(0);
  expect(documents(await ok('download', 'signature', at('only:1')))).toHaveLength(2);
  expect((await pratique('copy', '--only=sigs', at('app:1'), at('only:1'))).code).toBe(3);
});

test('layers of a docker archive are compressed for a registry, and the image stays what it was', async () => {
  await ok('copy', '--platform', 'linux/arm64', at('app:1'), 'docker-archive:app.tar');
  await ok('copy', 'docker-archive:app.tar', at('from-docker:1'));
  const client = createRegistryClient({ environment: {} });
  const { manifest } = await client.repository(at('from-docker')).getManifest('1');
  client.close();
  await using archive = await openArchive(join(cwd, 'app.tar'));
  const plain = await archive.getManifest((await archive.entries())[0]!.digest);
  const image = (kind: typeof manifest) => (kind.kind === 'image' ? kind : undefined)!;
  expect(image(manifest).layers[0]!.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
  expect(image(manifest).layers[0]!.size).toBeLessThan(image(plain.manifest).layers[0]!.size);
  expect(image(manifest).config.digest).toBe(image(plain.manifest).config.digest);
});

test('clean removes what it is told to, in every format', async () => {
  await publish('clean');
  expect(await pratique('clean', at('clean:1'))).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--force'),
  });
  await ok('clean', '-f', '--type', 'signature', at('clean:1'));
  expect((await verify('clean:1')).code).toBe(10);
  expect(documents(await ok('download', 'attestation', at('clean:1')))).toHaveLength(1);
  await ok('clean', '-f', '--type', 'sbom', at('clean:1'));
  expect((await pratique('download', 'sbom', at('clean:1'))).code).toBe(1);
  await ok('clean', '-f', '--type', 'referrer', at('clean:1'));
  expect(await ok('download', 'attestation', at('clean:1'))).toBe('');
  expect((await pratique('clean', '-f', at('clean:1'))).stderr).toContain('nothing of that type');
  expect((await verify(`clean@${image.digest}`)).code).toBe(0);
});

test('a signature that was made elsewhere is attached to its image only', async () => {
  await ok('copy', '--image-only', at('app:1'), at('attach:1'));
  const [signature] = documents(await ok('download', 'signature', at('app:1'))).filter(
    (document) => 'Payload' in document,
  );
  writeFileSync(join(cwd, 'payload'), Buffer.from(signature!.Payload as string, 'base64'));
  writeFileSync(join(cwd, 'sig'), signature!.Base64Signature as string);
  const attach = ['attach', 'signature', '--payload', 'payload', '--signature', 'sig'];
  const wrong = await pratique(...attach, `${at('attach')}@${image.digest}`);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('SUBJECT_MISMATCH') });
  for (const flag of ['--certificate', '--certificate-chain']) {
    const junk = await pratique(...attach, flag, 'payload', at('attach:1'));
    expect(junk).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error [A-Z_]+: payload: /) });
  }
  expect((await verify('attach:1')).code).toBe(10);
  await ok(...attach, at('attach:1'));
  expect((await verify('attach:1')).code).toBe(0);
});

test('attestations that were made elsewhere are attached to their image only', async () => {
  await ok('copy', '--image-only', at('app:1'), at('attest:1'));
  writeFileSync(join(cwd, 'attestation'), await ok('download', 'attestation', at('app:1')));
  const attach = ['attach', 'attestation', '--attestation', 'attestation'];
  const wrong = await pratique(...attach, `${at('attest')}@${image.digest}`);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('SUBJECT_MISMATCH') });
  await ok(...attach, at('attest:1'));
  const verified = await pratique(
    'verify-attestation',
    '--type',
    'spdx',
    '--key',
    'cosign.pub',
    at('attest:1'),
  );
  expect(verified.code, verified.stderr).toBe(0);
  expect((await verify('attest:1')).code).toBe(10);
});

test('an envelope is attached to the attestation tag', async () => {
  await ok('copy', '--image-only', at('app:1'), at('envelope:1'));
  const [bundle] = documents(await ok('download', 'attestation', at('app:1')));
  writeFileSync(join(cwd, 'envelope'), JSON.stringify(bundle!.dsseEnvelope));
  await ok('attach', 'attestation', '--attestation', 'envelope', at('envelope:1'));
  expect(documents(await ok('download', 'attestation', at('envelope:1')))[0]).toHaveProperty('payloadType');
  const verified = await pratique(
    'verify-attestation',
    '--type',
    'spdx',
    '--key',
    'cosign.pub',
    at('envelope:1'),
  );
  expect(verified.code, verified.stderr).toBe(0);
});

test('a policy must allow every attestation of the type (cosign verify-attestation --policy)', async () => {
  const verifyWith = (name: string, rego: string) => {
    writeFileSync(join(cwd, name), rego);
    const flags = ['--type', 'spdx', '--key', 'cosign.pub', '--policy', name];
    return pratique('verify-attestation', ...flags, at('app:1'));
  };
  const named = (app: string) => `package signature\nallow { input.predicate.name == "${app}" }`;
  expect((await verifyWith('good.rego', named('app'))).code).toBe(0);
  const denied = { code: 2, stdout: '', stderr: expect.stringContaining('ATTESTATION_NOT_ALLOWED') };
  // Several in one flag, as for cosign: all of them must allow.
  writeFileSync(join(cwd, 'other.cue'), 'predicate: name: "other"');
  writeFileSync(join(cwd, 'app.cue'), 'predicate: name: "app"');
  const both = (files: string) =>
    pratique('verify-attestation', '--type', 'spdx', '--key', 'cosign.pub', '--policy', files, at('app:1'));
  expect((await both('good.rego,app.cue')).code).toBe(0);
  expect(await both('good.rego,other.cue')).toMatchObject(denied);
  expect(await verifyWith('other.rego', named('other'))).toMatchObject(denied);
  for (const rego of [
    'package other\nallow = true',
    'package signature\nallow = "yes"',
    'package signature',
  ]) {
    expect(await verifyWith('undefined.rego', rego)).toMatchObject(denied);
  }
  for (const [name, rego] of [
    ['broken.rego', 'package signature\nallow {'],
    ['broken.cue', 'predicate: {'],
    ['unsupported.cue', 'predicate: name: bytes | self'],
    ['policy.wasm', ''],
  ] as const) {
    expect(await verifyWith(name, rego), name).toMatchObject({ code: 3, stdout: '' });
  }
});

test('a policy in CUE must be one value with every attestation of the type, with all that it requires', async () => {
  const verifyWith = (cue: string) => {
    writeFileSync(join(cwd, 'policy.cue'), cue);
    const flags = ['--type', 'spdx', '--key', 'cosign.pub', '--policy', 'policy.cue'];
    return pratique('verify-attestation', ...flags, at('app:1'));
  };
  expect((await verifyWith('package policy\n\npredicate: name!: =~"^a"')).code).toBe(0);
  for (const cue of ['predicate: name: "other"', 'predicate: nothing!: string', 'close({predicate: _})'])
    expect(await verifyWith(cue), cue).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('ATTESTATION_NOT_ALLOWED'),
    });
});

test.each([
  ['100', 12, 'EVIDENCE_TOO_LARGE'],
  ['0.0001 MB', 12, 'EVIDENCE_TOO_LARGE'],
  ['1kB', 0, ''],
  ['128MiB', 0, ''],
  ['1GiB', 0, ''],
  ['1.1GiB', 3, 'COSIGN_MAX_ATTACHMENT_SIZE is not a size'],
  ['0', 3, 'COSIGN_MAX_ATTACHMENT_SIZE is not a size'],
  ['much', 3, 'COSIGN_MAX_ATTACHMENT_SIZE is not a size'],
])('COSIGN_MAX_ATTACHMENT_SIZE=%s', async (size, exit, problem) => {
  await ok('copy', '--image-only', at('app:1'), at('sized:1'));
  await ok('sign', '--key', 'cosign.key', '--legacy', at(`sized@${index.digest}`));
  const env = { HOME: cwd, COSIGN_MAX_ATTACHMENT_SIZE: size };
  const terminal = testTerminal({ cwd, env });
  const code = await run(['verify', '--key', 'cosign.pub', at('sized:1')], terminal, never);
  expect(terminal.stderr).toContain(problem);
  expect(code).toBe(exit);
});

test('COSIGN_REPOSITORY: what is attached is copied, saved and loaded from and to where it is', async () => {
  const there = at('signatures/app');
  const elsewhere = async (repository: string, ...argv: string[]) => {
    const env = { HOME: cwd, COSIGN_PASSWORD: '', COSIGN_REPOSITORY: repository };
    const terminal = testTerminal({ cwd, env });
    expect(await run(argv, terminal, never), terminal.stderr).toBe(0);
    return terminal.stdout;
  };
  await ok('copy', '--image-only', at('app:1'), at('bare:1'));
  await elsewhere(there, 'sign', '--key', 'cosign.key', at(`bare@${index.digest}`));
  await elsewhere(there, 'sign', '--key', 'cosign.key', '--legacy', at(`bare@${index.digest}`));
  expect((await verify('bare:1')).code).toBe(10);

  // A copy has its signatures beside it: whoever uses it has no such setting.
  await elsewhere(there, 'copy', at('bare:1'), at('mirror:1'));
  expect(documents(await ok('download', 'signature', at('mirror:1')))).toHaveLength(2);
  expect((await verify('mirror:1')).code).toBe(0);

  await elsewhere(there, 'save', '--dir', 'apart', at('bare:1'));
  const other = at('signatures/loaded');
  await elsewhere(other, 'load', '--dir', 'apart', at('reloaded:1'));
  expect((await verify('reloaded:1')).code).toBe(10);
  await elsewhere(other, 'verify', '--key', 'cosign.pub', at('reloaded:1'));
  expect(documents(await elsewhere(other, 'download', 'signature', at('reloaded:1')))).toHaveLength(2);

  await elsewhere(other, 'clean', '-f', at('reloaded:1'));
  expect(
    documents(await elsewhere(other, 'download', 'signature', at('reloaded:1')).catch(() => '')),
  ).toEqual([]);
});

test('what is in a file that is another names the file', async () => {
  await publish('named');
  writeFileSync(join(cwd, 'other.yaml'), 'kind: Trust\n');
  writeFileSync(join(cwd, 'no-envelope-other.yaml'), '{}\n');
  const wrong = [
    ['attach', 'attestation', '--attestation', 'other.yaml', at('named:1')],
    ['attach', 'signature', '--signature', 'other.yaml', '--payload', 'other.yaml', at('named:1')],
    ['attest', '--key', 'cosign.key', '--type', 'cyclonedx', '--predicate', 'other.yaml', at('named:1')],
    ['attach', 'attestation', '--attestation', 'no-envelope-other.yaml', at('named:1')],
    ['copy', 'docker-archive:other.yaml', at('named:1')],
    ['sbom', 'rootfs:other.yaml'],
  ];
  for (const argv of wrong) {
    const { code, stderr } = await pratique(...argv);
    expect(stderr).toMatch(/^error [A-Z_]+: \S*other\.yaml/);
    expect(stderr).not.toContain('INTERNAL');
    expect(code).not.toBe(0);
  }
});
