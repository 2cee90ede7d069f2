import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePublicKey, verifySignature } from '@pratique/crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeContents, fakeModule } from '../testing/module.ts';
import { attribute, ck } from './constants.ts';
import { findPrivateKey, ulong } from './objects.ts';
import { publicKeyOfToken } from './public-key.ts';
import { signInToken } from './sign.ts';
import { findToken, openSession, type Session } from './token.ts';
import { parseTokenUri } from './uri.ts';

const uri = (text: string) => parseTokenUri(`pkcs11:${text}?module-path=/fake.so`, {});
const two = {
  tokens: [
    { slotId: 3, label: 'team', serial: '1' },
    { slotId: 4, label: 'team', serial: '2' },
  ],
};
const one = { tokens: [two.tokens[0]!] };
const label = (text: string) => Buffer.from(text);

async function session(
  contents: FakeContents,
  environment: NodeJS.ProcessEnv = { COSIGN_PKCS11_PIN: '1234' },
) {
  const module = fakeModule(contents);
  const opened = await openSession(
    module,
    findToken(module, uri('serial=1;object=a')),
    'private',
    undefined,
    {
      environment,
    },
  );
  return { module, opened };
}

describe('the token that a URI names', () => {
  test.each([
    ['serial=2;object=a', 4],
    ['slot-id=3;object=a', 3],
    ['token=team;serial=1;object=a', 3],
  ])('%s', (text, slot) => {
    expect(findToken(fakeModule(two), uri(text)).slotId).toBe(slot);
  });

  test.each([
    ['two that fit', 'token=team;object=a', 'KEY_AMBIGUOUS'],
    ['none that fits', 'token=other;object=a', 'PKCS11_TOKEN_NOT_FOUND'],
    ['one that fits in part', 'token=team;serial=3;object=a', 'PKCS11_TOKEN_NOT_FOUND'],
    ['one of another maker', 'serial=1;manufacturer=x;object=a', 'PKCS11_TOKEN_NOT_FOUND'],
  ])('%s: refused', (_, text, code) => {
    expect(() => findToken(fakeModule(two), uri(text))).toThrow(expect.objectContaining({ code }));
  });
});

describe('the PIN', () => {
  test('is of the URI, else of the environment, else of a person', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'keys-pin-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'pin'), 'of file\n');
    const lengths: unknown[] = [];
    const sources = [
      { kind: 'value', value: 'of uri!' },
      { kind: 'file', path: join(directory, 'pin') },
      undefined,
    ] as const;
    for (const environment of [{ COSIGN_PKCS11_PIN: 'environment' }, {}]) {
      for (const source of sources) {
        const module = fakeModule(one);
        const askPin = async () => 'person';
        await openSession(module, findToken(module, uri('serial=1;object=a')), 'private', source, {
          environment,
          askPin,
        });
        lengths.push(module.calls.find(({ name }) => name === 'C_Login')?.args.at(-1));
      }
    }
    expect(lengths).toEqual([7, 7, 11, 7, 7, 6]);
  });

  test('is not asked for by a token that wants none', async () => {
    const { module } = await session({ tokens: [{ ...one.tokens[0]!, loginRequired: false }] }, {});
    expect(module.calls.some(({ name }) => name === 'C_Login')).toBe(false);
  });

  test.each<[string, FakeContents, NodeJS.ProcessEnv, string]>([
    [
      'that is wrong',
      { ...one, returns: { C_Login: 0xa0 } },
      { COSIGN_PKCS11_PIN: '9' },
      'PKCS11_PIN_REFUSED',
    ],
    [
      'that is locked',
      { ...one, returns: { C_Login: 0xa4 } },
      { COSIGN_PKCS11_PIN: '9' },
      'PKCS11_PIN_REFUSED',
    ],
    ['that nobody gives', one, {}, 'PKCS11_PIN_MISSING'],
    [
      'that a broken token answers to',
      { ...one, returns: { C_Login: 0x30 } },
      { COSIGN_PKCS11_PIN: '9' },
      'PKCS11_FAILED',
    ],
  ])('%s: refused, tried once, and the session is closed', async (_, contents, environment, code) => {
    const module = fakeModule(contents);
    const opened = openSession(module, findToken(module, uri('serial=1;object=a')), 'private', undefined, {
      environment,
    });
    await expect(opened).rejects.toMatchObject({ code });
    expect(module.calls.filter(({ name }) => name === 'C_Login').length).toBeLessThan(2);
    expect(module.calls.at(-1)?.name).toBe('C_CloseSession');
  });
});

describe('the private key that a URI names', () => {
  const objects = {
    1: {
      [attribute.class]: ulong(ck.privateKey),
      [attribute.label]: label('a'),
      [attribute.id]: Uint8Array.of(1),
    },
    2: {
      [attribute.class]: ulong(ck.privateKey),
      [attribute.label]: label('a'),
      [attribute.id]: Uint8Array.of(2),
    },
    3: {
      [attribute.class]: ulong(ck.publicKey),
      [attribute.label]: label('b'),
      [attribute.id]: Uint8Array.of(3),
    },
  };

  test('is the one with its label and id', async () => {
    const { opened } = await session({ ...one, objects });
    expect(findPrivateKey(opened, uri('serial=1;object=a;id=%02'))).toBe(2);
  });

  test.each([
    ['two with the label', 'object=a', 'KEY_AMBIGUOUS'],
    ['none with the label', 'object=c', 'KEY_NOT_FOUND'],
    ['the label of one and the id of another', 'object=a;id=%03', 'KEY_NOT_FOUND'],
    ['a public key', 'object=b', 'KEY_NOT_FOUND'],
  ])('%s: refused', async (_, text, code) => {
    const { opened } = await session({ ...one, objects });
    expect(() => findPrivateKey(opened, uri(`serial=1;${text}`))).toThrow(expect.objectContaining({ code }));
  });
});

describe('signatures', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  const point = spki.subarray(-65);
  const privateKey = { [attribute.class]: ulong(ck.privateKey), [attribute.id]: Uint8Array.of(1) };
  const publicKey = (ecPoint: Uint8Array) => ({
    [attribute.class]: ulong(ck.publicKey),
    [attribute.id]: Uint8Array.of(1),
    [attribute.keyType]: ulong(ck.ec),
    [attribute.ecParameters]: spki.subarray(13, 23),
    [attribute.ecPoint]: ecPoint,
  });
  const data = new TextEncoder().encode('x');
  const opened = async (contents: Partial<FakeContents>): Promise<Session> =>
    (await session({ ...one, ...contents })).opened;

  test.each([
    ['in an OCTET STRING', Buffer.concat([Buffer.of(4, 65), point])],
    ['as it is', point],
  ])('the public key, its point %s', async (_, ecPoint) => {
    const objects = { 1: privateKey, 2: publicKey(ecPoint) };
    const found = publicKeyOfToken(await opened({ objects }), 1);
    expect(found.fingerprint).toBe(parsePublicKey(new Uint8Array(spki)).fingerprint);
  });

  test.each<[string, Record<number, Uint8Array>, string]>([
    ['without a point', { ...publicKey(point), [attribute.ecPoint]: new Uint8Array() }, 'DER_INVALID'],
    [
      'with a point beside its curve',
      publicKey(Buffer.concat([point.subarray(0, 64), Buffer.of(1)])),
      'KEY_INVALID',
    ],
    [
      'of a kind nobody knows',
      { ...publicKey(point), [attribute.keyType]: ulong(2) },
      'KEY_MECHANISM_UNSUPPORTED',
    ],
    ['of another id', { ...publicKey(point), [attribute.id]: Uint8Array.of(9) }, 'KEY_NOT_FOUND'],
  ])('a public key %s is refused', async (_, object, code) => {
    const objects = { 1: privateKey, 2: object };
    const ready = await opened({ objects });
    expect(() => publicKeyOfToken(ready, 1)).toThrow(expect.objectContaining({ code }));
  });

  test('are r and s of the token, in DER', async () => {
    const signature = sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const made = signInToken(await opened({ signature }), 1, parsePublicKey(new Uint8Array(spki)), data);
    expect(verifySignature(parsePublicKey(new Uint8Array(spki)), data, made)).toBe('ecdsa-sha256');
  });

  test.each([
    ['C_SignInit', 0x70, 'KEY_MECHANISM_UNSUPPORTED'],
    ['C_SignInit', 0x68, 'KEY_MECHANISM_UNSUPPORTED'],
    ['C_Sign', 0x54, 'KEY_MECHANISM_UNSUPPORTED'],
    ['C_Sign', 0x30, 'PKCS11_FAILED'],
  ] as const)('that %s refuses with 0x%x', async (name, returned, code) => {
    const ready = await opened({ returns: { [name]: returned }, signature: new Uint8Array(64) });
    expect(() => signInToken(ready, 1, parsePublicKey(new Uint8Array(spki)), data)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
