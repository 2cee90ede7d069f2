import { createHash } from 'node:crypto';
import {
  derWriter,
  oids,
  parseCertificate,
  parsePem,
  parseTimestampResponse,
  verifyTimestampToken,
} from '@pratique/crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import { start, temporaryDirectory } from '../testing/client.ts';

const { sequence, unsignedInteger, octetString, objectIdentifier } = derWriter;
const digest = createHash('sha256').update('stamped').digest();
const version = unsignedInteger(Uint8Array.of(1));
const imprint = sequence(sequence(objectIdentifier(oids.sha256)), octetString(digest));

let server: SigstoreServer;
const clean: (() => void)[] = [];
beforeAll(async () => {
  server = await start(temporaryDirectory((remove) => clean.push(remove)));
});
afterAll(async () => {
  await server.close();
  for (const remove of clean) remove();
});

const ask = (body: Uint8Array, type = 'application/timestamp-query') =>
  fetch(`${server.url}/api/v1/timestamp`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Uint8Array.from(body),
  });

test('a timestamp verifies against the published chain, for what was stamped and nothing else', async () => {
  const response = await ask(sequence(version, imprint));
  expect([response.status, response.headers.get('content-type')]).toEqual([
    201,
    'application/timestamp-reply',
  ]);
  const token = parseTimestampResponse(new Uint8Array(await response.arrayBuffer()));
  const pem = await (await fetch(`${server.url}/api/v1/timestamp/certchain`)).text();
  const [leaf, root] = parsePem(pem, 'chain').map(({ bytes }) => parseCertificate(bytes));
  const signer = { leaf: leaf!, intermediates: [], anchors: [root!] };
  const verify = (data: string) => verifyTimestampToken(token, new TextEncoder().encode(data), signer).ok;
  expect([verify('stamped'), verify('another')]).toEqual([true, false]);
});

test('another policy, another type, garbage and too much are refused', async () => {
  const policy = sequence(version, imprint, objectIdentifier('1.2.3.4'));
  expect((await ask(policy)).status).toBe(400);
  expect((await ask(sequence(version, imprint), 'text/plain')).status).toBe(415);
  expect((await ask(new TextEncoder().encode('hello'))).status).toBe(400);
  expect((await ask(new Uint8Array(10_000))).status).toBe(413);
});

test('the JSON form of Sigstore’s clients is stamped too, and read as strictly', async () => {
  const json = (value: unknown) => ask(new TextEncoder().encode(JSON.stringify(value)), 'application/json');
  const artifactHash = digest.toString('base64');
  const response = await json({ artifactHash, hashAlgorithm: 'sha256' });
  expect(response.status).toBe(201);
  const token = parseTimestampResponse(new Uint8Array(await response.arrayBuffer()));
  expect(token).toBeDefined();
  for (const wrong of [
    { artifactHash, hashAlgorithm: 'sha512' },
    { artifactHash, hashAlgorithm: 'constructor' },
    { artifactHash: 'AAAA', hashAlgorithm: 'sha256' },
    { artifactHash, hashAlgorithm: 'sha256', tsaPolicyOID: '1.2.3' },
    { artifactHash, hashAlgorithm: 'sha256', nonce: 1 },
    {},
  ]) {
    expect((await json(wrong)).status).toBe(400);
  }
});
