import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey, oids } from '@pratique/crypto';
import { signNotation } from '@pratique/notation';
import { type Holder, newHolder, newRoot, pem, signerOf, wabbit } from '@pratique/notation/testing/authority';
import {
  buildImageManifest,
  type Descriptor,
  emptyDescriptor,
  emptyJson,
  ociErrors,
  openLayout,
  type Repository,
} from '@pratique/oci';
import { keySigner, signImage } from '@pratique/sigstore';
import { afterEach, expect, test } from 'vitest';
import { authorities, keyNamed, trustFrom } from '../testing/fakes.ts';
import { loadTrust } from '../trust/load.ts';
import type { Trust } from '../trust/types.ts';
import { createGate } from './gate.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'gate-notation-'));
  folders.push(folder);
  return folder;
};

const now = new Date('2026-06-01T00:00:00Z');
const root = newRoot('root');
const leaf = newHolder(root);
const identity = 'x509.subject: C=US, ST=WA, O=wabbit-networks.io';

/** A trust file in which `supplier` trusts in this way. */
const trusting = (more = '', stores = '{ca: [root.crt]}', identities = `["${identity}"]`) => `
authorities:
  supplier:
    notation: { trustStores: ${stores}, trustedIdentities: ${identities}${more} }
images: [{ match: "r.example/**", require: { any: [supplier] } }]
`;
const files = { 'root.crt': pem(root), 'other.crt': pem(newRoot('root')), 'leaf.crt': pem(leaf) };
const usual = () => trustFrom(trusting(), files);

async function world(): Promise<{ repository: Repository; subject: Descriptor }> {
  const repository = await openLayout(newFolder(), { create: true });
  await repository.putBlob(emptyDescriptor, emptyJson);
  const image = buildImageManifest({ layers: [emptyDescriptor], annotations: { is: 'an image' } });
  return { repository, subject: await repository.putManifest(image.bytes, image.descriptor.mediaType) };
}

const sign = (
  { repository, subject }: { repository: Repository; subject: Descriptor },
  by: Holder = leaf,
  { above = [root], ...options }: { above?: Holder[]; expiry?: Date; metadata?: Record<string, string> } = {},
) =>
  signNotation(repository, subject, signerOf(by, ...above), {
    envelope: 'cose',
    signingTime: new Date('2026-05-01T00:00:00Z'),
    expiry: null,
    signingAgent: 'test',
    ...options,
  });

const check = (
  trust: Trust,
  repository: Repository,
  subject: Descriptor,
  at = now,
  image = 'r.example/app',
) =>
  createGate({ trust, openRepository: () => repository, clock: () => at.getTime() }).checkImage(
    `${image}@${subject.digest}`,
  );

test('an image that is signed as the trust configuration asks is allowed, and the facts say by whom', async () => {
  const { repository, subject } = await world();
  await sign({ repository, subject }, leaf, { metadata: { build: '7' } });
  const { allowed, denials, evidence } = await check(usual(), repository, subject);
  expect([allowed, denials]).toEqual([true, []]);
  const [facts] = Object.values(evidence);
  expect(facts?.signatures).toMatchObject([
    {
      format: 'notation',
      signer: { kind: 'identity', subject: 'CN=signer,O=wabbit-networks.io,ST=WA,C=US', issuer: 'CN=root' },
      authorities: ['supplier'],
      annotations: { build: '7' },
      signedAt: null,
      log: null,
    },
  ]);
  expect(facts?.authorities.supplier).toMatchObject({
    satisfied: true,
    by: ['CN=signer,O=wabbit-networks.io,ST=WA,C=US (CN=root)'],
    wanted: ['x509.subject: C=US, O=wabbit-networks.io, ST=WA'],
    format: 'notation',
  });
});

test('an image without a signature is unsigned, and the remedy signs it with notation', async () => {
  const { repository, subject } = await world();
  expect((await check(usual(), repository, subject)).denials).toMatchObject([
    {
      code: 'SIGNATURE_MISSING',
      fault: false,
      remedy: `pratique notation sign r.example/app@${subject.digest}`,
    },
  ]);
});

test.each<[string, string, (at: Awaited<ReturnType<typeof world>>) => Promise<unknown>, Date?]>([
  [
    'by a stranger',
    'NOTATION_SIGNER_UNTRUSTED',
    (at) => {
      const other = newRoot('root');
      return sign(at, newHolder(other), { above: [other] });
    },
  ],
  [
    'by another subject',
    'NOTATION_IDENTITY_MISMATCH',
    (at) => sign(at, newHolder(root, { subject: [...wabbit.slice(0, 2), [oids.organization, 'mallory']] })),
  ],
  [
    'that has expired',
    'NOTATION_SIGNATURE_EXPIRED',
    (at) => sign(at, leaf, { expiry: new Date('2026-05-02T00:00:00Z') }),
  ],
  [
    'by a certificate that has expired',
    'NOTATION_CERTIFICATE_EXPIRED',
    (at) => sign(at),
    new Date('2028-01-01T00:00:00Z'),
  ],
  [
    'for another image',
    'NOTATION_SUBJECT_MISMATCH',
    async ({ repository, subject }) => {
      // Signed for something else of the same digest: as if its manifest were moved below this one.
      await sign({ repository, subject: { ...subject, size: subject.size + 1 } });
    },
  ],
])('a signature %s is refused for that, with a remedy', async (_, code, make, at) => {
  const where = await world();
  await make(where);
  const { allowed, denials } = await check(usual(), where.repository, where.subject, at);
  expect(allowed).toBe(false);
  expect(denials).toMatchObject([{ code, fault: false }]);
  expect(denials[0]?.remedy).toMatch(/\S/);
});

test('a registry that fails is a fault, and no answer about signatures', async () => {
  const { repository, subject } = await world();
  await sign({ repository, subject });
  const broken: Repository = {
    ...repository,
    name: repository.name,
    getManifest: (...args) => repository.getManifest(...args),
    getBlob: (...args) => repository.getBlob(...args),
    referrers: () => Promise.reject(ociErrors.error('OCI_SERVER_ERROR', { message: '503' })),
  };
  expect((await check(usual(), broken, subject)).denials).toMatchObject([
    { code: 'OCI_SERVER_ERROR', fault: true },
  ]);
});

test('user metadata is what annotations of an entry ask for', async () => {
  const { repository, subject } = await world();
  await sign({ repository, subject }, leaf, { metadata: { env: 'dev' } });
  const wanting = (env: string) =>
    trustFrom(trusting().replace('require:', `annotations: {env: ${env}}, require:`), files);
  expect((await check(wanting('dev'), repository, subject)).allowed).toBe(true);
  expect((await check(wanting('prod'), repository, subject)).denials).toMatchObject([
    { code: 'ANNOTATION_REQUIRED' },
  ]);
});

test('one authority of Cosign and one of Notation are a quorum; neither stands for the other', async () => {
  const { repository, subject } = await world();
  const both = trustFrom(
    authorities('team')
      .concat(trusting().replace(/\nauthorities:\n/, ''))
      .replace('{ any: [supplier] }', '{ all: [team, supplier] }'),
    files,
  );
  await sign({ repository, subject });
  expect((await check(both, repository, subject)).denials).toMatchObject([{ code: 'QUORUM_NOT_MET' }]);
  await signImage(repository, subject, keySigner(generateSigningKey()));
  expect((await check(both, repository, subject)).allowed).toBe(false);
  await signImage(repository, subject, keySigner(keyNamed('team')));
  expect((await check(both, repository, subject)).allowed).toBe(true);
});

test('nobody looks for signatures of Notation where no authority of the image has any', async () => {
  const { repository, subject } = await world();
  const asked: string[] = [];
  const counted: Repository = {
    ...repository,
    name: repository.name,
    getManifest: (...args) => repository.getManifest(...args),
    getBlob: (...args) => repository.getBlob(...args),
    referrers: (...args) => {
      asked.push('referrers');
      return repository.referrers(...args);
    },
  };
  const text = authorities('team').concat(trusting().replace(/\nauthorities:\n/, ''));
  await check(trustFrom(text.replace('any: [supplier]', 'any: [team]'), files), counted, subject);
  expect(asked).toHaveLength(1);
  await check(trustFrom(text, files), counted, subject);
  expect(asked).toHaveLength(3);
});

test.each<[string, string]>([
  ['a leaf as a trust store', trusting('', '{ca: [leaf.crt]}')],
  ['a timestamp authority that is no root', trusting('', '{ca: [root.crt], tsa: [leaf.crt]}')],
  ['no trust store', trusting('', '{tsa: [root.crt]}')],
  ['an identity without an organization', trusting('', undefined, '["x509.subject: C=US, ST=WA"]')],
  ['no identities', trusting('', undefined, '[]')],
  ['the level audit', trusting(', signatureVerification: {level: audit}')],
  ['the level skip', trusting(', signatureVerification: {level: skip}')],
  ['authenticity that is told only', trusting(', signatureVerification: {override: {authenticity: log}}')],
  ['a misspelt key', trusting(', trustedIdentity: ["*"]')],
  ['attestations', trusting().replace('notation:', 'attestations: [spdxjson]\n    notation:')],
  [
    'two authorities of one quorum that may be one signer',
    trusting()
      .replace(
        'images:',
        `  other: { notation: { trustStores: {ca: [root.crt]}, trustedIdentities: ["*"] } }\nimages:`,
      )
      .replace('{ any: [supplier] }', '{ all: [supplier, other] }'),
  ],
])('a trust file with %s is refused', (_, text) => {
  expect(() => trustFrom(text, files)).toThrow(/trust\.yaml:\d+:\d+/);
});

test('two authorities with roots of their own are two signers', () => {
  const text = trusting()
    .replace(
      'images:',
      `  other: { notation: { trustStores: {ca: [other.crt]}, trustedIdentities: ["*"] } }\nimages:`,
    )
    .replace('{ any: [supplier] }', '{ all: [supplier, other] }');
  expect(trustFrom(text, files).authorities.size).toBe(2);
});

test('the digest of the trust is another one with another root, identity, level or scope', () => {
  const digests = [
    usual(),
    trustFrom(trusting('', '{ca: [other.crt]}'), files),
    trustFrom(trusting('', '{ca: [root.crt], tsa: [root.crt]}'), files),
    trustFrom(trusting('', undefined, '["*"]'), files),
    trustFrom(trusting(', signatureVerification: {level: permissive}'), files),
    trustFrom(trusting(', signatureVerification: {verifyTimestamp: afterCertExpiry}'), files),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(trustFrom(`# again\n${trusting()}`, files).digest).toBe(digests[0]);
});

/** A configuration of notation in a folder, with a trust file beside it. */
function configured(statements: readonly object[]): string {
  const folder = newFolder();
  const store = join(folder, 'notation/truststore/x509/ca/acme');
  mkdirSync(store, { recursive: true });
  writeFileSync(join(store, 'root.crt'), pem(root));
  const policy = { version: '1.0', trustPolicies: statements };
  writeFileSync(join(folder, 'notation/trustpolicy.json'), JSON.stringify(policy));
  const path = join(folder, 'trust.yaml');
  writeFileSync(
    path,
    `apiVersion: pratique.dev/v1
kind: Trust
authorities: { notation: { notation: { trustPolicy: notation/trustpolicy.json } } }
images: [{ match: "**", require: { any: [notation] } }]
`,
  );
  return path;
}
const statement = {
  name: 'acme',
  registryScopes: ['r.example/app'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:acme'],
  trustedIdentities: [identity],
};

test('a trust policy and trust store of notation are read as they are; each repository has its statement', async () => {
  const { repository, subject } = await world();
  await sign({ repository, subject });
  const trust = await loadTrust(configured([statement]));
  expect((await check(trust, repository, subject)).allowed).toBe(true);
  expect((await check(trust, repository, subject, now, 'R.example:443/app')).allowed).toBe(true);
  expect((await check(trust, repository, subject, now, 'r.example/other')).denials).toMatchObject([
    { code: 'NOTATION_POLICY_MISSING' },
  ]);
  const strangers = { ...statement, trustedIdentities: ['x509.subject: C=US, ST=WA, O=other'] };
  const other = await loadTrust(
    configured([{ ...strangers, registryScopes: ['*'], name: 'all' }, statement]),
  );
  expect((await check(other, repository, subject)).allowed).toBe(true);
  expect((await check(other, repository, subject, now, 'r.example/other')).denials).toMatchObject([
    { code: 'NOTATION_IDENTITY_MISMATCH' },
  ]);
});

test.each([
  ['audit', { signatureVerification: { level: 'audit' } }],
  ['skip', { signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] }],
  ['a trust store that is not there', { trustStores: ['ca:missing'] }],
])('a trust policy with %s is refused', async (_, change) => {
  await expect(loadTrust(configured([{ ...statement, ...change }]))).rejects.toMatchObject({
    code: 'TRUST_INVALID',
  });
});
