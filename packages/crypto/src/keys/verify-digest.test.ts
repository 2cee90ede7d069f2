import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyAlgorithm } from './public-key.ts';
import { generateSigningKey } from './signing-key.ts';
import { verifySignature } from './verify.ts';
import { type HashAlgorithm, verifyDigestSignature } from './verify-digest.ts';

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

test('an Ed25519 signature cannot be verified from a digest', () => {
  const key = generateSigningKey('ed25519');
  expect(verifyDigestSignature(key.publicKey, 'sha512', digest('sha512'), key.sign(data))).toBeNull();
});
