import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { p384 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sequence, unsignedInteger } from '../der/writer.ts';
import { digest } from '../encoding/digest.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { verifySignature } from '../keys/verify.ts';
import { prime } from './field.ts';
import { inverse } from './inverse.ts';
import { oftenChecked, order, P384Verifier } from './verify.ts';

/** For keys that are tried often; it has room for eight. */
const verifier = new P384Verifier();
const { Point } = p384;

function toBytes(value: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(96, '0'), 'hex'));
}

/** The key whose secret is a number. */
function keyOf(secret: bigint): PublicKey {
  const point = Point.BASE.multiply(secret).toBytes(false);
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  spki.set(point, spki.byteLength - point.byteLength);
  return parsePublicKey(spki);
}

function encode(r: bigint, s: bigint): Uint8Array {
  const integer = (value: bigint) => unsignedInteger(value === 0n ? Uint8Array.of(0) : toBytes(value));
  return sequence(integer(r), integer(s));
}

/** As a well-known library answers. */
function oracle(key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  try {
    return p384.verify(signature, hash, key.spki.subarray(-97), {
      prehash: false,
      lowS: false,
      format: 'der',
    });
  } catch {
    return false;
  }
}

const scalar = fc.bigInt({ min: 1n, max: order - 1n });
const keys = [7n, order - 1n, 0x123456789abcdefn ** 6n % order].map(keyOf);
const anyKey = fc.constantFrom(...keys);

/** A digest and its signature for which the sum is of `ofBase` times the base point and `ofKey` times the key. */
function crafted(secret: bigint, ofBase: bigint, ofKey: bigint) {
  const times = (((ofBase + ofKey * secret) % order) + order) % order;
  const r = Point.BASE.multiply(times).toAffine().x % order;
  const s = (r * inverse(ofKey, order)) % order;
  return { hash: toBytes((ofBase * s) % order), signature: encode(r, s) };
}

test.each(['sha256', 'sha384', 'sha512'] as const)('what OpenSSL signs over %s is accepted', (algorithm) => {
  const verifier = new P384Verifier();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = parsePublicKey(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (data, at) => {
      const signature = new Uint8Array(sign(algorithm, data, privateKey));
      const hash = digest(algorithm, data);
      expect(verifier.accepts(key, hash, signature)).toBe(true);
      const bit = (bytes: Uint8Array) =>
        bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ (1 << (at % 8)));
      expect(verifier.accepts(keys[0]!, hash, signature)).toBe(false);
      // Behind the leftmost 384 bits nothing counts.
      const other = bit(hash.subarray(0, 48));
      expect(verifier.accepts(key, other, signature)).toBe(false);
      const changed = bit(signature);
      expect(verifier.accepts(key, hash, changed)).toBe(verify(algorithm, data, publicKey, changed));
    }),
    { numRuns: 60 },
  );
});

test('any numbers are answered as by a well-known library', () => {
  fc.assert(
    fc.property(anyKey, scalar, scalar, scalar, fc.boolean(), (key, e, r, s, good) => {
      const made = good ? crafted(7n, e, r) : { hash: toBytes(e), signature: encode(r, s) };
      const answer = verifier.accepts(key, made.hash, made.signature);
      expect(answer).toBe(oracle(key, made.hash, made.signature));
      if (good && key === keys[0]) expect(answer).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('either value of s is accepted, as cosign writes either', () => {
  const { hash, signature } = crafted(7n, 5n, 11n);
  const { r, s } = p384.Signature.fromBytes(signature, 'der');
  expect(verifier.accepts(keys[0]!, hash, encode(r, s))).toBe(true);
  expect(verifier.accepts(keys[0]!, hash, encode(r, order - s))).toBe(true);
});

/** The first point whose x is that or more. */
function pointFrom(x: bigint): InstanceType<typeof Point> {
  try {
    return Point.fromBytes(Uint8Array.of(2, ...toBytes(x)));
  } catch {
    return pointFrom(x + 1n);
  }
}

/** A key for which a digest and the numbers of a signature lead to `R`, which nobody finds by signing. */
function keyLeadingTo(R: InstanceType<typeof Point>, e: bigint, r: bigint, s: bigint) {
  const w = inverse(s, order);
  const Q = R.subtract(Point.BASE.multiply((e * w) % order)).multiply(inverse((r * w) % order, order));
  return { spki: Q.toBytes(false) };
}

test('an x above the order is one below it in the signature', () => {
  const verifier = new P384Verifier();
  const R = pointFrom(order + 1n);
  const { x } = R.toAffine();
  const [e, r, s] = [3n, x - order, 5n];
  const key = keyLeadingTo(R, e, r, s);
  expect(verifier.accepts(key, toBytes(e), encode(r, s))).toBe(true);
  expect(verifier.accepts(key, toBytes(e), encode(r + 1n, s))).toBe(false);
  expect(verifier.accepts(key, toBytes(e), encode(x, s))).toBe(false);
});

test('an x that is one above the order only modulo the prime is another', () => {
  const verifier = new P384Verifier();
  const R = pointFrom(1n);
  const [e, r, s] = [3n, R.toAffine().x + prime - order, 5n];
  expect(verifier.accepts(keyLeadingTo(R, e, r, s), toBytes(e), encode(r, s))).toBe(false);
});

test('an s above the order is not one below it', () => {
  const [secret, k, s] = [7n, 9n, 5n];
  const r = Point.BASE.multiply(k).toAffine().x % order;
  const hash = toBytes((((s * k - r * secret) % order) + order) % order);
  expect(verifier.accepts(keys[0]!, hash, encode(r, s))).toBe(true);
  expect(verifier.accepts(keys[0]!, hash, encode(r, s + order))).toBe(false);
});

describe('numbers that are none of a signature', () => {
  const { hash, signature } = crafted(7n, 5n, 11n);
  const { r, s } = p384.Signature.fromBytes(signature, 'der');
  const der = [...signature];
  test('the good one is accepted', () => {
    expect(verifier.accepts(keys[0]!, hash, signature)).toBe(true);
  });
  test.each<[string, Uint8Array]>([
    ['r is zero', encode(0n, s)],
    ['s is zero', encode(r, 0n)],
    ['both are zero', encode(0n, 0n)],
    ['r is the order', encode(order, s)],
    ['s is the order', encode(r, order)],
    ['s is more than the order', encode(r, 2n ** 384n - 1n)],
    ['r is negative', sequence(Uint8Array.of(2, 1, 0xff), unsignedInteger(toBytes(s)))],
    ['a byte follows', Uint8Array.from([...der, 0])],
    ['a byte is missing', Uint8Array.from(der.slice(0, -1))],
    [
      'a third number follows',
      sequence(unsignedInteger(toBytes(r)), unsignedInteger(toBytes(s)), Uint8Array.of(2, 1, 1)),
    ],
    [
      'r has a needless zero',
      sequence(Uint8Array.of(2, 50, 0, 0, ...toBytes(r)), unsignedInteger(toBytes(s))),
    ],
    ['the length is written long', Uint8Array.from([0x30, 0x81, ...der.slice(1)])],
    ['nothing', new Uint8Array()],
  ])('%s', (_what, damaged) => {
    expect(verifier.accepts(keys[0]!, hash, damaged)).toBe(false);
  });
});

describe('sums the formula has no answer for are left to OpenSSL, others are not', () => {
  // With the secret 1 the key is the base point, so that a point can be added to itself, or to what ends at infinity.
  const key = keyOf(1n);
  const verifier = new P384Verifier();
  test.each<[string, bigint, bigint]>([
    ['a point and itself', 5n, 5n],
    ['a multiple and itself', 256n, 256n],
    ['what becomes the next on the way', 250n, 256n + 6n],
  ])('%s', (_what, ofBase, ofKey) => {
    const { hash, signature } = crafted(1n, ofBase, ofKey);
    expect(oracle(key, hash, signature)).toBe(true);
    expect(verifier.accepts(key, hash, signature)).toBe(false);
  });

  test('a sum that is infinity', () => {
    const [u, r] = [12345n, 7n];
    const s = (r * inverse(u, order)) % order;
    const hash = toBytes(((order - u) * s) % order);
    expect(verifier.accepts(key, hash, encode(r, s))).toBe(false);
    expect(oracle(key, hash, encode(r, s))).toBe(false);
  });

  test.each<[string, bigint, bigint]>([
    ['nothing of the base point', 0n, 9n],
    ['one of each', 1n, 2n],
    ['the lowest byte only, and the highest', 255n, 255n * 256n ** 47n],
    ['the largest numbers', order - 2n, order - 3n],
    ['all bytes the same', (256n ** 48n - 1n) / 255n, 3n],
  ])('%s', (_what, ofBase, ofKey) => {
    const { hash, signature } = crafted(1n, ofBase, ofKey);
    expect(oracle(key, hash, signature)).toBe(true);
    expect(verifier.accepts(key, hash, signature)).toBe(true);
  });
});

test('a key for which there is no room is left to OpenSSL', () => {
  const small = new P384Verifier();
  const { hash, signature } = crafted(7n, 5n, 11n);
  const all = Array.from({ length: 9 }, () => keyOf(7n));
  expect(all.map((key) => small.accepts(key, hash, signature))).toEqual([...Array(8).fill(true), false]);
});

test('a signature is answered alike before and after its key has had many', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = parsePublicKey(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  const data = new TextEncoder().encode('data');
  const good = new Uint8Array(sign('sha384', data, privateKey));
  const old = new Uint8Array(sign('sha256', data, privateKey));
  for (let times = 0; times < 2 * oftenChecked; times++) {
    expect(verifySignature(key, data, good)).toBe('ecdsa-sha384');
    expect(verifySignature(key, data, old)).toBe('ecdsa-sha256');
    expect(verifySignature(key, data, old, ['ecdsa-sha384'])).toBeNull();
    expect(verifySignature(key, data.with(0, 1), good)).toBeNull();
    expect(verifySignature(key, data, good.with(20, good[20]! ^ 1))).toBeNull();
  }
});
