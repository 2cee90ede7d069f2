import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromJson, type RegoArray, toJson, type Value } from '../../values/index.ts';
import { call, outcome, testTime } from '../test-calls.ts';

const now = Number(testTime / 1_000_000_000n);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const claims = { iss: 'builder', aud: ['deploy', 'scan'], exp: now + 60, nbf: now - 60 };

function sign(header: object, payload: object, key: KeyObject | string): string {
  const jwk =
    typeof key === 'string'
      ? { kty: 'oct', k: Buffer.from(key).toString('base64url') }
      : key.export({ format: 'jwk' });
  return call('io.jwt.encode_sign', fromJson(header), fromJson(payload), fromJson(jwk)) as string;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}

function verified(token: string, constraints: object): boolean {
  return (call('io.jwt.decode_verify', token, fromJson(constraints)) as RegoArray).at(0) as boolean;
}

const algorithms: [string, KeyObject, KeyObject][] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name): [string, KeyObject, KeyObject] => [
    name,
    rsa.privateKey,
    rsa.publicKey,
  ]),
  ['ES256', ec.privateKey, ec.publicKey],
  ['EdDSA', ed.privateKey, ed.publicKey],
];

describe.each(algorithms)('%s', (alg, privateKey, publicKey) => {
  const token = sign({ alg, typ: 'JWT' }, claims, privateKey);
  const verify = `io.jwt.verify_${alg.toLowerCase()}`;

  test('a token we signed verifies with its key, as PEM and as JWK set', () => {
    const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg }] });
    expect(call(verify, token, pem(publicKey))).toBe(true);
    expect(call(verify, token, jwks)).toBe(true);
    expect(verified(token, { cert: jwks, iss: 'builder', aud: 'scan' })).toBe(true);
  });

  test('a token with another payload under the same signature is refused', () => {
    const [header, , signature] = token.split('.');
    const forged = `${header}.${Buffer.from('{"iss":"builder","aud":"scan","admin":true}').toString('base64url')}.${signature}`;
    expect(call(verify, forged, pem(publicKey))).toBe(false);
    expect(verified(forged, { cert: pem(publicKey), aud: 'scan' })).toBe(false);
  });

  test('a truncated or empty signature is refused', () => {
    const [header, payload, signature] = token.split('.');
    for (const cut of ['', signature!.slice(0, 40)]) {
      expect(call(verify, `${header}.${payload}.${cut}`, pem(publicKey))).toBe(false);
    }
  });

  test("another key's signature is refused", () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(call(verify, sign({ alg: 'RS256' }, claims, other.privateKey), pem(publicKey))).toBe(false);
  });
});

describe('algorithm confusion', () => {
  test('a token without algorithm or with "none" is refused whatever its signature', () => {
    for (const header of [{}, { alg: 'none' }, { alg: 'None' }]) {
      const encoded = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
      expect(verified(`${encoded.join('.')}.`, { cert: pem(rsa.publicKey), aud: 'scan' })).toBe(false);
      expect(verified(`${encoded.join('.')}.`, { secret: 's', aud: 'scan' })).toBe(false);
    }
  });

  test('an HMAC made with the text of a public key does not pass for a signature of that key', () => {
    const text = [{ alg: 'HS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = createHmac('sha256', pem(rsa.publicKey)).update(text).digest('base64url');
    expect(verified(`${text}.${signature}`, { cert: pem(rsa.publicKey), aud: 'scan' })).toBe(false);
    expect(call('io.jwt.verify_rs256', `${text}.${signature}`, pem(rsa.publicKey))).toBe(false);
  });

  test('a constraint on the algorithm is kept', () => {
    const token = sign({ alg: 'RS384' }, claims, rsa.privateKey);
    expect(verified(token, { cert: pem(rsa.publicKey), alg: 'RS384', aud: 'scan' })).toBe(true);
    expect(verified(token, { cert: pem(rsa.publicKey), alg: 'RS256', aud: 'scan' })).toBe(false);
  });

  test('a key of a JWK set is not used for another algorithm than its own', () => {
    const jwks = JSON.stringify({ keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), alg: 'PS256' }] });
    expect(call('io.jwt.verify_rs256', sign({ alg: 'RS256' }, claims, rsa.privateKey), jwks)).toBe(false);
  });

  test('critical header parameters that nobody understands refuse the token', () => {
    const token = sign({ alg: 'HS256', crit: ['x'], x: 1 }, claims, 'secret');
    expect(verified(token, { secret: 'secret', aud: 'scan' })).toBe(false);
  });
});

describe('claims', () => {
  const check = (payload: object, constraints: object) =>
    verified(sign({ alg: 'HS256', typ: 'JWT' }, payload, 'secret'), { secret: 'secret', ...constraints });

  test.each<[string, object, object, boolean]>([
    ['another issuer', { iss: 'x' }, { iss: 'y' }, false],
    ['a missing issuer', {}, { iss: 'y' }, false],
    ['an audience nobody asked for', { aud: 'x' }, {}, false],
    ['a missing audience', {}, { aud: 'x' }, false],
    ['one audience of several', { aud: ['x', 'y'] }, { aud: 'y' }, true],
    ['expiry in the past', { exp: now - 1 }, {}, false],
    ['expiry right now', { exp: now }, {}, false],
    ['expiry in the future', { exp: now + 1 }, {}, true],
    ['not yet valid', { nbf: now + 1 }, {}, false],
    ['valid from now', { nbf: now }, {}, true],
    ['a time given by policy', { exp: 100 }, { time: 99_000_000_000 }, true],
  ])('%s', (_name, payload, constraints, expected) => {
    expect(check(payload, constraints)).toBe(expected);
  });

  test.each<[string, object, Value, string]>([
    ['no key', {}, 'a.b.c', 'no key constraint'],
    ['two keys', { secret: 's', cert: pem(rsa.publicKey) }, 'a.b.c', 'duplicate key constraints'],
    ['an unknown constraint', { secret: 's', sub: 'x' }, 'a.b.c', 'unknown token validation constraint: sub'],
    ['text that is no token', { secret: 's' }, 'abc', 'encoded JWT had no period separators'],
    ['two parts', { secret: 's' }, 'a.b', 'encoded JWT must have 3 sections, found 2'],
  ])('%s is an error', (_name, constraints, token, message) => {
    expect(outcome('io.jwt.decode_verify', token, fromJson(constraints))).toEqual({
      error: `eval_builtin_error: io.jwt.decode_verify: ${message}`,
    });
  });

  test('a token in a token is followed to the innermost', () => {
    const inner = sign({ alg: 'HS256' }, { iss: 'inner', aud: 'x' }, 'secret');
    const header = Buffer.from('{"alg":"HS256","cty":"JWT"}').toString('base64url');
    const text = `${header}.${Buffer.from(inner).toString('base64url')}`;
    const outer = `${text}.${createHmac('sha256', 'secret').update(text).digest('base64url')}`;
    const result = call('io.jwt.decode_verify', outer, fromJson({ secret: 'secret', aud: 'x' })) as RegoArray;
    expect(toJson(result)).toEqual([true, { alg: 'HS256' }, { iss: 'inner', aud: 'x' }]);
  });
});
