import { createHash } from 'node:crypto';
import {
  canonicalJson,
  certificateExtensions,
  decodeBase64,
  distinguishedName,
  formatPem,
  generateSigningKey,
  issueCertificate,
  leafHash,
  newSerialNumber,
  type PublicKey,
  parseCheckpoint,
  parsePublicKey,
  preAuthEncoding,
  type SigningKey,
  verifyConsistencyProof,
  verifyInclusionProof,
  verifySignature,
} from '@pratique/crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import { hashedRekord, post, start, temporaryDirectory } from '../testing/client.ts';

interface Entry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
  };
}

let server: SigstoreServer;
let logKey: PublicKey;
const clean: (() => void)[] = [];
const key = generateSigningKey();

beforeAll(async () => {
  server = await start(temporaryDirectory((remove) => clean.push(remove)));
  logKey = parsePublicKey(await (await fetch(`${server.url}/api/v1/log/publicKey`)).text());
});
afterAll(async () => {
  await server.close();
  for (const remove of clean) remove();
});

const add = (entry: unknown) => post(`${server.url}/api/v1/log/entries`, entry);
const only = (text: string) => Object.entries(JSON.parse(text) as Record<string, Entry>)[0]!;
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

test('an entry comes back with a promise, a proof and a checkpoint that verify', async () => {
  for (let i = 0; i < 5; i++) await add(hashedRekord(`before ${i}`, key));
  const { status, text } = await add(hashedRekord('proven', key));
  expect(status).toBe(201);
  const [uuid, { verification, ...promised }] = only(text);
  const promise = decodeBase64(verification.signedEntryTimestamp, 'promise');
  expect(verifySignature(logKey, new TextEncoder().encode(canonicalJson(promised)), promise)).not.toBeNull();
  const { checkpoint, hashes, logIndex, rootHash, treeSize } = verification.inclusionProof;
  const leaf = leafHash(decodeBase64(promised.body, 'body'));
  expect(uuid.slice(16)).toBe(Buffer.from(leaf).toString('hex'));
  expect(verifyInclusionProof(leaf, BigInt(logIndex), BigInt(treeSize), hashes.map(hex), hex(rootHash))).toBe(
    true,
  );
  const note = parseCheckpoint(checkpoint);
  expect(Buffer.from(note.rootHash).toString('hex')).toBe(rootHash);
  const signed = new TextEncoder().encode(note.text);
  expect(verifySignature(logKey, signed, note.signatures[0]!.signature)).not.toBeNull();

  for (const path of [uuid, uuid.slice(16), `?logIndex=${logIndex}`]) {
    const found = await fetch(`${server.url}/api/v1/log/entries${path.startsWith('?') ? '' : '/'}${path}`);
    expect(only(await found.text())[0]).toBe(uuid);
  }
});

test('the same entry twice is one entry: 409 and where it is, also at the same moment', async () => {
  const entry = hashedRekord('twice', key);
  const answers = await Promise.all([add(entry), add(entry), add(entry)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  const locations = new Set(answers.map(({ headers }) => headers.get('location')));
  expect(locations.size).toBe(1);
});

test('the log proves that it only grew', async () => {
  const info = async () =>
    (await (await fetch(`${server.url}/api/v1/log`)).json()) as { rootHash: string; treeSize: number };
  await add(hashedRekord('grown 1', key));
  const old = await info();
  for (let i = 0; i < 9; i++) await add(hashedRekord(`growing ${i}`, key));
  const late = await info();
  const url = `${server.url}/api/v1/log/proof?firstSize=${old.treeSize}&lastSize=${late.treeSize}`;
  const { hashes } = (await (await fetch(url)).json()) as { hashes: string[] };
  const sizes = [BigInt(old.treeSize), BigInt(late.treeSize)] as const;
  expect(verifyConsistencyProof(...sizes, hashes.map(hex), hex(old.rootHash), hex(late.rootHash))).toBe(true);
});

test('a signature that does not verify is not logged', async () => {
  const before = await (await fetch(`${server.url}/api/v1/log`)).text();
  expect((await add(hashedRekord('forged', key, generateSigningKey()))).status).toBe(400);
  const other = hashedRekord('other', key);
  other.spec.data.hash.value = hashedRekord('forged', key).spec.data.hash.value;
  expect((await add(other)).status).toBe(400);
  const after = await (await fetch(`${server.url}/api/v1/log`)).text();
  expect(JSON.parse(after).treeSize).toBe(JSON.parse(before).treeSize);
});

test('an entry that would not fit into the tiles is not logged', async () => {
  const signed = signEnvelope(Uint8Array.of(1), 16);
  const { status, text } = await add(signed);
  expect([status, JSON.parse(text).message]).toEqual([400, expect.stringContaining('too large')]);
  expect((await add(signEnvelope(Uint8Array.of(1), 1))).status).toBe(201);
});

test.each([
  ['SHA-256', generateSigningKey('ecdsa-p256'), 'sha256'],
  ['SHA-384', generateSigningKey('ecdsa-p384'), 'sha384'],
] as const)('a %s with a digit more or less is not logged as another entry', async (_, signer, algorithm) => {
  const entry = hashedRekord('digits', signer);
  const value = createHash(algorithm).update('digits').digest('hex');
  const changed = (hash: string) => ({
    ...entry,
    spec: { ...entry.spec, data: { hash: { algorithm, value: hash } } },
  });
  for (const hash of [`${value}0`, `${value}f`, value.slice(1), `${value}00`, value.toUpperCase()])
    expect((await add(changed(hash))).status).toBe(400);
  expect((await add(changed(value))).status).toBe(201);
});

/** A dsse entry by this many signers, each with a large certificate. */
function signEnvelope(payload: Uint8Array, count: number) {
  const signed = preAuthEncoding('text/plain', payload);
  const signers = Array.from({ length: count }, () => generateSigningKey());
  const chunk = 'x'.repeat(4000);
  const certificate = (signer: SigningKey) =>
    issueCertificate(
      {
        issuer: distinguishedName(chunk),
        subject: distinguishedName(),
        publicKey: signer.publicKey,
        validFrom: new Date(),
        validUntil: new Date(),
        extensions: [certificateExtensions.signsData()],
        serialNumber: newSerialNumber(),
      },
      signer,
    );
  const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
  return {
    kind: 'dsse',
    apiVersion: '0.0.1',
    spec: {
      proposedContent: {
        envelope: JSON.stringify({
          payload: base64(payload),
          payloadType: 'text/plain',
          signatures: signers.map((signer) => ({ sig: base64(signer.sign(signed)) })),
        }),
        verifiers: signers.map((signer) => base64(formatPem('CERTIFICATE', certificate(signer)))),
      },
    },
  };
}

test.each<[string, unknown]>([
  ['no JSON', '{'],
  ['an array', []],
  [
    'more members than any entry has',
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`a${i}`, i])),
  ],
  [
    'an envelope of more members than any has',
    {
      kind: 'dsse',
      apiVersion: '0.0.1',
      spec: {
        proposedContent: {
          envelope: `{"payload":"","payloadType":"x","signatures":[${'{"sig":""},'.repeat(20_000)}{"sig":""}]}`,
          verifiers: [hashedRekord('x', key).spec.signature.publicKey.content],
        },
      },
    },
  ],
  ['another kind, of files that are unpacked (CVE-2023-30551)', { ...hashedRekord('x', key), kind: 'rpm' }],
  ['another version', { ...hashedRekord('x', key), apiVersion: '0.0.2' }],
  ['no spec', { kind: 'hashedrekord', apiVersion: '0.0.1' }],
  [
    'null where an object is (CVE-2026-23831, GHSA-frqx-jfcm-6jjr)',
    { kind: 'dsse', apiVersion: '0.0.1', spec: { proposedContent: null } },
  ],
  [
    'an envelope without signatures',
    {
      kind: 'dsse',
      apiVersion: '0.0.1',
      spec: {
        proposedContent: {
          envelope: '{"payload":"","payloadType":"x","signatures":[]}',
          verifiers: [hashedRekord('x', key).spec.signature.publicKey.content],
        },
      },
    },
  ],
  [
    'a key to be fetched from elsewhere (CVE-2026-24117)',
    {
      kind: 'hashedrekord',
      apiVersion: '0.0.1',
      spec: {
        ...hashedRekord('x', key).spec,
        signature: { content: 'AAAA', publicKey: { url: 'http://127.0.0.1/' } },
      },
    },
  ],
])('%s is refused as the client’s mistake', async (_, entry) => {
  expect((await add(entry)).status).toBe(400);
});

test('entries that are not there, and names that are none, are 404 and 400', async () => {
  const status = async (path: string) => (await fetch(`${server.url}/api/v1/log/entries${path}`)).status;
  expect(await status(`/${'0'.repeat(64)}`)).toBe(404);
  expect(await status('/..%2f..%2fkeys')).toBe(400);
  expect(await status('?logIndex=999999')).toBe(404);
  expect(await status('?logIndex=-1')).toBe(400);
});

test('entries are found by hash, and not by a name like __proto__', async () => {
  const entry = hashedRekord('searched', key);
  const [uuid] = only((await add(entry)).text);
  const search = async (query: unknown) =>
    JSON.parse((await post(`${server.url}/api/v1/index/retrieve`, query)).text) as unknown;
  expect(await search({ hash: `sha256:${entry.spec.data.hash.value}` })).toEqual([uuid]);
  expect(await search({ hash: entry.spec.data.hash.value, email: 'eve@example.test' })).toEqual([]);
  expect(await search({ email: '__proto__' })).toEqual([]);
});
