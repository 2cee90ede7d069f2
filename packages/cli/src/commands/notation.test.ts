import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  extensions,
  type Holder,
  keyPem,
  newHolder,
  newRoot,
  newSelfSigned,
  newTimestampAuthority,
  pem,
} from '@pratique/notation/testing/authority';
import { buildImage, buildLayer, createRegistryClient, machinePlatform, pushImage } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';
import { startTimestampAuthority } from '../testing/timestamp-authority.ts';

const never = new AbortController().signal;
const validity = {
  validFrom: new Date(Date.now() - 3_600_000),
  validUntil: new Date(Date.now() + 3_600_000),
};
const root = newRoot('root', validity);
const leaf = newHolder(root, validity);
const tsaRoot = newRoot('tsa root', validity);
let registry: Registry;
let cwd: string;
let count = 0;
/** An image that nobody has signed yet. */
let pinned: string;
let tagged: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, XDG_CONFIG_HOME: join(cwd, 'config') } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const notation = (...path: string[]) => join(cwd, 'config/notation', ...path);

function put(path: string, content: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const statement = {
  name: 'all',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' } as object,
  trustStores: ['ca:acme'],
  trustedIdentities: ['x509.subject: C=US, ST=WA, O=wabbit-networks.io'],
};
const trust = (change: object = {}) =>
  put(
    notation('trustpolicy.json'),
    JSON.stringify({ version: '1.0', trustPolicies: [{ ...statement, ...change }] }),
  );

/** Flags that sign as somebody. */
const as = (name: string, ...chain: readonly [Holder, ...Holder[]]) => [
  '--key-path',
  put(join(cwd, `${name}.key`), keyPem(chain[0])),
  '--cert-path',
  put(join(cwd, `${name}.crt`), pem(...chain)),
];

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-notation-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  put(notation('truststore/x509/ca/acme/root.crt'), pem(root));
  put(notation('truststore/x509/tsa/stamps/root.crt'), pem(tsaRoot));
  const key = {
    keyPath: put(join(cwd, 'leaf.key'), keyPem(leaf)),
    certPath: put(join(cwd, 'leaf.crt'), pem(leaf, root)),
  };
  put(
    notation('signingkeys.json'),
    JSON.stringify({
      default: 'release',
      keys: [
        { name: 'release', ...key },
        { name: 'kms', id: 'x', pluginName: 'example' },
      ],
    }),
  );
});

beforeEach(async () => {
  trust();
  const layer = await buildLayer([
    { type: 'file', path: 'hello', content: new TextEncoder().encode(`hello ${count++}`) },
  ]);
  const image = buildImage({ layers: [layer], platform: machinePlatform() });
  const client = createRegistryClient({ environment: {} });
  await pushImage(image, client.repository(`${registry.address}/app`), { tag: '1' });
  client.close();
  tagged = `${registry.address}/app:1`;
  pinned = `${registry.address}/app@${image.descriptor.digest}`;
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

test.each(['jws', 'cose'])(
  'what is signed as %s with the default key verifies, with its metadata',
  async (format) => {
    const signed = await pratique('notation', 'sign', '--signature-format', format, '-m', 'build=7', pinned);
    expect(signed).toMatchObject({ code: 0, stdout: `Successfully signed ${pinned}\n` });
    const { code, stdout, stderr } = await pratique('notation', 'verify', '-m', 'build=7', pinned);
    expect(stdout).toBe(
      `Successfully verified signature for ${pinned}\n\nThe artifact was signed with the following user metadata.\n\nKEY     VALUE\nbuild   7\n`,
    );
    expect([code, stderr]).toEqual([
      0,
      'Signed by CN=signer,O=wabbit-networks.io,ST=WA,C=US, trusted by CN=root\n',
    ]);
    const other = await pratique('notation', 'verify', '-m', 'build=8', pinned);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('NOTATION_METADATA_MISMATCH')]);
  },
);

test('an image without a signature is denied as unsigned; one that is not there is a fault', async () => {
  const { code, stderr } = await pratique('notation', 'verify', pinned);
  expect([code, stderr]).toEqual([2, expect.stringContaining('NOTATION_SIGNATURE_MISSING')]);
  expect(stderr).toContain(`pratique notation sign ${pinned}`);
  const missing = await pratique('notation', 'verify', `${registry.address}/nothing:1`);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('OCI_NOT_FOUND')]);
});

test('a tag is signed and verified with a warning, and stands for the digest it had', async () => {
  const signed = await pratique('notation', 'sign', tagged);
  expect(signed).toMatchObject({ code: 0, stdout: `Successfully signed ${pinned}\n` });
  expect(signed.stderr).toContain(
    'Warning: Always sign the artifact using digest(@sha256:...) rather than a tag(:1)',
  );
  const verified = await pratique('notation', 'verify', tagged);
  expect(verified.stdout).toBe(`Successfully verified signature for ${pinned}\n`);
  expect(verified.stderr).toContain('Warning: Always verify the artifact');
});

test.each<[string, string, () => Promise<unknown> | unknown]>([
  [
    'a stranger',
    'NOTATION_SIGNER_UNTRUSTED',
    () => {
      const other = newSelfSigned(validity);
      return pratique('notation', 'sign', ...as('stranger', other), pinned);
    },
  ],
  [
    'another subject',
    'NOTATION_IDENTITY_MISMATCH',
    async () => {
      trust({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=other'] });
      await pratique('notation', 'sign', pinned);
    },
  ],
  [
    'a certificate that can be revoked',
    'NOTATION_REVOCATION_UNCHECKED',
    () =>
      pratique(
        'notation',
        'sign',
        ...as('crl', newHolder(root, { ...validity, more: [extensions.crl()] }), root),
        pinned,
      ),
  ],
  [
    'nobody who is asked for here',
    'NOTATION_POLICY_MISSING',
    async () => {
      trust({ registryScopes: ['r.example/other'] });
      await pratique('notation', 'sign', pinned);
    },
  ],
])('a signature by %s is denied', async (_, code, make) => {
  await make();
  const result = await pratique('notation', 'verify', pinned);
  expect([result.code, result.stdout, result.stderr]).toEqual([2, '', expect.stringContaining(code)]);
});

test('a signature that has expired is denied', async () => {
  await pratique('notation', 'sign', '-e', '1s', pinned);
  const wait = new Promise((resolve) => setTimeout(resolve, 1100));
  await wait;
  const { code, stderr } = await pratique('notation', 'verify', pinned);
  expect([code, stderr]).toEqual([2, expect.stringContaining('NOTATION_SIGNATURE_EXPIRED')]);
  trust({ signatureVerification: { level: 'permissive' } });
  const permissive = await pratique('notation', 'verify', pinned);
  expect(permissive.code).toBe(0);
  expect(permissive.stderr).toContain('Warning: expiry was set to "log" and failed with error:');
});

test('at the level audit a stranger’s signature is accepted, and said to be one that nobody trusts', async () => {
  await pratique('notation', 'sign', ...as('auditee', newSelfSigned(validity)), pinned);
  trust({ signatureVerification: { level: 'audit' } });
  const { code, stderr } = await pratique('notation', 'verify', pinned);
  expect(code).toBe(0);
  expect(stderr).toContain('Warning: authenticity was set to "log" and failed with error:');
  expect(stderr).toContain('Signed by CN=signer,O=wabbit-networks.io,ST=WA,C=US, whom nobody trusts\n');
});

test('the level skip verifies nothing, and says so', async () => {
  trust({ signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] });
  expect(await pratique('notation', 'verify', pinned)).toMatchObject({
    code: 0,
    stdout: `Trust policy is configured to skip signature verification for ${pinned}\n`,
  });
});

test('one signature that counts is enough; the others are told where none does', async () => {
  await pratique('notation', 'sign', ...as('other', newSelfSigned(validity)), pinned);
  await pratique('notation', 'sign', pinned);
  expect((await pratique('notation', 'verify', pinned)).code).toBe(0);
  trust({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=other'] });
  const { code, stderr } = await pratique('notation', 'verify', pinned);
  expect(code).toBe(2);
  expect(stderr).toContain('NOTATION_SIGNER_UNTRUSTED');
  expect(stderr).toContain('NOTATION_IDENTITY_MISMATCH');
});

test('signatures are listed and shown, and more of them than are looked at are a fault', async () => {
  expect((await pratique('notation', 'ls', pinned)).stdout).toBe(`${pinned} has no associated signature\n`);
  await pratique('notation', 'sign', '-m', 'build=7', '-e', '1h', pinned);
  await pratique('notation', 'sign', '--signature-format', 'cose', pinned);
  const { stdout } = await pratique('notation', 'list', pinned);
  expect(stdout).toMatch(
    /^\S+\n└── application\/vnd\.cncf\.notary\.signature\n {4}├── sha256:[0-9a-f]{64}\n {4}└── sha256:[0-9a-f]{64}\n$/,
  );
  const shown = JSON.parse((await pratique('notation', 'inspect', '-o', 'json', pinned)).stdout) as {
    Signatures: { mediaType: string; userDefinedAttributes: object; signedAttributes: object }[];
  };
  const jws = shown.Signatures.find(({ mediaType }) => mediaType === 'application/jose+json');
  expect(shown.Signatures).toHaveLength(2);
  expect(jws).toMatchObject({
    signatureAlgorithm: 'ECDSA-SHA-256',
    signedAttributes: { signingScheme: 'notary.x509', expiry: expect.stringMatching(/Z$/) },
    userDefinedAttributes: { build: '7' },
    certificates: [
      { issuedTo: 'CN=signer,O=wabbit-networks.io,ST=WA,C=US', issuedBy: 'CN=root' },
      { issuedTo: 'CN=root' },
    ],
    signedArtifact: { digest: pinned.slice(pinned.indexOf('@') + 1) },
  });
  const tree = (await pratique('notation', 'inspect', pinned)).stdout;
  expect(tree).toContain('signing scheme: notary.x509');
  expect(tree).toContain('(empty)');
  for (const command of ['verify', 'list', 'inspect']) {
    const { code, stderr } = await pratique('notation', command, '--max-signatures', '1', pinned);
    expect([code, stderr]).toEqual([1, expect.stringContaining('NOTATION_EVIDENCE_LIMIT')]);
  }
});

test('a signature is stamped, and then outlives its certificates', async () => {
  const authority = await startTimestampAuthority(newTimestampAuthority(tsaRoot, validity));
  try {
    const file = put(join(cwd, 'tsa.crt'), pem(tsaRoot));
    const stamped = ['--timestamp-url', authority.url, '--timestamp-root-cert', file];
    trust({ trustStores: ['ca:acme', 'tsa:stamps'] });
    await pratique('notation', 'sign', pinned);
    const bare = await pratique('notation', 'verify', pinned);
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('NOTATION_TIMESTAMP_MISSING')]);
    expect(await pratique('notation', 'sign', ...stamped, pinned)).toMatchObject({ code: 0 });
    expect((await pratique('notation', 'verify', pinned)).code).toBe(0);
    const { stdout } = await pratique('notation', 'inspect', '-o', 'json', pinned);
    expect(stdout).toContain('"timestamp": "');
    const other = put(join(cwd, 'other.crt'), pem(newRoot('tsa root', validity)));
    const refused = await pratique(
      'notation',
      'sign',
      '--timestamp-url',
      authority.url,
      '--timestamp-root-cert',
      other,
      pinned,
    );
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NOTATION_TIMESTAMP_FAILED')]);
  } finally {
    await authority.close();
  }
});

test.each<[string, string[], string]>([
  ['a key that is not there', ['--key', 'missing'], 'NOTATION_KEY_UNUSABLE'],
  ['a key behind a plugin', ['--key', 'kms'], 'NOTATION_KEY_UNUSABLE'],
  ['a key in a file without its chain', ['--key-path', 'leaf.key'], 'USAGE'],
  [
    'a key by name and in a file',
    ['--key', 'release', '--key-path', 'leaf.key', '--cert-path', 'leaf.crt'],
    'USAGE',
  ],
  [
    'a chain that is not whole',
    ['--key-path', 'leaf.key', '--cert-path', 'half.crt'],
    'NOTATION_KEY_UNUSABLE',
  ],
  ['reserved metadata', ['-m', 'io.cncf.notary.x=y'], 'NOTATION_METADATA_RESERVED'],
  ['metadata without a value', ['-m', 'x'], 'USAGE'],
  ['an expiry that is none', ['-e', 'tomorrow'], 'USAGE'],
  ['a timestamp by nobody who is believed', ['--timestamp-url', 'http://127.0.0.1:1'], 'USAGE'],
  ['a plugin', ['--plugin', 'x', '--id', 'y'], 'USAGE'],
])('nothing is signed with %s', async (_, flags, code) => {
  put(join(cwd, 'half.crt'), pem(leaf));
  const result = await pratique('notation', 'sign', ...flags, pinned);
  expect([result.code, result.stderr]).toEqual([3, expect.stringContaining(code)]);
  expect((await pratique('notation', 'ls', pinned)).stdout).toContain('no associated signature');
});

test('an image in a layout is signed, listed and verified by a scope', async () => {
  const layout = join(cwd, `layout${count}`);
  expect((await pratique('copy', tagged, `oci:${layout}:1`)).code).toBe(0);
  const name = `${layout}@${pinned.slice(pinned.indexOf('@') + 1)}`;
  const scoped = ['--oci-layout', '--scope', 'local/app'];
  const none = await pratique('notation', 'verify', ...scoped, name);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('NOTATION_SIGNATURE_MISSING')]);
  expect(await pratique('notation', 'sign', '--oci-layout', `${layout}:1`)).toMatchObject({
    code: 0,
    stdout: `Successfully signed ${name}\n`,
  });
  for (const text of [name, `${layout}:1`])
    expect(await pratique('notation', 'verify', ...scoped, text)).toMatchObject({
      code: 0,
      stdout: `Successfully verified signature for ${name}\n`,
    });
  expect((await pratique('notation', 'ls', '--oci-layout', name)).stdout).toContain('└── sha256:');
  trust({ registryScopes: ['local/other'] });
  const other = await pratique('notation', 'verify', ...scoped, name);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('NOTATION_POLICY_MISSING')]);
  // On the registry nobody signed it.
  trust();
  expect((await pratique('notation', 'verify', pinned)).code).toBe(2);
  for (const wrong of [
    ['--oci-layout', name],
    ['--scope', 'local/app', pinned],
    [...scoped, layout],
    [...scoped, `${layout}@sha256:12`],
  ])
    expect([wrong, (await pratique('notation', 'verify', ...wrong)).code]).toEqual([wrong, 3]);
});

test('without a trust policy nobody is trusted', async () => {
  rmSync(notation('trustpolicy.json'));
  const { code, stderr } = await pratique('notation', 'verify', pinned);
  expect([code, stderr]).toEqual([3, expect.stringContaining('NOTATION_POLICY_INVALID')]);
});

test('trustpolicy.oci.json comes before trustpolicy.json', async () => {
  await pratique('notation', 'sign', pinned);
  const path = put(notation('trustpolicy.oci.json'), '{}');
  try {
    const { code, stderr } = await pratique('notation', 'verify', pinned);
    expect([code, stderr]).toEqual([3, expect.stringContaining('NOTATION_POLICY_INVALID')]);
  } finally {
    rmSync(path);
  }
});
