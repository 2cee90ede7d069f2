import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateSigningKey,
  isSignedBy,
  parseCertificate,
  parsePem,
  parseTimestampResponse,
  type Signer,
  verifyTimestampToken,
} from '@pratique/crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OutsideKeys, rotate } from '../index.ts';
import { alice, certificateRequest, post, start, temporaryDirectory } from '../testing/client.ts';

/** A key that answers later, as one in a service does. */
function elsewhere(key: Signer, signed: Uint8Array[] = []): Signer {
  return {
    publicKey: key.publicKey,
    sign: async (data) => {
      await new Promise(setImmediate);
      signed.push(data);
      return key.sign(data);
    },
  };
}

const directoryOf = () => temporaryDirectory(onTestFinished);

async function certificateFrom(url: string, token: string) {
  const { status, text } = await post(
    `${url}/api/v2/signingCert`,
    certificateRequest(generateSigningKey(), alice),
    { authorization: `Bearer ${token}` },
  );
  return { status, text };
}

test('certificates and timestamps are signed by the keys that were brought along, which are stored nowhere', async () => {
  const directory = directoryOf();
  const [root, ca, tsa] = [generateSigningKey('rsa'), generateSigningKey(), generateSigningKey()];
  const signed: Uint8Array[] = [];
  const outsideKeys = {
    'fulcio-root': [elsewhere(root)],
    fulcio: [elsewhere(ca, signed)],
    tsa: [elsewhere(tsa)],
  };
  const server = await start(directory, { outsideKeys });
  onTestFinished(() => server.close());
  const { status, text } = await certificateFrom(server.url, await server.issueToken(alice));
  expect(status).toBe(200);
  const chain = (JSON.parse(text).signedCertificateEmbeddedSct.chain.certificates as string[]).map((pem) =>
    parseCertificate(parsePem(pem, 'certificate')[0].bytes),
  );
  expect(chain.map(({ publicKey }) => publicKey.fingerprint).slice(1)).toEqual([
    ca.publicKey.fingerprint,
    root.publicKey.fingerprint,
  ]);
  expect(isSignedBy(chain[0]!, chain[1]!) && isSignedBy(chain[1]!, chain[2]!)).toBe(true);
  // The precertificate and the certificate.
  expect(signed).toHaveLength(2);

  const artifactHash = createHash('sha256').update('stamped').digest('base64');
  const response = await fetch(`${server.url}/api/v1/timestamp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ artifactHash, hashAlgorithm: 'sha256', certificates: true }),
  });
  const token = parseTimestampResponse(new Uint8Array(await response.arrayBuffer()));
  const pem = readFileSync(join(directory, 'certificates', 'tsa.crt.pem'), 'utf8');
  const rootPem = readFileSync(join(directory, 'certificates', 'tsa-root.crt.pem'), 'utf8');
  const [leaf, anchor] = [pem, rootPem].map((text) =>
    parseCertificate(parsePem(text, 'certificate')[0].bytes),
  );
  expect(leaf!.publicKey.fingerprint).toBe(tsa.publicKey.fingerprint);
  const signer = { leaf: leaf!, intermediates: [], anchors: [anchor!] };
  expect(verifyTimestampToken(token, new TextEncoder().encode('stamped'), signer).ok).toBe(true);

  const stored = ['fulcio-root', 'fulcio', 'tsa'].map((role) => join(directory, 'keys', `${role}.pem`));
  expect(stored.filter((path) => existsSync(path))).toEqual([]);
});

test('a key that fails is a fault of the server, and nobody gets a certificate', async () => {
  const ca = generateSigningKey();
  let broken = false;
  const failing: Signer = {
    publicKey: ca.publicKey,
    sign: async (data) => {
      if (broken) throw new Error('the token is gone');
      return ca.sign(data);
    },
  };
  const server = await start(directoryOf(), { outsideKeys: { fulcio: [failing] } });
  onTestFinished(() => server.close());
  broken = true;
  expect((await certificateFrom(server.url, await server.issueToken(alice))).status).toBe(500);
  broken = false;
  expect((await certificateFrom(server.url, await server.issueToken(alice))).status).toBe(200);
});

test('after a rotation a new key takes over, from the directory or elsewhere, and a past one is not needed', async () => {
  const directory = directoryOf();
  const [first, second] = [generateSigningKey(), generateSigningKey()].map((key) => elsewhere(key));
  await (await start(directory)).close();
  const turn = async (outside: readonly Signer[]) => {
    const from = new Date(Date.now() + 1100);
    await rotate(directory, ['fulcio'], { from });
    await (await start(directory, { outsideKeys: { fulcio: outside } })).close();
    await new Promise((resolve) => setTimeout(resolve, from.getTime() - Date.now() + 5));
  };
  await turn([first!]);
  await turn([second!, first!]);
  const server = await start(directory, { outsideKeys: { fulcio: [second!] } });
  onTestFinished(() => server.close());
  const { text } = await certificateFrom(server.url, await server.issueToken(alice));
  const [, issuer] = JSON.parse(text).signedCertificateEmbeddedSct.chain.certificates as string[];
  const { publicKey } = parseCertificate(parsePem(issuer!, 'certificate')[0].bytes);
  expect(publicKey.fingerprint).toBe(second!.publicKey.fingerprint);
});

describe('is refused', () => {
  const invalid = { code: 'SIGSTORE_SERVER_OPTION_INVALID' };
  const p256 = generateSigningKey();

  test('another key than at the first start, and none', async () => {
    const directory = directoryOf();
    const outsideKeys = { fulcio: [elsewhere(p256)] };
    await (await start(directory, { outsideKeys })).close();
    await (await start(directory, { outsideKeys })).close();
    const other = { fulcio: [elsewhere(generateSigningKey())] };
    await expect(start(directory, { outsideKeys: other })).rejects.toMatchObject(invalid);
    await expect(start(directory)).rejects.toMatchObject(invalid);
  });

  test('a key beside the one in the directory', async () => {
    const directory = directoryOf();
    await (await start(directory)).close();
    const started = start(directory, { outsideKeys: { fulcio: [elsewhere(p256)] } });
    await expect(started).rejects.toMatchObject(invalid);
  });

  test.each<[string, OutsideKeys]>([
    ['Ed25519 in a chain', { fulcio: [elsewhere(generateSigningKey('ed25519'))] }],
    ['SHA-384 in timestamps', { tsa: [elsewhere(generateSigningKey('ecdsa-p384'))] }],
  ])('%s', async (_, outsideKeys) => {
    await expect(start(directoryOf(), { outsideKeys })).rejects.toMatchObject(invalid);
  });
});
