import { constants, publicDecrypt } from 'node:crypto';
import { createRequire } from 'node:module';
import { objectIdentifier, octetString, sequence } from '../der/writer.ts';
import { equalBytes } from '../encoding/bytes.ts';
import type { HashAlgorithm } from '../encoding/digest.ts';
import { oids } from '../x509/oids.ts';
import { verifyEd25519ph } from './ed25519.ts';
import type { PublicKey } from './public-key.ts';
import type { SignatureScheme } from './verify.ts';

/** Bytes of a digest. */
const lengths: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/**
 * Verifies a signature over data of which only the digest is known, and returns the scheme under which it is valid, or
 * null. The digest's algorithm is the scheme's: what was signed with SHA-384 cannot be verified from a SHA-256.
 * ECDSA, RSA PKCS #1 v1.5, and Ed25519ph over a SHA-512; a plain Ed25519 signature is over the data itself, and needs it.
 *
 * Pure; never throws for hostile input.
 */
export function verifyDigestSignature(
  key: PublicKey,
  algorithm: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): SignatureScheme | null {
  if (digest.byteLength !== lengths[algorithm]) return null;
  switch (key.algorithm) {
    case 'ecdsa-p256':
    case 'ecdsa-p384':
    case 'ecdsa-p521':
      return verifyEcdsa(key, digest, signature) ? `ecdsa-${algorithm}` : null;
    case 'rsa':
      return verifyRsa(key, algorithm, digest, signature) ? `rsa-pkcs1v15-${algorithm}` : null;
    case 'ed25519':
      return algorithm === 'sha512' && verifyEd25519ph(key.spki.subarray(-32), digest, signature)
        ? 'ed25519ph'
        : null;
  }
}

/** Node hashes what it verifies. The library that does not takes 30 ms to load, and is, when first needed. */
let curves: typeof import('@noble/curves/nist.js') | undefined;

function verifyEcdsa(key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  curves ??= createRequire(import.meta.url)(
    '@noble/curves/nist.js',
  ) as typeof import('@noble/curves/nist.js');
  const { p256, p384, p521 } = curves;
  const curve = { 256: p256, 384: p384, 521: p521 }[key.bits];
  if (curve === undefined) return false;
  const point = key.spki.subarray(-(1 + 2 * Math.ceil(key.bits / 8)));
  try {
    return curve.verify(signature, digest, point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false;
  }
}

/** RFC 8017 §8.2.2, comparing the whole DigestInfo: nothing in it is parsed. */
function verifyRsa(
  key: PublicKey,
  algorithm: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.byteLength !== Math.ceil(key.bits / 8)) return false;
  const expected = sequence(
    sequence(objectIdentifier(oids[algorithm]), Uint8Array.of(5, 0)),
    octetString(digest),
  );
  try {
    const decrypted = publicDecrypt(
      { key: key.keyObject, padding: constants.RSA_PKCS1_PADDING },
      Buffer.from(signature),
    );
    return equalBytes(decrypted, expected);
  } catch {
    return false;
  }
}
