import { createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifySignature } from '@pratique/crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const data = new TextEncoder().encode('signed in Vault');
const token = 's.very-secret-token';

/** DigestInfo of a SHA-256 (RFC 8017 §9.2), without the hash. */
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const kinds = {
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'ecdsa-p521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  'rsa-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ed25519: () => generateKeyPairSync('ed25519'),
} as const;

/** What Vault calls the kind of a key's versions. */
const names = {
  'ecdsa-p256': 'P-256',
  'ecdsa-p384': 'P-384',
  'ecdsa-p521': 'P-521',
  'rsa-2048': 'rsa-2048',
  ed25519: 'ed25519',
} as const;

/** What Vault says of every key that signs. */
const signing = { derived: false, supports_signing: true };

/**
 * A transit engine that really signs. Node hashes what it signs with ECDSA, so the message is told beforehand and its hash
 * compared with what was sent.
 */
class FakeTransit {
  readonly versions: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }[];
  readonly type: keyof typeof kinds;
  /** `min_decryption_version`: older ones are not shown. */
  oldest = 1;
  /** `min_encryption_version`: older ones do not sign. */
  signsFrom = 0;
  constructor(type: keyof typeof kinds) {
    this.type = type;
    this.versions = [kinds[type]()];
  }

  rotate(): void {
    this.versions.push(kinds[this.type]());
  }

  answer({ method, path, body, headers }: Asked): Answer {
    if (headers['x-vault-token'] !== token) return 403;
    if (method === 'GET' && path === '/v1/transit/keys/release') return this.key();
    const [, hash] = /^\/v1\/transit\/sign\/release(?:\/sha2-(256|384|512))?$/.exec(path) ?? [];
    if (method !== 'POST' || path.startsWith('/v1/transit/sign/release') === false) return 404;
    const { input, prehashed, key_version: version } = body as Record<string, unknown>;
    const pair = this.versions[Number(version) - 1]!;
    const bytes = Buffer.from(String(input), 'base64');
    const signature = this.sign(pair.privateKey, bytes, prehashed === true ? `sha${hash}` : undefined);
    return { data: { signature: `vault:v${version}:${signature.toString('base64')}` } };
  }

  private key(): Answer {
    const keys = this.versions.map(({ publicKey }, index) => {
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
      const value = { name: names[this.type], public_key: this.type === 'ed25519' ? point : pem };
      return [String(index + 1), value];
    });
    const shown = Object.fromEntries(keys.slice(this.oldest - 1));
    const { type, signsFrom } = this;
    const versions = { latest_version: keys.length, min_encryption_version: signsFrom, keys: shown };
    return { data: { ...signing, type, ...versions } };
  }

  private sign(key: KeyObject, bytes: Buffer, hash: string | undefined): Buffer {
    if (hash === undefined) return sign(null, bytes, key);
    if (!createHash(hash).update(data).digest().equals(bytes)) throw new Error('another hash was sent');
    return this.type === 'rsa-2048'
      ? privateEncrypt(key, Buffer.concat([sha256Info, bytes]))
      : sign(hash, data, key);
  }
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  const environment: NodeJS.ProcessEnv = { VAULT_ADDR: `${url}/`, VAULT_TOKEN: token };
  return { asked, environment, context: { environment } };
}

async function failure(of: Promise<unknown>): Promise<Error & { code: string }> {
  const error = await of.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  expect(JSON.stringify(error) + String((error as Error).message)).not.toContain(token);
  return error as Error & { code: string };
}

describe('a key in the transit engine', () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s signs what verifies', async (type) => {
    const transit = new FakeTransit(type);
    const { context } = await start((asked) => transit.answer(asked));
    const key = await openKey('hashivault://release', context);
    const signature = await key.sign(data);
    expect(verifySignature(key.publicKey, data, signature)).not.toBeNull();
    expect((await openPublicKey('hashivault://release', context)).fingerprint).toBe(
      key.publicKey.fingerprint,
    );
    key.close();
  });

  test('that is rotated meanwhile signs under the version that was read', async () => {
    const transit = new FakeTransit('ecdsa-p256');
    const { context } = await start((asked) => transit.answer(asked));
    const key = await openKey('hashivault://release', context);
    transit.rotate();
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    const now = await openPublicKey('hashivault://release', context);
    expect(now.fingerprint).not.toBe(key.publicKey.fingerprint);
    key.close();
  });

  test('is made as P-256, and not twice', async () => {
    let transit: FakeTransit | undefined;
    const { context, asked } = await start((one) => {
      if (one.method === 'POST') transit = new FakeTransit('ecdsa-p256');
      return transit === undefined ? 404 : one.method === 'POST' ? 204 : transit.answer(one);
    });
    const { publicKey } = await createKey('hashivault://release', context, () => Promise.reject(new Error()));
    expect(publicKey.algorithm).toBe('ecdsa-p256');
    expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ type: 'ecdsa-p256' });
    const older = createKey('hashivault://release?version=1', context, () => Promise.reject(new Error()));
    expect((await failure(older)).code).toBe('KEY_REFERENCE_INVALID');
    const again = createKey('hashivault://release', context, () => Promise.reject(new Error()));
    expect((await failure(again)).code).toBe('KEY_EXISTS');
  });

  test('that is rotated verifies with its newest version, or with the one in VAULT_KEY_PREFIX', async () => {
    const transit = new FakeTransit('ecdsa-p256');
    const { context, environment } = await start((asked) => transit.answer(asked));
    const fingerprint = async (prefix: string) => {
      const asked = { environment: { ...environment, VAULT_KEY_PREFIX: prefix } };
      return (await openPublicKey('hashivault://release', asked)).fingerprint;
    };
    const first = await fingerprint('');
    transit.rotate();
    const second = await fingerprint('');
    expect(second).not.toBe(first);
    expect(await fingerprint('vault:v1:')).toBe(first);
    expect(await fingerprint('vault:v2:')).toBe(second);
    // It says what to verify with, and nothing about signing.
    environment['VAULT_KEY_PREFIX'] = 'vault:v1:';
    const key = await openKey('hashivault://release', context);
    expect(key.publicKey.fingerprint).toBe(second);
    key.close();
    expect((await failure(fingerprint('vault:v3:'))).code).toBe('KEY_NOT_FOUND');
    transit.oldest = 2;
    expect((await failure(fingerprint('vault:v1:'))).code).toBe('KEY_NOT_FOUND');
  });

  test('that is rotated signs and verifies with the version that is named behind it', async () => {
    const transit = new FakeTransit('ecdsa-p256');
    const { context, environment } = await start((asked) => transit.answer(asked));
    const { fingerprint } = await openPublicKey('hashivault://release', context);
    transit.rotate();
    environment['VAULT_KEY_PREFIX'] = 'vault:v2:';
    const named = 'hashivault://release?version=1';
    expect((await openPublicKey(named, context)).fingerprint).toBe(fingerprint);
    const key = await openKey(named, context);
    expect(key.publicKey.fingerprint).toBe(fingerprint);
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    key.close();
    expect((await failure(openKey('hashivault://release?version=3', context))).code).toBe('KEY_NOT_FOUND');
    transit.signsFrom = 2;
    expect((await failure(openKey(named, context))).code).toBe('KEY_MECHANISM_UNSUPPORTED');
    expect((await openPublicKey(named, context)).fingerprint).toBe(fingerprint);
  });

  test('is reached as OpenBao calls things, where Vault’s names are not set', async () => {
    const transit = new FakeTransit('ecdsa-p256');
    const { environment, asked } = await start((one) => transit.answer(one));
    const { VAULT_ADDR: url } = environment;
    const key = await openKey('openbao://release', { environment: { BAO_ADDR: url, BAO_TOKEN: token } });
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    key.close();
    const both = { ...environment, BAO_ADDR: 'http://127.0.0.1:1', BAO_TOKEN: 'other' };
    await openPublicKey('hashivault://release', { environment: both });
    expect(asked.length).toBe(3);
  });

  test('is reached with the token of ~/.vault-token, in the namespace and at the mount that are named', async () => {
    const home = mkdtempSync(join(tmpdir(), 'keys-vault-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    writeFileSync(join(home, '.vault-token'), `${token}\n`);
    const transit = new FakeTransit('ecdsa-p256');
    const { environment, asked } = await start((one) =>
      transit.answer({ ...one, path: one.path.replace('/v1/team/signing/', '/v1/transit/') }),
    );
    delete environment['VAULT_TOKEN'];
    Object.assign(environment, {
      HOME: home,
      VAULT_NAMESPACE: 'ns',
      TRANSIT_SECRET_ENGINE_PATH: 'team/signing/',
    });
    await openPublicKey('hashivault://release', { environment });
    expect(asked[0]).toMatchObject({
      path: '/v1/team/signing/keys/release',
      headers: { 'x-vault-namespace': 'ns' },
    });
  });
});

describe('is no key', () => {
  const good = (asked: Asked) => new FakeTransit('ecdsa-p256').answer(asked);
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['one that is not there', () => 404, 'KEY_NOT_FOUND'],
    ['one that may not be read', () => 403, 'KEY_SERVICE_REFUSED'],
    ['an answer that leads elsewhere', () => 307, 'KEY_SERVICE_REFUSED'],
    ['an answer that is no JSON', () => '<html>', 'KEY_SERVICE_ANSWER'],
    [
      'an answer without a key',
      () => ({ data: { ...signing, latest_version: 1, keys: {} } }),
      'KEY_SERVICE_ANSWER',
    ],
    ['an answer that does not say what the key is for', () => ({ data: {} }), 'KEY_SERVICE_ANSWER'],
    [
      'an answer without a version',
      () => ({ data: { ...signing, keys: { 1: { public_key: '' } } } }),
      'KEY_SERVICE_ANSWER',
    ],
    [
      'a symmetric key',
      () => ({
        data: {
          ...signing,
          supports_signing: false,
          type: 'aes256-gcm96',
          latest_version: 1,
          keys: { 1: 1_700_000_000 },
        },
      }),
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    [
      'a key of HMACs, of which nothing is shown',
      () => ({ data: { ...signing, supports_signing: false, type: 'hmac', latest_version: 1 } }),
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    [
      'a derived key, which is another one in each context',
      () => ({
        data: {
          ...signing,
          derived: true,
          type: 'ed25519',
          latest_version: 1,
          keys: { 1: { name: 'ed25519', public_key: '' } },
        },
      }),
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    [
      'a public key that is none',
      () => ({ data: { ...signing, latest_version: 1, keys: { 1: { name: 'P-256', public_key: 'x' } } } }),
      'ENCODING_INVALID',
    ],
    ['an answer without end', () => ({ x: 'x'.repeat(5 * 1024 * 1024) }), 'KEY_SERVICE_UNREACHABLE'],
  ])('%s', async (_, answer, code) => {
    const { context } = await start(answer);
    expect((await failure(openKey('hashivault://release', context))).code).toBe(code);
  });

  test.each([
    'hashivault://',
    'hashivault://..',
    'hashivault://a/../../sys/seal',
    'hashivault://a?b',
    'hashivault://a?version=',
    'hashivault://a?version=0',
    'hashivault://a?version=1e3',
    'hashivault://a?version=1&version=2',
    'hashivault://a?version=1/../../sys/seal',
    'hashivault://a?version=99999999999999999999',
    'hashivault://.a',
  ])('%s', async (reference) => {
    const { context, asked } = await start(good);
    expect((await failure(openKey(reference, context))).code).toBe('KEY_REFERENCE_INVALID');
    expect(asked).toEqual([]);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['no address', { VAULT_ADDR: undefined }],
    ['no token', { VAULT_TOKEN: undefined, HOME: '/nowhere' }],
    ['plain HTTP to another machine', { VAULT_ADDR: 'http://vault.example.com' }],
    ['credentials in the address', { VAULT_ADDR: `https://u:${token}@vault.example.com` }],
    ['a mount with a step up', { TRANSIT_SECRET_ENGINE_PATH: 'a/../b' }],
    ['an authority that cannot be read', { VAULT_CACERT: '/nowhere/ca.pem' }],
    ['half of a client certificate', { VAULT_CLIENT_CERT: fileURLToPath(import.meta.url) }],
  ])('%s', async (_, change) => {
    const { environment } = await start(good);
    const context = { environment: { ...environment, ...change } };
    expect((await failure(openKey('hashivault://release', context))).code).toBe('KEY_SERVICE_CONFIG');
  });
});

test.each(['v1', 'vault:v0:', 'vault:v1', 'bao:v1:'])(
  'VAULT_KEY_PREFIX %s names no version',
  async (prefix) => {
    const { environment, asked } = await start((one) => new FakeTransit('ecdsa-p256').answer(one));
    const context = { environment: { ...environment, VAULT_KEY_PREFIX: prefix } };
    expect((await failure(openPublicKey('hashivault://release', context))).code).toBe('KEY_SERVICE_CONFIG');
    expect(asked).toEqual([]);
  },
);

describe('is no signature', () => {
  test.each<[string, (signature: string) => string | undefined, string]>([
    ['one by another version', (text) => text.replace('v1', 'v2'), 'KEY_SERVICE_ANSWER'],
    ['one without a version', (text) => text.slice('vault:v1:'.length), 'KEY_SERVICE_ANSWER'],
    ['one that is no base64', () => 'vault:v1:***', 'KEY_SERVICE_ANSWER'],
    ['none at all', () => undefined, 'KEY_SERVICE_ANSWER'],
    ['one of something else', () => `vault:v1:${forged()}`, 'KEY_SIGNATURE_WRONG'],
  ])('%s', async (_, change, code) => {
    const transit = new FakeTransit('ecdsa-p256');
    const { context } = await start((asked) => {
      const answer = transit.answer(asked) as { data: { signature?: string } };
      if (asked.method === 'GET') return answer;
      const signature = change(answer.data.signature!);
      return { data: signature === undefined ? {} : { signature } };
    });
    const key = await openKey('hashivault://release', context);
    expect((await failure(Promise.resolve(key.sign(data)))).code).toBe(code);
    key.close();
  });
});

function forged(): string {
  return sign('sha256', data, kinds['ecdsa-p256']().privateKey).toString('base64');
}
