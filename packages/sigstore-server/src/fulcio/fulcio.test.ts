import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import {
  derWriter,
  embeddedTimestamps,
  formatPem,
  formatPublicKey,
  generateSigningKey,
  oids,
  parseCertificate,
  parsePem,
  type SigningKey,
  subjectAltNames,
  verifyCertificateTimestamp,
} from '@pratique/crypto';
import { importPKCS8, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import { loadKey } from '../store/keys.ts';
import { alice, certificateRequest, post, secretOf, start, temporaryDirectory } from '../testing/client.ts';

let server: SigstoreServer;
let issuerKey: SigningKey;
let log: SigningKey;
const clean: (() => void)[] = [];
const key = generateSigningKey();
const stranger = generateSigningKey();

beforeAll(async () => {
  const directory = temporaryDirectory((remove) => clean.push(remove));
  server = await start(directory);
  const load = (role: 'oidc' | 'ctlog') => loadKey(`${directory}/keys`, role, undefined);
  [issuerKey, log] = [load('oidc'), load('ctlog')];
});
afterAll(async () => {
  await server.close();
  for (const remove of clean) remove();
});

const now = () => Math.floor(Date.now() / 1000);

/** A token of our issuer, with claims and header made wrong. */
async function token(
  claims: Record<string, unknown> = {},
  signer = issuerKey,
  alg = 'RS256',
): Promise<string> {
  const all = {
    iss: server.issuer,
    sub: alice,
    aud: 'sigstore',
    iat: now(),
    exp: now() + 60,
    email: alice,
    email_verified: true,
    ...claims,
  };
  const imported = await importPKCS8(formatPem('PRIVATE KEY', signer.exportPkcs8()), alg);
  return await new SignJWT(all).setProtectedHeader({ alg }).sign(imported);
}

const ask = (bearer: string, body: unknown = certificateRequest(key, alice)) =>
  post(`${server.url}/api/v2/signingCert`, body, { authorization: `Bearer ${bearer}` });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a good token and proof get a certificate with the identity, in the certificate log', async () => {
  const { status, text } = await ask(await token());
  expect(status).toBe(200);
  const chain = JSON.parse(text).signedCertificateEmbeddedSct.chain.certificates as string[];
  const [leaf, intermediate] = chain.map((pem) => parseCertificate(parsePem(pem, 'certificate')[0].bytes));
  expect(subjectAltNames(leaf!)).toMatchObject([{ value: alice }]);
  expect(leaf!.publicKey.fingerprint).toBe(key.publicKey.fingerprint);
  const [timestamp] = embeddedTimestamps(leaf!);
  expect(verifyCertificateTimestamp(timestamp!, leaf!, intermediate!.publicKey, log.publicKey)).toBe(true);
  const head = await (await fetch(`${server.url}/ct/v1/get-sth`)).json();
  expect((head as { tree_size: number }).tree_size).toBeGreaterThan(0);
});

test('version 1 answers 201 and a PEM chain, as cosign 2 wants it, which sends an empty request too', async () => {
  const content = Buffer.from(formatPublicKey(key.publicKey)).toString('base64');
  const { proofOfPossession } = certificateRequest(key, alice).publicKeyRequest;
  const body = {
    publicKey: { content, algorithm: 'ecdsa' },
    signedEmailAddress: proofOfPossession,
    certificateSigningRequest: '',
  };
  const bearer = { authorization: `Bearer ${await token()}` };
  const { status, headers, text } = await post(`${server.url}/api/v1/signingCert`, body, bearer);
  expect([status, headers.get('content-type')]).toEqual([201, 'application/pem-certificate-chain']);
  expect(parsePem(text, 'chain')).toHaveLength(3);
});

test.each<[string, () => Promise<string>]>([
  ['another audience', () => token({ aud: 'kubernetes' })],
  ['an expired token', () => token({ iat: now() - 600, exp: now() - 300 })],
  ['a token without end', () => token({ exp: undefined })],
  ['a token that is not valid yet', () => token({ nbf: now() + 300 })],
  ['an issuer that is not configured', () => token({ iss: 'https://accounts.example.test' })],
  ['our issuer’s URL as a prefix', () => token({ iss: `${server.issuer}/x` })],
  ['a token signed by somebody else’s key', () => token({}, generateSigningKey('rsa'))],
  ['an address that is not verified', () => token({ email_verified: false })],
  ['an address verified by a word', () => token({ email_verified: 'true' })],
  ['an empty address', () => token({ email: ' ' })],
  ['an address that is two', () => token({ email: `${alice},eve@example.test` })],
  ['an address with a zero byte', () => token({ email: `${alice}\0@eve.test` })],
  ['an empty subject', () => token({ sub: '' })],
  ['no token at all', async () => 'x'],
  ['alg none', async () => `${encode({ alg: 'none' })}.${(await token()).split('.')[1]}.`],
  [
    'HS256 with the public key as the secret',
    async () => {
      const signed = `${encode({ alg: 'HS256' })}.${(await token()).split('.')[1]}`;
      const { keys } = (await (await fetch(`${server.issuer}/keys`)).json()) as { keys: JsonWebKey[] };
      const secret = createPublicKey({ key: keys[0]!, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    },
  ],
])('%s gets no certificate, and the answer does not repeat the token', async (_, make) => {
  const bearer = await make();
  const { status, text } = await ask(bearer);
  expect(status).toBe(401);
  if (bearer.length > 10) expect(text).not.toContain(bearer.slice(0, 20));
});

test('a proof by another key, or over another name, gets no certificate', async () => {
  const bearer = await token();
  expect((await ask(bearer, certificateRequest(key, alice, stranger))).status).toBe(400);
  expect((await ask(bearer, certificateRequest(key, 'eve@example.test'))).status).toBe(400);
  const { publicKeyRequest } = certificateRequest(key, alice);
  const without = { publicKeyRequest: { publicKey: publicKeyRequest.publicKey } };
  expect((await ask(bearer, without)).status).toBe(400);
});

test('a token of 20 KB is refused before it is looked at (GHSA-f83f-xpx7-ffpw)', async () => {
  const credentials = { oidcIdentityToken: await token({ pad: 'x'.repeat(20_000) }) };
  const body = { ...certificateRequest(key, alice), credentials };
  const { status, text } = await post(`${server.url}/api/v2/signingCert`, body);
  expect([status, JSON.parse(text).message]).toEqual([401, expect.stringContaining('too large')]);
});

test('a signing request is a proof when the key in it signed it, and only then', async () => {
  const { explicit, sequence, unsignedInteger, bitString, objectIdentifier } = derWriter;
  const request = (signer: SigningKey) => {
    const info = sequence(unsignedInteger(Uint8Array.of(0)), sequence(), key.publicKey.spki, explicit(0));
    const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
    const pem = formatPem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(signer.sign(info))));
    return { certificateSigningRequest: Buffer.from(pem).toString('base64') };
  };
  expect((await ask(await token(), request(key))).status).toBe(200);
  expect((await ask(await token(), request(stranger))).status).toBe(400);
});

test('a body that is too large, too deep or has a member twice is refused', async () => {
  const bearer = await token();
  expect((await ask(bearer, { pad: 'x'.repeat(70_000) })).status).toBe(413);
  expect((await ask(bearer, '['.repeat(1000))).status).toBe(400);
  expect((await ask(bearer, '{"publicKeyRequest":{},"publicKeyRequest":{}}')).status).toBe(400);
  expect((await ask(bearer, '{"__proto__":{"publicKeyRequest":{}}}')).status).toBe(400);
});

test('the token endpoint gives tokens for the right secret only', async () => {
  const get = async (id: string, secret: string) => {
    const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    const response = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return { status: response.status, body: (await response.json()) as { id_token?: string } };
  };
  const good = await get(alice, secretOf(server, alice));
  expect(good.status).toBe(200);
  expect((await ask(good.body.id_token!)).status).toBe(200);
  expect((await get(alice, 'wrong')).status).toBe(401);
  expect((await get(alice, '')).status).toBe(401);
  expect((await get('eve@example.test', '')).status).toBe(401);
  expect((await get('__proto__', '')).status).toBe(401);
});
