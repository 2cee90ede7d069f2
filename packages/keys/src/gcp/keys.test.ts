import { createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import { verifySignature } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../http/crc32c.ts';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { failure as failureOf } from '../testing/failure.ts';
import { testFile } from '../testing/files.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const data = new TextEncoder().encode('signed in Google Cloud KMS');
const refresh = 'a-very-secret-refresh-token';
const token = 'ya29.very-secret';
const ring = 'projects/p/locations/europe-west1/keyRings/team';
const name = `${ring}/cryptoKeys/release`;
const reference = `gcpkms://${name}`;
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const kinds = {
  EC_SIGN_P256_SHA256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EC_SIGN_P384_SHA384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RSA_SIGN_PKCS1_2048_SHA256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const;

const failure = (of: Promise<unknown>) => failureOf(of, [refresh, token]);
const refused = (code: number, status: string): Answer => [code, { error: { code, status, message: 'no' } }];

/** Cloud KMS with one key; versions count from 1. */
class FakeKms {
  readonly algorithm: keyof typeof kinds;
  readonly versions: { readonly privateKey: KeyObject; readonly publicKey: KeyObject; state: string }[] = [];
  constructor(algorithm: keyof typeof kinds, count = 1) {
    this.algorithm = algorithm;
    for (let version = 0; version < count; version++)
      this.versions.push({ ...kinds[algorithm](), state: 'ENABLED' });
  }

  answer({ method, path, headers, body }: Asked): Answer {
    if (path === '/token') return { access_token: token, expires_in: 3600, token_type: 'Bearer' };
    if (headers.authorization !== `Bearer ${token}`) return refused(401, 'UNAUTHENTICATED');
    const url = new URL(path, 'http://x');
    if (method === 'GET' && url.pathname === `/v1/${name}/cryptoKeyVersions`) return this.list(url);
    const [, number, action] =
      /\/cryptoKeys\/release\/cryptoKeyVersions\/(\d+)(\/publicKey|:asymmetricSign)$/.exec(path) ?? [];
    const version = this.versions[Number(number) - 1];
    if (version === undefined) return refused(404, 'NOT_FOUND');
    if (version.state !== 'ENABLED') return refused(400, 'FAILED_PRECONDITION');
    const named = { name: `${name}/cryptoKeyVersions/${number}` };
    if (action === '/publicKey') {
      const pem = version.publicKey.export({ type: 'spki', format: 'pem' }) as string;
      return { ...named, pem, algorithm: this.algorithm, pemCrc32c: String(crc32c(Buffer.from(pem))) };
    }
    const { digest, digestCrc32c } = body as { digest: Record<string, string>; digestCrc32c: string };
    const [[hash, text]] = Object.entries(digest) as [[string, string]];
    const bytes = Buffer.from(text, 'base64');
    if (!createHash(hash).update(data).digest().equals(bytes)) throw new Error('another hash was sent');
    const signature = this.algorithm.startsWith('RSA')
      ? privateEncrypt(version.privateKey, Buffer.concat([sha256Info, bytes]))
      : sign(hash, data, version.privateKey);
    return {
      ...named,
      signature: signature.toString('base64'),
      signatureCrc32c: String(crc32c(signature)),
      verifiedDigestCrc32c: digestCrc32c === String(crc32c(bytes)),
    };
  }

  /** Two on a page, in the order of their names as texts. */
  private list(url: URL): Answer {
    const all = this.versions
      .map(({ state }, index) => ({ name: `${name}/cryptoKeyVersions/${index + 1}`, state }))
      .sort((a, b) => (a.name < b.name ? 1 : -1));
    const from = Number(url.searchParams.get('pageToken') ?? 0);
    const more = from + 2 < all.length ? { nextPageToken: String(from + 2) } : {};
    return { cryptoKeyVersions: all.slice(from, from + 2), ...more };
  }
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  const credentials = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: refresh };
  const environment: NodeJS.ProcessEnv = {
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${url}/`,
    GOOGLE_APPLICATION_CREDENTIALS: testFile(JSON.stringify({ ...credentials, token_uri: `${url}/token` })),
  };
  return { asked, environment, context: { environment } };
}

test('the checksum is CRC-32C', () => {
  // RFC 3720 §B.4 has its examples byte by byte.
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
  expect(crc32c(new Uint8Array(32).fill(255)).toString(16)).toBe('62a8ab43');
});

describe('a key in Google Cloud KMS', () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s signs what verifies', async (algorithm) => {
    const kms = new FakeKms(algorithm);
    const { context, asked } = await start((one) => kms.answer(one));
    const key = await openKey(reference, context);
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    await key.sign(data);
    key.close();
    expect((await openPublicKey(reference, context)).fingerprint).toBe(key.publicKey.fingerprint);
    expect(JSON.stringify(asked.map(({ body }) => body))).not.toContain('signed in');
    // One token for all that is asked while it is good, and the refresh token is shown to who gives it only.
    expect(asked.filter(({ path }) => path === '/token').length).toBe(2);
    for (const { path, headers, body } of asked)
      if (path !== '/token') expect(JSON.stringify([headers, body])).not.toContain(refresh);
  });

  test('is the newest version that is enabled, or the one that is named, and signs as what was read', async () => {
    const kms = new FakeKms('EC_SIGN_P256_SHA256', 11);
    const { context } = await start((one) => kms.answer(one));
    const of = async (version: string) =>
      (await openPublicKey(`${reference}${version}`, context)).fingerprint;
    const eleventh = await of('');
    expect(await of('/cryptoKeyVersions/11')).toBe(eleventh);
    const key = await openKey(reference, context);
    kms.versions.push({ ...kinds.EC_SIGN_P256_SHA256(), state: 'ENABLED' });
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    key.close();
    kms.versions[11]!.state = kms.versions[10]!.state = 'DISABLED';
    expect(await of('')).toBe(await of('/versions/10'));
    expect((await failure(openKey(`${reference}/versions/11`, context))).code).toBe('KEY_DISABLED');
    for (const version of kms.versions) version.state = 'DESTROYED';
    expect((await failure(openKey(reference, context))).code).toBe('KEY_DISABLED');
  });

  test('is made as P-256 in a key ring that is made, and not twice', async () => {
    let kms: FakeKms | undefined;
    const { context, asked } = await start((one) => {
      if (one.path === '/token') return new FakeKms('EC_SIGN_P256_SHA256', 0).answer(one);
      if (one.method === 'GET' && one.path === `/v1/${ring}`)
        return kms === undefined ? refused(404, 'NOT_FOUND') : {};
      if (one.method === 'POST' && one.path === `/v1/${ring.replace('/team', '')}?keyRingId=team`) return {};
      if (one.method === 'POST' && one.path === `/v1/${ring}/cryptoKeys?cryptoKeyId=release`) {
        if (kms !== undefined) return refused(409, 'ALREADY_EXISTS');
        kms = new FakeKms('EC_SIGN_P256_SHA256');
        return {};
      }
      return kms?.answer(one) ?? 500;
    });
    const create = (of: string) => createKey(of, context, () => Promise.reject(new Error()));
    expect((await create(reference)).publicKey.algorithm).toBe('ecdsa-p256');
    expect(asked.find(({ path }) => path.includes('cryptoKeyId'))!.body).toEqual({
      purpose: 'ASYMMETRIC_SIGN',
      versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256' },
    });
    expect((await failure(create(reference))).code).toBe('KEY_EXISTS');
    expect((await failure(create(`${reference}/versions/1`))).code).toBe('KEY_REFERENCE_INVALID');
  });
});

describe('is no key', () => {
  const kms = () => new FakeKms('EC_SIGN_P256_SHA256');
  /** Every answer of KMS itself, but for tokens. */
  const always = (answer: Answer) => (asked: Asked) =>
    asked.path === '/token' ? kms().answer(asked) : answer;
  const shown = (more: object) => (asked: Asked) =>
    asked.path.endsWith('/publicKey') ? { ...(kms().answer(asked) as object), ...more } : kms().answer(asked);
  const wrongKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  }) as string;
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['one that is not there', always(refused(404, 'NOT_FOUND')), 'KEY_NOT_FOUND'],
    ['one that may not be read', always(refused(403, 'PERMISSION_DENIED')), 'KEY_SERVICE_REFUSED'],
    ['one for which the token is none', always(refused(401, 'UNAUTHENTICATED')), 'KEY_SERVICE_REFUSED'],
    ['one whose service is overrun', always(refused(429, 'RESOURCE_EXHAUSTED')), 'KEY_SERVICE_UNREACHABLE'],
    ['one whose service is down', always(refused(503, 'UNAVAILABLE')), 'KEY_SERVICE_UNREACHABLE'],
    ['one for encryption', shown({ algorithm: 'RSA_DECRYPT_OAEP_2048_SHA256' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one for RSA-PSS', shown({ algorithm: 'RSA_SIGN_PSS_2048_SHA256' }), 'KEY_MECHANISM_UNSUPPORTED'],
    [
      'one for SHA-512 of RSA',
      shown({ algorithm: 'RSA_SIGN_PKCS1_4096_SHA512' }),
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    ['one on another curve', shown({ algorithm: 'EC_SIGN_SECP256K1_SHA256' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one of a name that every object has', shown({ algorithm: 'constructor' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one of another kind than is said', shown({ algorithm: 'EC_SIGN_P384_SHA384' }), 'KEY_SERVICE_ANSWER'],
    [
      'one that is RSA where ECDSA is said',
      shown({ pem: wrongKey, pemCrc32c: String(crc32c(Buffer.from(wrongKey))) }),
      'KEY_SERVICE_ANSWER',
    ],
    ['one with a wrong checksum', shown({ pemCrc32c: '1' }), 'KEY_SERVICE_ANSWER'],
    ['one without a checksum', shown({ pemCrc32c: undefined }), 'KEY_SERVICE_ANSWER'],
    [
      'one that is none',
      shown({ pem: 'x', pemCrc32c: String(crc32c(Buffer.from('x'))) }),
      'KEY_SERVICE_ANSWER',
    ],
    ['versions that are no list', always({ cryptoKeyVersions: {} }), 'KEY_SERVICE_ANSWER'],
    ['versions that are none', always({ cryptoKeyVersions: [null] }), 'KEY_SERVICE_ANSWER'],
    [
      'a version of another key',
      always({
        cryptoKeyVersions: [{ name: `${ring}/cryptoKeys/other/cryptoKeyVersions/1`, state: 'ENABLED' }],
      }),
      'KEY_SERVICE_ANSWER',
    ],
    [
      'a version that leads elsewhere',
      always({ cryptoKeyVersions: [{ name: `${name}/cryptoKeyVersions/1/../2`, state: 'ENABLED' }] }),
      'KEY_SERVICE_ANSWER',
    ],
    ['pages without end', always({ nextPageToken: 'x' }), 'KEY_SERVICE_ANSWER'],
    ['an answer that leads elsewhere', always(302), 'KEY_SERVICE_REFUSED'],
    ['an answer that is no JSON', always('<html>'), 'KEY_SERVICE_ANSWER'],
    ['an answer that is too large', always('x'.repeat(5_000_000)), 'KEY_SERVICE_UNREACHABLE'],
    [
      'a refusal that repeats the token',
      always([403, { error: { message: `bad ${token}` } }]),
      'KEY_SERVICE_REFUSED',
    ],
  ])('%s', async (_, answer, code) => {
    const { context } = await start(answer);
    expect((await failure(openKey(reference, context))).code).toBe(code);
  });

  test.each<[string, (good: Record<string, unknown>) => object, string]>([
    ['with a wrong checksum', (good) => ({ ...good, signatureCrc32c: '1' }), 'KEY_SERVICE_ANSWER'],
    ['without a checksum', (good) => ({ ...good, signatureCrc32c: undefined }), 'KEY_SERVICE_ANSWER'],
    [
      'of a hash that was not checked',
      (good) => ({ ...good, verifiedDigestCrc32c: false }),
      'KEY_SERVICE_ANSWER',
    ],
    [
      'by another version',
      (good) => ({ ...good, name: `${name}/cryptoKeyVersions/2` }),
      'KEY_SERVICE_ANSWER',
    ],
    ['that is no base64', (good) => ({ ...good, signature: '*' }), 'KEY_SERVICE_ANSWER'],
    [
      'by another key',
      (good) => {
        const signature = sign('sha256', data, kinds.EC_SIGN_P256_SHA256().privateKey);
        return {
          ...good,
          signature: signature.toString('base64'),
          signatureCrc32c: String(crc32c(signature)),
        };
      },
      'KEY_SIGNATURE_WRONG',
    ],
  ])('one whose signature is one %s', async (_, signing, code) => {
    const good = kms();
    const { context } = await start((asked) => {
      const answer = good.answer(asked);
      return asked.path.endsWith(':asymmetricSign') ? signing(answer as Record<string, unknown>) : answer;
    });
    const key = await openKey(reference, context);
    expect((await failure(Promise.resolve(key.sign(data)))).code).toBe(code);
    key.close();
  });

  test.each([
    'gcpkms://x',
    `${reference}/`,
    `${reference}/versions/0`,
    `${reference}/versions/1/x`,
    `${reference}?x`,
    'gcpkms://projects/p/locations/../keyRings/r/cryptoKeys/k',
    'gcpkms://projects/p/locations/l/keyRings/%2e%2e/cryptoKeys/k',
  ])('%j', async (wrong) => {
    expect((await failure(openPublicKey(wrong, { environment: {} }))).code).toBe('KEY_REFERENCE_INVALID');
  });
});
