import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../packages/cli/src/program/run.ts';
import { testTerminal } from '../../packages/cli/src/testing/terminal.ts';
import { formatPem, formatPublicKey } from '../../packages/crypto/src/index.ts';
import {
  buildImage,
  createRegistryClient,
  type Descriptor,
  machinePlatform,
  pushImage,
  type RegistryRepository,
} from '../../packages/oci/src/index.ts';
import { type Registry, startRegistry } from '../../packages/registry/src/index.ts';
import { attestImage, keySigner, signPredicateType } from '../../packages/sigstore/src/index.ts';
import {
  issuer,
  keys,
  signMessage,
  signStatement,
  subject,
  trust,
  trustedRootJson,
} from '../../packages/sigstore/src/testing/virtual-sigstore.ts';
import { attach, statement, tagSignature } from '../support/keyless.ts';

/** Users of `verify`, `verify-attestation` and `verify-blob` who name an identity instead of a key. */
const never = new AbortController().signal;
const artifact = new TextEncoder().encode('release 1.0\n');
const spdx = 'https://spdx.dev/Document';
let registry: Registry;
let cwd: string;

const pratique = (...argv: string[]) => pratiqueWith({}, ...argv);

async function pratiqueWith(env: Readonly<Record<string, string>>, ...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '', ...env } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const image = (name: string) => `${registry.address}/${name}:1`;
const root = ['--trusted-root', 'root.json'];
const good = [...root, '--certificate-identity', subject, '--certificate-oidc-issuer', issuer];
const patterns = (expression: string) => [
  ...root,
  '--certificate-identity-regexp',
  expression,
  '--certificate-oidc-issuer',
  issuer,
];

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-keyless-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  const client = createRegistryClient({ environment: {} });
  const built = buildImage({ layers: [], platform: machinePlatform() });
  const subjects = new Map<string, { repository: RegistryRepository; descriptor: Descriptor }>();
  for (const name of ['bundle', 'bundle-v2', 'tag', 'by-key', 'sbom-only']) {
    const repository = client.repository(`${registry.address}/${name}`);
    await pushImage(built, repository, { tag: '1' });
    subjects.set(name, { repository, descriptor: built.descriptor });
  }
  const at = (name: string) => subjects.get(name)!;
  const signed = statement(built.descriptor, signPredicateType);
  await attach(at('bundle').repository, built.descriptor, signStatement(signed));
  await attach(at('bundle-v2').repository, built.descriptor, signStatement(signed, { rekor: 2 }));
  await tagSignature(at('tag').repository, built.descriptor);
  await attach(
    at('sbom-only').repository,
    built.descriptor,
    signStatement(statement(built.descriptor, spdx)),
  );
  await attestImage(at('by-key').repository, built.descriptor, keySigner(keys.signer), {
    predicateType: spdx,
    predicate: {},
  });
  client.close();
  writeFileSync(join(cwd, 'root.json'), JSON.stringify(trustedRootJson()));
  writeFileSync(join(cwd, 'key.pub'), formatPublicKey(keys.signer.publicKey));
  writeFileSync(join(cwd, 'app.txt'), artifact);
  writeFileSync(join(cwd, 'other.txt'), 'release 2.0\n');
  for (const rekor of [1, 2] as const) {
    writeFileSync(join(cwd, `app.v${rekor}.json`), JSON.stringify(signMessage(artifact, { rekor })));
  }
  await pratique('generate-key-pair');
  await pratique('sign', '--key', 'cosign.key', image('by-key'));
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

test.each(['bundle', 'bundle-v2', 'tag'])('an image signed by an identity verifies: %s', async (name) => {
  const { code, stdout, stderr } = await pratique('verify', ...good, image(name));
  expect(stderr).toContain(`signed by ${subject} (issuer ${issuer})`);
  expect({ code, printed: (JSON.parse(stdout) as unknown[]).length }).toEqual({ code: 0, printed: 1 });
});

test('--certificate of a file with a bundle must be the one in it, also once more in base64', async () => {
  const { certificate } = signMessage(artifact).verificationMaterial;
  const bundle = signMessage(artifact, { certificate: Buffer.from(certificate.rawBytes, 'base64') });
  writeFileSync(join(cwd, 'certified.json'), JSON.stringify(bundle));
  const pem = (rawBytes: string) => formatPem('CERTIFICATE', Buffer.from(rawBytes, 'base64'));
  writeFileSync(join(cwd, 'own.pem'), pem(certificate.rawBytes));
  writeFileSync(join(cwd, 'own.b64'), Buffer.from(pem(certificate.rawBytes)).toString('base64'));
  writeFileSync(join(cwd, 'other.pem'), pem(signMessage(artifact).verificationMaterial.certificate.rawBytes));
  const verify = (file: string) =>
    pratique('verify-blob', ...good, '--bundle', 'certified.json', '--certificate', file, 'app.txt');
  for (const file of ['own.pem', 'own.b64']) expect((await verify(file)).code, file).toBe(0);
  const refused = await verify('other.pem');
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('CERTIFICATE_MISMATCH')]);
  expect((await verify('key.pub')).code).toBe(3);
});

test.each(['bundle', 'tag'])('--certificate of images must be the one they carry: %s', async (name) => {
  const refused = await pratique('verify', ...good, '--certificate', 'other.pem', image(name));
  expect([refused.code, refused.stderr]).toEqual([12, expect.stringContaining('CERTIFICATE_MISMATCH')]);
});

describe('cosign’s variables name the authorities, where no trusted root is given', () => {
  const asked = ['--certificate-identity', subject, '--certificate-oidc-issuer', issuer];
  const files = {
    SIGSTORE_ROOT_FILE: 'ca.pem',
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctlog.pub',
    SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub',
    SIGSTORE_TSA_CERTIFICATE_FILE: 'tsa.pem',
  };
  beforeAll(() => {
    const pem = (certificates: readonly { readonly der: Uint8Array }[]) =>
      certificates.map(({ der }) => formatPem('CERTIFICATE', der)).join('');
    const [ca] = trust.authorities;
    const [tsa] = trust.timestampAuthorities;
    const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
    write('ca.pem', pem([...ca!.intermediates, ...ca!.anchors]));
    write(
      'tsa.pem',
      pem([...(tsa!.leaf === null ? [] : [tsa!.leaf]), ...tsa!.intermediates, ...tsa!.anchors]),
    );
    write('ctlog.pub', formatPublicKey(trust.certificateLogs[0]!.key));
    write('rekor.pub', formatPublicKey(trust.logs[0]!.key));
    write('no-anchor.pem', pem(ca!.intermediates));
  });

  test.each(['bundle', 'tag'])('they are enough: %s', async (name) => {
    const { code, stderr } = await pratiqueWith(files, 'verify', ...asked, image(name));
    expect(stderr).toContain(`signed by ${subject} (issuer ${issuer})`);
    expect(code).toBe(0);
  });

  test.each([
    ['another authority', { SIGSTORE_ROOT_FILE: 'tsa.pem' }, 12, 'CERTIFICATE_PATH_INVALID'],
    [
      'an authority without its anchor',
      { SIGSTORE_ROOT_FILE: 'no-anchor.pem' },
      12,
      'CERTIFICATE_PATH_INVALID',
    ],
    [
      'another certificate log',
      { SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'rekor.pub' },
      12,
      'CERTIFICATE_LOG_MISSING',
    ],
    ['another log', { SIGSTORE_REKOR_PUBLIC_KEY: 'ctlog.pub' }, 12, 'LOG_NOT_TRUSTED'],
    ['a file that is not there', { SIGSTORE_REKOR_PUBLIC_KEY: 'missing.pub' }, 3, 'missing.pub'],
    ['something else than a key', { SIGSTORE_REKOR_PUBLIC_KEY: 'ca.pem' }, 3, 'ca.pem'],
    ['something else than certificates', { SIGSTORE_ROOT_FILE: 'rekor.pub' }, 3, 'rekor.pub'],
  ])('%s is refused', async (_what, change, exit, problem) => {
    const { code, stderr } = await pratiqueWith({ ...files, ...change }, 'verify', ...asked, image('bundle'));
    expect(stderr).toContain(problem);
    expect(code).toBe(exit);
  });

  test('a trusted root that is given counts instead', async () => {
    const other = { ...files, SIGSTORE_REKOR_PUBLIC_KEY: 'ctlog.pub' };
    expect((await pratiqueWith(other, 'verify', ...good, image('bundle'))).code).toBe(0);
  });

  test('a signature by a key has to be in the log that is named', async () => {
    const byKey = ['verify', '--key', 'cosign.pub', image('by-key')];
    expect((await pratique(...byKey)).code).toBe(0);
    const { code, stderr } = await pratiqueWith(files, ...byKey);
    expect(stderr).toContain('LOG_ENTRY_REQUIRED');
    expect(code).toBe(12);
    expect((await pratiqueWith(files, ...byKey, '--insecure-ignore-tlog')).code).toBe(0);
  });
});

test('a pattern accepts an identity only when it matches the whole of it', async () => {
  expect((await pratique('verify', ...patterns('.*@example\\.test'), image('bundle'))).code).toBe(0);
  expect((await pratique('verify', ...patterns('example\\.test'), image('bundle'))).code).toBe(12);
});

test.each([
  [
    'another identity',
    [...root, '--certificate-identity', 'eve@example.test', '--certificate-oidc-issuer', issuer],
    'bundle',
    12,
    'IDENTITY_MISMATCH',
  ],
  [
    'another issuer',
    [...root, '--certificate-identity', subject, '--certificate-oidc-issuer', 'https://evil.test'],
    'tag',
    12,
    'IDENTITY_MISMATCH',
  ],
  [
    'a GitHub workflow the certificate says nothing of',
    [...good, '--certificate-github-workflow-repository', 'owner/name'],
    'bundle',
    12,
    'IDENTITY_MISMATCH',
  ],
  ['only signatures by keys', good, 'by-key', 13, 'NO_CERTIFICATE'],
  ['an SBOM in place of a signature', good, 'sbom-only', 10, 'SIGNATURE_MISSING'],
  ['an identity without issuer', [...root, '--certificate-identity', subject], 'bundle', 3, 'USAGE'],
  [
    'an identity of a private Sigstore, of which the root that is built in knows nothing,',
    ['--offline', ...good.slice(2)],
    'bundle',
    12,
    'LOG_NOT_TRUSTED',
  ],
  ['a key and an identity', [...good, '--key', 'key.pub'], 'bundle', 3, 'USAGE'],
  ['a pattern that is none', patterns('('), 'bundle', 3, 'IDENTITY_PATTERN_INVALID'],
  ['the key of a certificate as a key', ['--key', 'key.pub'], 'bundle', 12, 'CERTIFICATE_NOT_TRUSTED'],
])('verify with %s exits with cosign’s code and says why', async (_name, flags, name, code, error) => {
  const result = await pratique('verify', ...flags, image(name));
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(error);
});

test('attestations are printed as envelopes, and only those of the type asked for', async () => {
  const { code, stdout } = await pratique(
    'verify-attestation',
    ...good,
    '--type',
    'spdx',
    image('sbom-only'),
  );
  const envelope = JSON.parse(stdout) as { payload: string; signatures: unknown[] };
  expect({ code, signatures: envelope.signatures.length }).toEqual({ code: 0, signatures: 1 });
  expect(JSON.parse(Buffer.from(envelope.payload, 'base64').toString())).toMatchObject({
    predicateType: spdx,
  });
  const other = await pratique('verify-attestation', ...good, '--type', 'vuln', image('sbom-only'));
  expect(other).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('NO_MATCHING_ATTESTATION'),
  });
  const bare = await pratique('verify-attestation', ...good, '--type', 'spdx', image('by-key'));
  expect(bare.code).toBe(13);
});

test.each(['app.v1.json', 'app.v2.json'])(
  'a file verifies by its bytes and by its digest: %s',
  async (bundle) => {
    const digest = `sha256:${createHash('sha256').update(artifact).digest('hex')}`;
    for (const name of ['app.txt', digest]) {
      const result = await pratique('verify-blob', ...good, '--bundle', bundle, name);
      expect(result).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Verified OK') });
    }
  },
);

test('another file, another identity and a missing timestamp are refused, with the checks that were made', async () => {
  const other = await pratique('verify-blob', ...good, '--bundle', 'app.v1.json', 'other.txt');
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('ARTIFACT_MISMATCH') });
  const eve = await pratique(
    'verify-blob',
    ...patterns('eve@example.test'),
    '--bundle',
    'app.v1.json',
    'app.txt',
  );
  expect(eve).toMatchObject({ code: 2, stderr: expect.stringContaining('failed  identity') });
  writeFileSync(join(cwd, 'unstamped.json'), JSON.stringify(signMessage(artifact, { timestamps: [] })));
  const unstamped = ['verify-blob', ...good, '--bundle', 'unstamped.json', 'app.txt'];
  expect((await pratique(...unstamped)).code).toBe(0);
  expect(await pratique(...unstamped, '--use-signed-timestamps')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('TIMESTAMP_REQUIRED'),
  });
});

test('a cluster accepts images by the identity that signed them, and refuses every other', async () => {
  const trust = (identity: string) =>
    [
      'apiVersion: pratique.dev/v1',
      'kind: Trust',
      'log: { trustedRoot: root.json }',
      `authorities: { dev: { identities: [${identity}] } }`,
      'images: [{ match: "**", require: { any: [dev] } }]',
    ].join('\n');
  writeFileSync(join(cwd, 'trust.yaml'), trust(`{ issuer: "${issuer}", subject: ${subject} }`));
  writeFileSync(join(cwd, 'eve.yaml'), trust(`{ issuer: "${issuer}", subjectRegExp: "eve@.*" }`));
  const admit = (file: string, name: string) => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'app', namespace: 'default' },
      spec: { containers: [{ name: 'app', image: image(name) }] },
    };
    writeFileSync(join(cwd, 'pod.json'), JSON.stringify(pod));
    return pratique('admit', '--local-registries', '--trust', file, '-f', 'pod.json');
  };
  for (const name of ['bundle', 'bundle-v2', 'tag']) {
    expect(await admit('trust.yaml', name)).toMatchObject({ code: 0 });
    expect(await admit('eve.yaml', name)).toMatchObject({ code: 2 });
  }
  for (const name of ['by-key', 'sbom-only'])
    expect(await admit('trust.yaml', name)).toMatchObject({ code: 2 });
});
