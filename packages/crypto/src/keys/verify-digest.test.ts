import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HashAlgorithm } from '../encoding/digest.ts';
import { type KeyAlgorithm, parsePublicKey } from './public-key.ts';
import { generateSigningKey } from './signing-key.ts';
import { verifySignature } from './verify.ts';
import { verifyDigestSignature } from './verify-digest.ts';

const data = new TextEncoder().encode('release 1.0');
const digest = (algorithm: HashAlgorithm) => new Uint8Array(createHash(algorithm).update(data).digest());
const hashes: Readonly<Record<Exclude<KeyAlgorithm, 'ed25519'>, HashAlgorithm>> = {
  'ecdsa-p256': 'sha256',
  'ecdsa-p384': 'sha384',
  'ecdsa-p521': 'sha512',
  rsa: 'sha256',
};

describe.each(Object.entries(hashes) as [KeyAlgorithm, HashAlgorithm][])(
  'a signature by %s',
  (name, hash) => {
    const key = generateSigningKey(name);
    const signature = key.sign(data);

    test('verifies from the digest as it does from the data', () => {
      expect(verifyDigestSignature(key.publicKey, hash, digest(hash), signature)).toBe(
        verifySignature(key.publicKey, data, signature),
      );
    });

    test('verifies for no other digest, hash, key or signature', () => {
      const { publicKey } = key;
      const wrong = digest(hash);
      wrong[0] = wrong[0]! ^ 1;
      const other = hash === 'sha256' ? 'sha512' : 'sha256';
      expect([
        verifyDigestSignature(publicKey, hash, wrong, signature),
        verifyDigestSignature(publicKey, other, digest(other), signature),
        verifyDigestSignature(publicKey, hash, digest(hash).subarray(1), signature),
        verifyDigestSignature(publicKey, hash, new Uint8Array(), signature),
        verifyDigestSignature(generateSigningKey(name).publicKey, hash, digest(hash), signature),
        verifyDigestSignature(publicKey, hash, digest(hash), Uint8Array.of(0, ...signature)),
        verifyDigestSignature(publicKey, hash, digest(hash), signature.subarray(1)),
        verifyDigestSignature(publicKey, hash, digest(hash), new Uint8Array()),
      ]).toEqual(Array.from({ length: 8 }, () => null));
    });

    test('never verifies damaged, and never throws', () => {
      fc.assert(
        fc.property(fc.nat(signature.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
          const damaged = signature.with(index, signature[index]! ^ mask);
          expect(verifyDigestSignature(key.publicKey, hash, digest(hash), damaged)).toBeNull();
        }),
        { numRuns: 20 },
      );
    });
  },
);

test('Ed25519ph verifies from the SHA-512, and for no other digest, hash, key or signature', () => {
  const key = generateSigningKey('ed25519');
  const { publicKey } = key;
  const signature = key.signPrehashed!(data);
  expect(verifySignature(publicKey, data, signature)).toBe('ed25519ph');
  expect(verifyDigestSignature(publicKey, 'sha512', digest('sha512'), signature)).toBe('ed25519ph');
  const wrong = digest('sha512');
  wrong[0] = wrong[0]! ^ 1;
  expect([
    verifyDigestSignature(publicKey, 'sha512', wrong, signature),
    verifyDigestSignature(publicKey, 'sha256', digest('sha256'), signature),
    verifyDigestSignature(publicKey, 'sha512', digest('sha256'), signature),
    verifyDigestSignature(generateSigningKey('ed25519').publicKey, 'sha512', digest('sha512'), signature),
    verifyDigestSignature(publicKey, 'sha512', digest('sha512'), signature.subarray(1)),
    verifyDigestSignature(publicKey, 'sha512', digest('sha512'), new Uint8Array()),
    // A plain signature over the digest is no pre-hashed one.
    verifyDigestSignature(publicKey, 'sha512', digest('sha512'), key.sign(digest('sha512'))),
  ]).toEqual(Array.from({ length: 7 }, () => null));
  fc.assert(
    fc.property(fc.nat(63), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      const damaged = signature.with(index, signature[index]! ^ mask);
      expect(verifyDigestSignature(publicKey, 'sha512', digest('sha512'), damaged)).toBeNull();
    }),
    { numRuns: 20 },
  );
});

test('RFC 8032 §7.3: Ed25519ph of “abc”', () => {
  const point = 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf';
  const key = parsePublicKey(Buffer.from(`302a300506032b6570032100${point}`, 'hex'));
  const signature = Buffer.from(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
    'hex',
  );
  const hash = createHash('sha512').update('abc').digest();
  expect(verifyDigestSignature(key, 'sha512', hash, signature)).toBe('ed25519ph');
});

test('a plain Ed25519 signature cannot be verified from a digest', () => {
  const key = generateSigningKey('ed25519');
  expect(verifyDigestSignature(key.publicKey, 'sha512', digest('sha512'), key.sign(data))).toBeNull();
});
