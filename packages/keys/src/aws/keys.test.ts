import { createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import { verifySignature } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { failure as failureOf } from '../testing/failure.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const data = new TextEncoder().encode('signed in AWS KMS');
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const sessionToken = 'a-very-secret-session-token';
const arn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const reference = 'awskms:///alias/release';

/** DigestInfo of a SHA-256 (RFC 8017 §9.2), without the hash. */
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const specs = {
  ECC_NIST_P256: [() => generateKeyPairSync('ec', { namedCurve: 'P-256' }), ['ECDSA_SHA_256']],
  ECC_NIST_P384: [() => generateKeyPairSync('ec', { namedCurve: 'P-384' }), ['ECDSA_SHA_384']],
  ECC_NIST_P521: [() => generateKeyPairSync('ec', { namedCurve: 'P-521' }), ['ECDSA_SHA_512']],
  RSA_2048: [
    () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ['RSASSA_PSS_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_256'],
  ],
} as const;

/** A KMS with one key. Node hashes what it signs with ECDSA: the message is told beforehand, its hash compared. */
class FakeKms {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly spec: keyof typeof specs;
  constructor(spec: keyof typeof specs) {
    this.spec = spec;
    const { privateKey, publicKey } = specs[spec][0]();
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  answer({ method, path, headers, body }: Asked): Answer {
    if (method !== 'POST' || path !== '/') return 404;
    const { KeyId, Message, MessageType, SigningAlgorithm } = body as Record<string, string>;
    switch (headers['x-amz-target']) {
      case 'TrentService.GetPublicKey':
        return KeyId === 'alias/release' ? this.shown() : [400, { __type: 'NotFoundException' }];
      case 'TrentService.Sign':
        if (KeyId !== arn || MessageType !== 'DIGEST') throw new Error('something else was to be signed');
        return {
          KeyId,
          SigningAlgorithm,
          Signature: this.sign(Message!, SigningAlgorithm!).toString('base64'),
        };
      default:
        return [400, { __type: 'UnknownOperationException' }];
    }
  }

  shown(more: object = {}): object {
    const PublicKey = this.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const SigningAlgorithms = specs[this.spec][1];
    return { KeyId: arn, KeyUsage: 'SIGN_VERIFY', KeySpec: this.spec, SigningAlgorithms, PublicKey, ...more };
  }

  private sign(message: string, algorithm: string): Buffer {
    const hash = `sha${algorithm.slice(-3)}`;
    const bytes = Buffer.from(message, 'base64');
    if (!createHash(hash).update(data).digest().equals(bytes)) throw new Error('another hash was sent');
    return this.spec === 'RSA_2048'
      ? privateEncrypt(this.privateKey, Buffer.concat([sha256Info, bytes]))
      : sign(hash, data, this.privateKey);
  }
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  const environment: NodeJS.ProcessEnv = {
    AWS_ENDPOINT_URL: `${url}/`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: sessionToken,
  };
  return { url, asked, environment, context: { environment } };
}

const failure = (of: Promise<unknown>) => failureOf(of, [secret, sessionToken]);

describe('a key in AWS KMS', () => {
  test.each(Object.keys(specs) as (keyof typeof specs)[])('%s signs what verifies', async (spec) => {
    const kms = new FakeKms(spec);
    const { context, asked } = await start((one) => kms.answer(one));
    const key = await openKey(reference, context);
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    expect((await openPublicKey(reference, context)).fingerprint).toBe(key.publicKey.fingerprint);
    key.close();
    // Never the document, and nothing of the secrets but the token that AWS asks for.
    expect(JSON.stringify(asked.map(({ body }) => body))).not.toContain('signed in');
    expect(JSON.stringify(asked)).not.toContain(secret);
    expect(asked[0]!.headers['x-amz-security-token']).toBe(sessionToken);
    expect(asked[0]!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/kms\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
    );
  });

  test('signs under the key that was read, when its alias becomes another’s', async () => {
    const kms = new FakeKms('ECC_NIST_P256');
    const { context, asked } = await start((one) => kms.answer(one));
    const key = await openKey(reference, context);
    await key.sign(data);
    key.close();
    expect((asked[1]!.body as { KeyId: string }).KeyId).toBe(arn);
  });

  test('is made as P-256 with its alias, and not twice', async () => {
    const kms = new FakeKms('ECC_NIST_P256');
    let named = false;
    const { context, asked } = await start(({ headers, body }) => {
      const { KeyId } = body as Record<string, string>;
      if (headers['x-amz-target'] === 'TrentService.CreateKey') return { KeyMetadata: { KeyId: arn } };
      if (headers['x-amz-target'] === 'TrentService.CreateAlias') {
        named = true;
        return '';
      }
      return named || KeyId === arn ? kms.shown() : [400, { __type: 'NotFoundException' }];
    });
    const create = (name: string) => createKey(name, context, () => Promise.reject(new Error()));
    expect((await create(reference)).publicKey.algorithm).toBe('ecdsa-p256');
    expect(asked[1]!.body).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    expect(asked[2]!.body).toEqual({ AliasName: 'alias/release', TargetKeyId: arn });
    expect((await failure(create(reference))).code).toBe('KEY_EXISTS');
    expect((await failure(create(`awskms:///${arn}`))).code).toBe('KEY_REFERENCE_INVALID');
  });

  test('is not made a second time where the answer got lost, and a key without an alias is told', async () => {
    let made = 0;
    const { context } = await start(({ headers }) => {
      if (headers['x-amz-target'] === 'TrentService.CreateKey') made++;
      return headers['x-amz-target'] === 'TrentService.GetPublicKey'
        ? [400, { __type: 'NotFoundException' }]
        : 503;
    });
    const lost = createKey(reference, context, () => Promise.reject(new Error()));
    expect((await failure(lost)).code).toBe('KEY_SERVICE_UNREACHABLE');
    expect(made).toBe(1);
    const refusing = await start(({ headers }) => {
      if (headers['x-amz-target'] === 'TrentService.CreateKey') return { KeyMetadata: { KeyId: arn } };
      const denied = headers['x-amz-target'] === 'TrentService.CreateAlias';
      return [400, { __type: denied ? 'AccessDeniedException' : 'NotFoundException' }];
    });
    const orphan = await failure(createKey(reference, refusing.context, () => Promise.reject(new Error())));
    expect(orphan.code).toBe('KEY_SERVICE_REFUSED');
    expect(orphan.message).toContain(arn);
  });

  test('is waited for while KMS has too much to do, a bounded number of times', async () => {
    const kms = new FakeKms('ECC_NIST_P256');
    let busy = 0;
    const { context } = await start((one) =>
      busy++ % 3 === 0 ? [400, { __type: 'com.amazonaws.kms#ThrottlingException' }] : kms.answer(one),
    );
    const key = await openKey(reference, context);
    expect(verifySignature(key.publicKey, data, await key.sign(data))).not.toBeNull();
    key.close();
    const full = await start(() => [400, { __type: 'ThrottlingException', message: 'Rate exceeded' }]);
    const error = await failure(openKey(reference, full.context));
    expect(error.code).toBe('KEY_SERVICE_UNREACHABLE');
    expect(full.asked.length).toBe(4);
  });

  test('is read again where KMS had broken down, a bounded number of times', async () => {
    const kms = new FakeKms('ECC_NIST_P256');
    let broken = 2;
    const { context } = await start((one) => (broken-- > 0 ? 500 : kms.answer(one)));
    expect((await openPublicKey(reference, context)).algorithm).toBe('ecdsa-p256');
    const down = await start(() => 503);
    expect((await failure(openKey(reference, down.context))).code).toBe('KEY_SERVICE_UNREACHABLE');
    expect(down.asked.length).toBe(4);
  });
});

describe('is no key', () => {
  const shown = (more: object) => () => new FakeKms('ECC_NIST_P256').shown(more);
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['one that is not there', () => [400, { __type: 'NotFoundException' }], 'KEY_NOT_FOUND'],
    ['one that may not be read', () => [400, { __type: 'AccessDeniedException' }], 'KEY_SERVICE_REFUSED'],
    [
      'one for which the credentials are wrong',
      () => [400, { __type: 'UnrecognizedClientException' }],
      'KEY_SERVICE_REFUSED',
    ],
    ['one that is disabled', () => [400, { __type: 'DisabledException' }], 'KEY_DISABLED'],
    ['one that is to be deleted', () => [400, { __type: 'KMSInvalidStateException' }], 'KEY_DISABLED'],
    [
      'a symmetric one',
      () => [400, { __type: 'UnsupportedOperationException' }],
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    ['one for encryption', shown({ KeyUsage: 'ENCRYPT_DECRYPT' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one on another curve', shown({ KeySpec: 'ECC_SECG_P256K1' }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one of another algorithm', shown({ KeySpec: 'ML_DSA_65' }), 'KEY_MECHANISM_UNSUPPORTED'],
    [
      'one that does not sign as Sigstore does',
      shown({ SigningAlgorithms: ['ECDSA_SHA_512'] }),
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    ['one with no algorithms', shown({ SigningAlgorithms: null }), 'KEY_MECHANISM_UNSUPPORTED'],
    ['one without a usage', shown({ KeyUsage: 1 }), 'KEY_SERVICE_ANSWER'],
    ['one that is no base64', shown({ PublicKey: '*' }), 'KEY_SERVICE_ANSWER'],
    ['one that is none', shown({ PublicKey: 'AAAA' }), 'KEY_SERVICE_ANSWER'],
    ['one with no id', shown({ KeyId: '"' }), 'KEY_SERVICE_ANSWER'],
    ['an answer that leads elsewhere', () => 307, 'KEY_SERVICE_REFUSED'],
    ['an answer that is no JSON', () => '<html>', 'KEY_SERVICE_ANSWER'],
    ['a refusal that is no JSON', () => [400, []], 'KEY_SERVICE_ANSWER'],
    ['a refusal for no reason', () => [400, {}], 'KEY_SERVICE_REFUSED'],
    [
      'a refusal that repeats what was sent',
      ({ headers }) => [400, { __type: 'AccessDeniedException', Message: headers['x-amz-security-token'] }],
      'KEY_SERVICE_REFUSED',
    ],
  ])('%s', async (_, answer, code) => {
    const { context } = await start(answer);
    expect((await failure(openKey(reference, context))).code).toBe(code);
    expect((await failure(openPublicKey(reference, context))).code).toBe(code);
  });

  test.each<[string, (kms: FakeKms, asked: Asked) => Answer, string]>([
    ['by another key', (_, asked) => new FakeKms('ECC_NIST_P256').answer(asked), 'KEY_SIGNATURE_WRONG'],
    [
      'of something else',
      (kms) => ({ Signature: sign('sha256', Buffer.from('else'), kms.privateKey).toString('base64') }),
      'KEY_SIGNATURE_WRONG',
    ],
    [
      'that is no DER',
      (kms) => {
        const encoding = { key: kms.privateKey, dsaEncoding: 'ieee-p1363' } as const;
        return { Signature: sign('sha256', data, encoding).toString('base64') };
      },
      'KEY_SIGNATURE_WRONG',
    ],
    ['that is empty', () => ({ Signature: '' }), 'KEY_SIGNATURE_WRONG'],
    ['that is missing', () => ({}), 'KEY_SERVICE_ANSWER'],
    ['that is no base64', () => ({ Signature: '!' }), 'KEY_SERVICE_ANSWER'],
  ])('one whose signature is one %s', async (_, signing, code) => {
    const kms = new FakeKms('ECC_NIST_P256');
    const { context } = await start((asked) =>
      asked.headers['x-amz-target'] === 'TrentService.Sign' ? signing(kms, asked) : kms.answer(asked),
    );
    const key = await openKey(reference, context);
    expect((await failure(Promise.resolve(key.sign(data)))).code).toBe(code);
    key.close();
  });

  test.each([
    'awskms://alias/name',
    'awskms:///alias/',
    'awskms:///name',
    'awskms:///1234abcd',
    'awskms:///alias/../x y',
    'awskms:///arn:aws:s3:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'awskms:///arn:aws:kms:eu-central-1.example.com/:111122223333:alias/x',
    'awskms://user@localhost/alias/x',
    'awskms://localhost?/alias/x',
    'awskms://[::1/alias/x',
    'awskms://127.1/alias/x',
    'awskms:///alias/x\n',
  ])('%j', async (wrong) => {
    expect((await failure(openPublicKey(wrong, { environment: {} }))).code).toBe('KEY_REFERENCE_INVALID');
  });

  test('one in plain HTTP on another machine, or in a region that is none', async () => {
    const { environment } = await start(() => 404);
    const of = async (more: NodeJS.ProcessEnv) =>
      (await failure(openPublicKey(reference, { environment: { ...environment, ...more } }))).code;
    expect(await of({ AWS_ENDPOINT_URL: 'http://kms.example.com' })).toBe('KEY_SERVICE_CONFIG');
    expect(await of({ AWS_REGION: 'x.example.com/' })).toBe('KEY_SERVICE_CONFIG');
    expect(await of({ AWS_REGION: '', AWS_DEFAULT_REGION: '' })).toBe('KEY_SERVICE_CONFIG');
    expect(await of({ AWS_CA_BUNDLE: '/nowhere/ca.pem' })).toBe('KEY_SERVICE_CONFIG');
  });
});
