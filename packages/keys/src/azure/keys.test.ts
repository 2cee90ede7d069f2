import { createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign, verify } from 'node:crypto';
import { createSelfSigned, verifySignature } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { failure as failureOf } from '../testing/failure.ts';
import { testFile } from '../testing/files.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';
import { derSignature } from './keys.ts';
import { parseAzureKey } from './reference.ts';

const data = new TextEncoder().encode('signed in Azure Key Vault');
const secret = 'a-very-secret-client-secret';
const token = 'eyJ.very-secret.token';
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const { caPem, certificatePem: cert, privateKeyPem: key } = createSelfSigned({ names: ['127.0.0.1'] });

const kinds = {
  'EC P-256': [() => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256', 'sha256'],
  'EC-HSM P-384': [() => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384', 'sha384'],
  'EC P-521': [() => generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ES512', 'sha512'],
  'RSA-HSM': [() => generateKeyPairSync('rsa', { modulusLength: 3072 }), 'RS256', 'sha256'],
} as const;

const failure = (of: Promise<unknown>) => failureOf(of, [secret, token]);
const refused = (status: number, code: string, inner?: string): Answer => [
  status,
  { error: { code, message: 'no', ...(inner === undefined ? {} : { innererror: { code: inner } }) } },
];

/** A vault with the key `release`; versions are called v1, v2, …; it gives its own tokens. */
class FakeVault {
  readonly kind: keyof typeof kinds;
  readonly versions: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }[];
  constructor(kind: keyof typeof kinds = 'EC P-256') {
    this.kind = kind;
    this.versions = [kinds[kind][0]()];
  }

  rotate(): void {
    this.versions.push(kinds[this.kind][0]());
  }

  bundle(version = this.versions.length, jwk: object = {}, attributes: object = {}) {
    const [kty] = this.kind.split(' ');
    const kid = `https://vault/keys/release/v${version}`;
    const members = this.versions[version - 1]!.publicKey.export({ format: 'jwk' });
    return {
      key: { ...members, kid, kty, key_ops: ['sign', 'verify'], ...jwk },
      attributes: { enabled: true, ...attributes },
    };
  }

  answer({ method, path, headers, body }: Asked): Answer {
    if (path.endsWith('/oauth2/v2.0/token')) return { access_token: token, expires_in: 3600 };
    if (headers.authorization !== `Bearer ${token}`) return refused(401, 'Unauthorized');
    const [, named, action] = /^\/keys\/release(?:\/v(\d+))?(\/sign)?\?api-version=7\.4$/.exec(path) ?? [
      path,
    ];
    const version = Number(named ?? this.versions.length);
    if (path.startsWith('/keys/release') === false || version > this.versions.length)
      return refused(404, 'KeyNotFound');
    if (method === 'GET') return this.bundle(version);
    if (action === undefined || named === undefined)
      throw new Error('nothing of one version was to be signed');
    const { alg, value } = body as Record<string, string>;
    const [, expected, hash] = kinds[this.kind];
    const bytes = Buffer.from(value!, 'base64url');
    if (alg !== expected || !createHash(hash).update(data).digest().equals(bytes))
      throw new Error('something else was to be signed');
    const { privateKey } = this.versions[version - 1]!;
    const signature = alg.startsWith('RS')
      ? privateEncrypt(privateKey, Buffer.concat([sha256Info, bytes]))
      : sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return { kid: `https://vault/keys/release/v${version}`, value: signature.toString('base64url') };
  }
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer, { cert, key });
  const environment: NodeJS.ProcessEnv = {
    AZURE_AUTHORITY_HOST: `${url}/`,
    AZURE_TENANT_ID: 'team.example',
    AZURE_CLIENT_ID: 'client',
    AZURE_CLIENT_SECRET: secret,
    REQUESTS_CA_BUNDLE: testFile(caPem),
  };
  const reference = `azurekms://${new URL(url).host}/release`;
  return { asked, environment, context: { environment }, reference };
}

describe('a key in Azure Key Vault', () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s signs what verifies', async (kind) => {
    const vault = new FakeVault(kind);
    const { context, asked, reference } = await start((one) => vault.answer(one));
    const opened = await openKey(reference, context);
    expect(verifySignature(opened.publicKey, data, await opened.sign(data))).not.toBeNull();
    opened.close();
    expect((await openPublicKey(reference, context)).fingerprint).toBe(opened.publicKey.fingerprint);
    const form = new URLSearchParams(asked[0]!.body as string);
    expect(asked[0]!.path).toBe('/team.example/oauth2/v2.0/token');
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: secret,
      scope: 'https://vault.azure.net/.default',
    });
    expect(JSON.stringify(asked.map(({ body }) => body))).not.toContain('signed in');
    expect(JSON.stringify(asked.filter(({ path }) => path.startsWith('/keys')))).not.toContain(secret);
  });

  test('that is rotated meanwhile signs as what was read; a version that is named is that one', async () => {
    const vault = new FakeVault();
    const { context, reference } = await start((one) => vault.answer(one));
    const opened = await openKey(reference, context);
    vault.rotate();
    expect(verifySignature(opened.publicKey, data, await opened.sign(data))).not.toBeNull();
    opened.close();
    const of = async (version: string) =>
      (await openPublicKey(`${reference}${version}`, context)).fingerprint;
    expect(await of('/v1')).toBe(opened.publicKey.fingerprint);
    expect(await of('')).toBe(await of('/v2'));
    expect(await of('/')).toBe(await of('/v2'));
    expect(await of('/v1')).not.toBe(await of('/v2'));
    expect((await failure(openKey(`${reference}/v3`, context))).code).toBe('KEY_NOT_FOUND');
  });

  test('is made as P-256, and not twice; one that was deleted is told', async () => {
    let vault: FakeVault | undefined;
    const { context, asked, reference } = await start((one) => {
      if (one.path.startsWith('/keys/release/create')) {
        vault = new FakeVault();
        return vault.bundle();
      }
      return one.path.startsWith('/keys/') && vault === undefined
        ? refused(404, 'KeyNotFound')
        : new FakeVault().answer(one);
    });
    const create = (of: string) => createKey(of, context, () => Promise.reject(new Error()));
    expect((await create(reference)).publicKey.algorithm).toBe('ecdsa-p256');
    expect(asked.at(-1)!.body).toMatchObject({ kty: 'EC', crv: 'P-256', key_ops: ['sign', 'verify'] });
    expect((await failure(create(reference))).code).toBe('KEY_EXISTS');
    expect((await failure(create(`${reference}/v1`))).code).toBe('KEY_REFERENCE_INVALID');
    const deleted = await start((one) =>
      one.method === 'GET'
        ? refused(404, 'KeyNotFound')
        : one.path.startsWith('/keys')
          ? refused(409, 'Conflict')
          : new FakeVault().answer(one),
    );
    const again = createKey(deleted.reference, deleted.context, () => Promise.reject(new Error()));
    expect((await failure(again)).code).toBe('KEY_EXISTS');
  });
});

test('signatures become DER whatever their numbers begin with', () => {
  const { privateKey, publicKey } = kinds['EC P-256'][0]();
  for (let round = 0; round < 300; round++) {
    const raw = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    expect(verify('sha256', data, publicKey, derSignature(raw, 32))).toBe(true);
  }
  const small = new Uint8Array(64);
  small[31] = 1;
  small[32] = 0x80;
  expect(Buffer.from(derSignature(small, 32)).toString('hex')).toBe(
    `3026020101022100${'80'.padEnd(64, '0')}`,
  );
  for (const length of [0, 63, 65, 96]) expect(() => derSignature(new Uint8Array(length), 32)).toThrow();
});

describe('is no key', () => {
  const always = (answer: Answer) => (asked: Asked) =>
    asked.path.startsWith('/keys') ? answer : new FakeVault().answer(asked);
  const shown = (jwk: object, attributes: object = {}) => always(new FakeVault().bundle(1, jwk, attributes));
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['one that is not there', always(refused(404, 'KeyNotFound')), 'KEY_NOT_FOUND'],
    ['one that may not be read', always(refused(403, 'Forbidden', 'ForbiddenByRbac')), 'KEY_SERVICE_REFUSED'],
    ['one for which the token is none', always(refused(401, 'Unauthorized')), 'KEY_SERVICE_REFUSED'],
    ['one whose vault is overrun', always(refused(429, 'Throttled')), 'KEY_SERVICE_UNREACHABLE'],
    ['one whose vault is down', always(500), 'KEY_SERVICE_UNREACHABLE'],
    ['one that the vault says is disabled', always(refused(403, 'Forbidden', 'KeyDisabled')), 'KEY_DISABLED'],
    ['one that is disabled', shown({}, { enabled: false }), 'KEY_DISABLED'],
    ['one of which that is not said', shown({}, { enabled: 'true' }), 'KEY_DISABLED'],
    ['one for encryption', shown({ key_ops: ['encrypt', 'verify'] }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one for nothing', shown({ key_ops: undefined }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one on another curve', shown({ crv: 'P-256K' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['a symmetric one', shown({ kty: 'oct-HSM' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one that is no point', shown({ x: 'AAAA' }), 'KEY_SERVICE_ANSWER'],
    ['one that is incomplete', shown({ y: undefined }), 'KEY_SERVICE_ANSWER'],
    ['another one', shown({ kid: 'https://vault/keys/other/v1' }), 'KEY_SERVICE_ANSWER'],
    ['one that leads elsewhere', shown({ kid: 'https://vault/keys/release/..' }), 'KEY_SERVICE_ANSWER'],
    ['an answer without a key', always({}), 'KEY_SERVICE_ANSWER'],
    ['an answer that is no JSON', always('<html>'), 'KEY_SERVICE_ANSWER'],
    ['an answer that leads elsewhere', always(307), 'KEY_SERVICE_REFUSED'],
    ['an answer that is too large', always('x'.repeat(5_000_000)), 'KEY_SERVICE_UNREACHABLE'],
    [
      'a refusal that repeats the token',
      always([403, { error: { message: `bad ${token}` } }]),
      'KEY_SERVICE_REFUSED',
    ],
  ])('%s', async (_, answer, code) => {
    const { context, reference } = await start(answer);
    expect((await failure(openKey(reference, context))).code).toBe(code);
  });

  test('another version than the one that was asked for', async () => {
    const vault = new FakeVault();
    vault.rotate();
    const { context, reference } = await start((asked) =>
      asked.path.startsWith('/keys') ? vault.bundle(2) : vault.answer(asked),
    );
    expect((await failure(openKey(`${reference}/v1`, context))).code).toBe('KEY_SERVICE_ANSWER');
  });

  test.each<[string, (vault: FakeVault) => unknown, string]>([
    [
      'by another key',
      () =>
        sign('sha256', data, {
          key: new FakeVault().versions[0]!.privateKey,
          dsaEncoding: 'ieee-p1363',
        }).toString('base64url'),
      'KEY_SIGNATURE_WRONG',
    ],
    [
      'in DER',
      (vault) => sign('sha256', data, vault.versions[0]!.privateKey).toString('base64url'),
      'KEY_SERVICE_ANSWER',
    ],
    ['that is zero', () => Buffer.alloc(64).toString('base64url'), 'KEY_SIGNATURE_WRONG'],
    ['that is too long', () => 'A'.repeat(2000), 'KEY_SERVICE_ANSWER'],
    ['that is empty', () => '', 'KEY_SERVICE_ANSWER'],
    ['that is no base64url', () => '+/==', 'KEY_SERVICE_ANSWER'],
    ['that is missing', () => undefined, 'KEY_SERVICE_ANSWER'],
  ])('one whose signature is one %s', async (_, value, code) => {
    const vault = new FakeVault();
    const { context, reference } = await start((asked) =>
      asked.path.includes('/sign?') ? { value: value(vault) } : vault.answer(asked),
    );
    const opened = await openKey(reference, context);
    expect((await failure(Promise.resolve(opened.sign(data)))).code).toBe(code);
    opened.close();
  });

  test.each([
    'azurekms://vault',
    'azurekms://team.vault.azure.net/',
    'azurekms://team.vault.azure.net/key/v1/x',
    'azurekms://team.vault.azure.net/../key',
    'azurekms://team.vault.azure.net:444/key',
    'azurekms://x@team.vault.azure.net/key',
    // Tokens for vaults would be shown to it.
    'azurekms://vault.azure.net.evil.example/key',
    'azurekms://evilvault.azure.net/key',
    'azurekms://vault.example/key',
    'azurekms://10.0.0.1/key',
  ])('%j', async (wrong) => {
    expect((await failure(openPublicKey(wrong, { environment: {} }))).code).toBe('KEY_REFERENCE_INVALID');
  });
});

test('a token is for the cloud that the vault is in', () => {
  const resource = (host: string) => parseAzureKey(`azurekms://${host}/key`).resource;
  expect(resource('Team.vault.azure.net')).toBe('https://vault.azure.net');
  expect(resource('team.managedhsm.azure.net:443')).toBe('https://managedhsm.azure.net');
  expect(resource('team.vault.usgovcloudapi.net')).toBe('https://vault.usgovcloudapi.net');
  expect(resource('team.vault.azure.cn')).toBe('https://vault.azure.cn');
});
