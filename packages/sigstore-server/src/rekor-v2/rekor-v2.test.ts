import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  canonicalJson,
  decodeBase64,
  encodeBase64,
  generateSigningKey,
  isNoteSignedBy,
  leafHash,
  noteKeyHash,
  type PublicKey,
  parseCheckpoint,
  parsePublicKey,
  preAuthEncoding,
  verifyInclusionProof,
} from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import { parseTileName, tilePath } from '../log/tiles.ts';
import { hashedRekordV2, post, start, temporaryDirectory } from '../testing/client.ts';

interface Entry {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly integratedTime: string;
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly canonicalizedBody: string;
  readonly inclusionProof: {
    readonly rootHash: string;
    readonly treeSize: string;
    readonly hashes: readonly string[];
    readonly checkpoint: { readonly envelope: string };
  };
}

let server: SigstoreServer;
let logKey: PublicKey;
const clean: (() => void)[] = [];
const key = generateSigningKey();

beforeAll(async () => {
  server = await start(temporaryDirectory((remove) => clean.push(remove)));
  const root = JSON.parse(readFileSync(server.trustedRootFile, 'utf8')) as {
    tlogs: { publicKey: { rawBytes: string } }[];
  };
  logKey = parsePublicKey(decodeBase64(root.tlogs[1]!.publicKey.rawBytes, 'key'));
});
afterAll(async () => {
  await server.close();
  for (const remove of clean) remove();
});

const add = (request: unknown) => post(`${server.url}/api/v2/log/entries`, request);
const get = (path: string) => fetch(`${server.url}/api/v2/${path}`);
const bytes = (text: string) => decodeBase64(text, 'test');

test('an entry comes back proven by a checkpoint of the log that the trusted root names', async () => {
  for (let i = 0; i < 5; i++) await add(hashedRekordV2(`before ${i}`, key));
  const { status, text } = await add(hashedRekordV2('proven', key));
  expect(status).toBe(201);
  const entry = JSON.parse(text) as Entry;
  const { rootHash, treeSize, hashes, checkpoint } = entry.inclusionProof;
  const leaf = leafHash(bytes(entry.canonicalizedBody));
  const sizes = [BigInt(entry.logIndex), BigInt(treeSize)] as const;
  expect(verifyInclusionProof(leaf, ...sizes, hashes.map(bytes), bytes(rootHash))).toBe(true);
  const note = parseCheckpoint(checkpoint.envelope);
  expect(note).toMatchObject({ origin: '127.0.0.1', treeSize: BigInt(treeSize), rootHash: bytes(rootHash) });
  const keyHint = noteKeyHash('127.0.0.1', logKey).subarray(0, 4);
  expect(isNoteSignedBy(note, { key: logKey, keyHint, name: '127.0.0.1' })).toBe(true);
  expect(entry.integratedTime).toBe('0');
  const trusted = parseTrustedRoot(readFileSync(server.trustedRootFile));
  expect(trusted.logs[1]!.id).toBe(Buffer.from(bytes(entry.logId.keyId)).toString('hex'));
  expect(canonicalJson(JSON.parse(new TextDecoder().decode(bytes(entry.canonicalizedBody))))).toBe(
    new TextDecoder().decode(bytes(entry.canonicalizedBody)),
  );
});

test('the tiles below the checkpoint hold exactly the acknowledged entries', async () => {
  const added: string[] = [];
  const batch = Array.from({ length: 270 }, (_, i) => add(hashedRekordV2(`tiled ${i}`, key)));
  for (const { text } of await Promise.all(batch)) added.push((JSON.parse(text) as Entry).canonicalizedBody);
  const note = parseCheckpoint(await (await get('checkpoint')).text());
  const size = Number(note.treeSize);
  const read = async (kind: string) => {
    const full = new Uint8Array(await (await get(`tile/${kind}/000`)).arrayBuffer());
    const rest = await get(`tile/${kind}/001.p/${size - 256}`);
    return Buffer.concat([full, new Uint8Array(await rest.arrayBuffer())]);
  };
  const hashes = await read('0');
  const bundle = await read('entries');
  const bodies: string[] = [];
  for (let at = 0; at < bundle.byteLength; ) {
    const end = at + 2 + bundle.readUInt16BE(at);
    const leaf = bundle.subarray(at + 2, end);
    expect(hashes.subarray(bodies.length * 32, (bodies.length + 1) * 32)).toEqual(
      Buffer.from(leafHash(leaf)),
    );
    bodies.push(leaf.toString('base64'));
    at = end;
  }
  expect(bodies).toHaveLength(size);
  expect(bodies).toEqual(expect.arrayContaining(added));
  expect((await get('tile/1/000.p/1')).status).toBe(200);
  expect((await get(`tile/0/001.p/${size - 255}`)).status).toBe(404);
});

test('the same entry twice is one entry: 409 and its index', async () => {
  const request = hashedRekordV2('twice', key);
  const { logIndex } = JSON.parse((await add(request)).text) as Entry;
  const again = await add(request);
  expect([again.status, again.headers.get('x-log-index')]).toEqual([409, logIndex]);
});

test('an envelope of an older client is logged with its payload’s hash', async () => {
  const payload = new TextEncoder().encode('{"subject":[{"digest":{"sha256":"AB"}}]}');
  const type = 'application/vnd.in-toto+json';
  const request = dsse(payload, type, key.sign(preAuthEncoding(type, payload)));
  const { status, text } = await add(request);
  expect(status).toBe(201);
  const entry = JSON.parse(text) as Entry;
  expect(entry.kindVersion).toEqual({ kind: 'dsse', version: '0.0.2' });
  const body = JSON.parse(new TextDecoder().decode(bytes(entry.canonicalizedBody))) as {
    spec: { dsseV002: { payloadHash: unknown } };
  };
  expect(body.spec.dsseV002.payloadHash).toEqual({
    algorithm: 'SHA2_256',
    digest: createHash('sha256').update(payload).digest('base64'),
  });
  expect((await add(dsse(payload, 'text/plain', key.sign(preAuthEncoding(type, payload))))).status).toBe(400);
});

function dsse(payload: Uint8Array, payloadType: string, signature: Uint8Array) {
  const { verifier } = hashedRekordV2('x', key).hashedRekordRequestV002.signature;
  const signatures = [{ sig: encodeBase64(signature), keyid: '' }];
  return {
    dsseRequestV002: {
      envelope: { payload: encodeBase64(payload), payloadType, signatures },
      verifiers: [verifier],
    },
  };
}

const good = () => hashedRekordV2('refused', key).hashedRekordRequestV002;
const signature = (change: object) => ({ ...good(), signature: { ...good().signature, ...change } });
const verifier = (change: object) => signature({ verifier: { ...good().signature.verifier, ...change } });

test.each<[string, unknown]>([
  ['nothing', {}],
  ['a member nobody would log', { hashedRekordRequestV002: good(), note: 'x' }],
  ['a member inside that nobody would log', { hashedRekordRequestV002: { ...good(), time: 1 } }],
  ['both kinds', { hashedRekordRequestV002: good(), ...dsse(Uint8Array.of(1), 'x', Uint8Array.of(1)) }],
  ['a signature by another key', hashedRekordV2('refused', key, generateSigningKey())],
  [
    'a digest of something else',
    {
      hashedRekordRequestV002: { ...good(), digest: hashedRekordV2('y', key).hashedRekordRequestV002.digest },
    },
  ],
  ['a digest of another length', { hashedRekordRequestV002: { ...good(), digest: 'AAAA' } }],
  [
    'details of another key',
    { hashedRekordRequestV002: verifier({ keyDetails: 'PKIX_ECDSA_P384_SHA_384' }) },
  ],
  [
    'details that are a name of every object',
    { hashedRekordRequestV002: verifier({ keyDetails: 'constructor' }) },
  ],
  ['no key', { hashedRekordRequestV002: verifier({ publicKey: undefined }) }],
  [
    'a key and a certificate',
    { hashedRekordRequestV002: verifier({ x509Certificate: { rawBytes: 'AAAA' } }) },
  ],
  [
    'a certificate that is none',
    { hashedRekordRequestV002: verifier({ publicKey: undefined, x509Certificate: { rawBytes: 'AAAA' } }) },
  ],
])('%s is refused and not logged', async (_, request) => {
  const before = await (await get('checkpoint')).text();
  expect((await add(request)).status).toBe(400);
  expect(await (await get('checkpoint')).text()).toBe(before);
});

test.each([
  '0/0',
  '0/000.p/0',
  '0/000.p/256',
  '0/000.p/300',
  '0/x000/001',
  '64/000',
  '-1/000',
  'entries/..%2f..%2fkeys',
  '../keys/rekor.pem',
])('tile/%s is no tile', (path) => {
  expect(parseTileName(path)).toBeUndefined();
});

test('the name of a tile is read as it is written', () => {
  for (const index of [0, 67, 999, 1000, 1_234_067]) {
    expect(parseTileName(`3/${tilePath(index)}`)).toEqual({ level: 3, index, width: 256 });
    expect(parseTileName(`entries/${tilePath(index)}.p/7`)).toEqual({ level: 'entries', index, width: 7 });
  }
});

test('what Rekor v2 dropped is here: entries of both logs by digest, key and pattern', async () => {
  const request = hashedRekordV2('searched', key);
  await add(request);
  const search = async (query: string) => {
    const response = await fetch(`${server.url}/api/v1/search?${query}`);
    return response.status === 200
      ? ((await response.json()) as { entries: { log: string }[] }).entries.map(({ log }) => log)
      : response.status;
  };
  const digest = Buffer.from(bytes(request.hashedRekordRequestV002.digest)).toString('hex');
  expect(await search(`digest=sha256:${digest}`)).toEqual(['rekor-v2']);
  expect(await search(`digest=sha256:${digest}&identity=*`)).toEqual([]);
  expect(await search('')).toBe(400);
  expect(await search('identity=')).toBe(400);
  expect(await search(`identity=${'*'.repeat(600)}`)).toBe(400);
});
