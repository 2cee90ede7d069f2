import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateSigningKey,
  isSignedBy,
  type PublicKey,
  parseCertificate,
  parsePem,
  parseTimestampResponse,
  type Signer,
  verifyTimestampToken,
} from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import { describe, expect, onTestFinished, test } from 'vitest';
import { auditDirectory, type OutsideKeys, rotate } from '../index.ts';
import {
  alice,
  certificateRequest,
  hashedRekord,
  hashedRekordV2,
  post,
  start,
  temporaryDirectory,
} from '../testing/client.ts';

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

const signer = generateSigningKey();
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

/** The keys of all logs, brought along, and how often each signed. */
function logKeys() {
  const names = ['rekor', 'rekor-v2', 'ctlog'] as const;
  const keys = names.map((name) => ({ name, key: generateSigningKey(), signed: [] as Uint8Array[] }));
  const outsideKeys: OutsideKeys = Object.fromEntries(
    keys.map(({ name, key, signed }) => [name, [elsewhere(key, signed)]]),
  );
  return { outsideKeys, rekor: keys[0]!, rekorV2: keys[1]!, ctlog: keys[2]! };
}

test('entries and certificates are vouched for by the logs’ keys that were brought along', async () => {
  const directory = directoryOf();
  const { outsideKeys, rekor, rekorV2, ctlog } = logKeys();
  const server = await start(directory, { outsideKeys });
  onTestFinished(() => server.close());
  const checkpointSignatures = (signed: readonly Uint8Array[]) =>
    signed.filter((data) => /\n\d+\n.{44}\n$/.test(new TextDecoder().decode(data))).length;
  const count = 60;
  const added = await Promise.all(
    Array.from({ length: count }, async (_, i) => [
      await post(`${server.url}/api/v1/log/entries`, hashedRekord(`${i}`, signer)),
      await post(`${server.url}/api/v2/log/entries`, hashedRekordV2(`${i}`, signer)),
    ]),
  );
  expect(added.flat().map(({ status }) => status)).toEqual(Array.from({ length: 2 * count }, () => 201));
  // A promise each, and checkpoints that some share.
  expect(rekor.signed.length - checkpointSignatures(rekor.signed)).toBe(count);
  expect(rekorV2.signed.length).toBe(checkpointSignatures(rekorV2.signed));
  expect(rekorV2.signed.length).toBeLessThanOrEqual(count + 1);

  const { logs, certificateLogs } = parseTrustedRoot(readFileSync(server.trustedRootFile));
  const fingerprints = (list: readonly { readonly key: PublicKey }[]) =>
    list.map(({ key }) => key.fingerprint);
  expect(fingerprints(logs)).toEqual([rekor, rekorV2].map(({ key }) => key.publicKey.fingerprint));
  expect(fingerprints(certificateLogs)).toEqual([ctlog.key.publicKey.fingerprint]);
  expect((await certificateFrom(server.url, await server.issueToken(alice))).status).toBe(200);
  const head = JSON.parse(await (await fetch(`${server.url}/ct/v1/get-sth`)).text()) as { tree_size: number };
  expect(head.tree_size).toBe(1);
  await server.close();
  expect(
    (await auditDirectory(directory, { seen: {} })).map(({ size, problems }) => [size, problems]),
  ).toEqual([count, count, 1].map((size) => [size, []]));
  const keys = readdirSync(join(directory, 'keys')).filter((name) => /rekor|ctlog/.test(name));
  expect(keys.sort()).toEqual(['ctlog.pub', 'rekor-v2.pub', 'rekor.pub']);
});

test('a log whose key is gone for a while has lost nothing when it is back', async () => {
  const key = generateSigningKey();
  let broken = false;
  const failing: Signer = {
    publicKey: key.publicKey,
    sign: async (data) => {
      if (broken) throw new Error('the token is gone');
      return key.sign(data);
    },
  };
  const directory = directoryOf();
  const server = await start(directory, { outsideKeys: { rekor: [failing] } });
  onTestFinished(() => server.close());
  const entry = hashedRekord('entry', signer);
  const add = () => post(`${server.url}/api/v1/log/entries`, entry);
  broken = true;
  expect((await add()).status).toBe(500);
  broken = false;
  const { status, headers } = await add();
  expect(status).toBe(409);
  expect((await fetch(server.url + headers.get('location'))).status).toBe(200);
  // Nobody has to add anything for the static files to follow.
  await expect
    .poll(() => readFileSync(join(directory, 'rekor', 'checkpoint'), 'utf8').split('\n')[1])
    .toBe('1');
});

test('a log goes on with another key after a rotation; entries of the one before need it to be promised again', async () => {
  const directory = directoryOf();
  const [first, second] = [generateSigningKey(), generateSigningKey()].map((key) => elsewhere(key));
  const one = await start(directory, { outsideKeys: { rekor: [first!] } });
  const { headers } = await post(`${one.url}/api/v1/log/entries`, hashedRekord('before', signer));
  await one.close();
  const from = new Date(Math.ceil((Date.now() + 1000) / 1000) * 1000);
  await rotate(directory, ['rekor'], { from });
  await (await start(directory, { outsideKeys: { rekor: [first!, second!] } })).close();
  await new Promise((resolve) => setTimeout(resolve, from.getTime() - Date.now() + 5));
  for (const [keys, status] of [
    [[second!], 500],
    [[second!, first!], 200],
  ] as const) {
    const server = await start(directory, { outsideKeys: { rekor: keys } });
    const old = await fetch(server.url + headers.get('location'));
    expect(old.status).toBe(status);
    if (status === 200)
      expect(await old.text()).toContain(first!.publicKey.fingerprint.slice('sha256:'.length));
    const { text } = await post(`${server.url}/api/v1/log/entries`, hashedRekord(`after ${status}`, signer));
    expect(text).toContain(second!.publicKey.fingerprint.slice('sha256:'.length));
    await server.close();
  }
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

  test.each(['fulcio', 'rekor'])('another key of %s than at the first start, and none', async (role) => {
    const directory = directoryOf();
    const outsideKeys = { [role]: [elsewhere(p256)] };
    await (await start(directory, { outsideKeys })).close();
    await (await start(directory, { outsideKeys })).close();
    const other = { [role]: [elsewhere(generateSigningKey())] };
    await expect(start(directory, { outsideKeys: other })).rejects.toMatchObject(invalid);
    await expect(start(directory)).rejects.toMatchObject(invalid);
  });

  test.each(['fulcio', 'rekor'])('a key of %s beside the one in the directory', async (role) => {
    const directory = directoryOf();
    await (await start(directory)).close();
    const started = start(directory, { outsideKeys: { [role]: [elsewhere(p256)] } });
    await expect(started).rejects.toMatchObject(invalid);
  });

  test.each<[string, OutsideKeys]>([
    ['Ed25519 in a chain', { fulcio: [elsewhere(generateSigningKey('ed25519'))] }],
    ['SHA-384 in timestamps', { tsa: [elsewhere(generateSigningKey('ecdsa-p384'))] }],
    ['Ed25519 in Rekor v1', { rekor: [elsewhere(generateSigningKey('ed25519'))] }],
    ['RSA in the certificate log', { ctlog: [elsewhere(generateSigningKey('rsa'))] }],
    ['SHA-384 in Rekor v2', { 'rekor-v2': [elsewhere(generateSigningKey('ecdsa-p384'))] }],
  ])('%s', async (_, outsideKeys) => {
    await expect(start(directoryOf(), { outsideKeys })).rejects.toMatchObject(invalid);
  });
});
