import { constants, verify } from 'node:crypto';
import { digest, type HashAlgorithm } from '../encoding/digest.ts';
import { acceptsOften } from '../p384/verify.ts';
import { verifyEd25519ph } from './ed25519.ts';
import type { KeyAlgorithm, PublicKey } from './public-key.ts';

export type SignatureScheme =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'rsa-pkcs1v15-sha256'
  | 'rsa-pkcs1v15-sha384'
  | 'rsa-pkcs1v15-sha512'
  | 'rsa-pss-sha256'
  | 'rsa-pss-sha384'
  | 'rsa-pss-sha512'
  | 'ed25519'
  | 'ed25519ph';

/**
 * The schemes a key of this algorithm signs with in Sigstore, first the one of the algorithm registry. The second one
 * of P-384 and P-521 is what Cosign used for every curve before version 3 and still uses in `cosign verify`;
 * Ed25519ph is what Cosign signs with. RSA-PSS is never tried unless asked for by name.
 */
export const defaultSchemes: Readonly<
  Record<KeyAlgorithm, readonly [SignatureScheme, ...SignatureScheme[]]>
> = {
  'ecdsa-p256': ['ecdsa-sha256'],
  'ecdsa-p384': ['ecdsa-sha384', 'ecdsa-sha256'],
  'ecdsa-p521': ['ecdsa-sha512', 'ecdsa-sha256'],
  rsa: ['rsa-pkcs1v15-sha256'],
  ed25519: ['ed25519', 'ed25519ph'],
};

/** The hash a key signs with by default. For Ed25519, which hashes by itself, what its messages are named by. */
export function signatureHash({ algorithm }: PublicKey): HashAlgorithm {
  const [scheme] = defaultSchemes[algorithm];
  return scheme === 'ed25519' ? 'sha256' : (scheme.slice(-6) as HashAlgorithm);
}

/**
 * Verifies `signature` over `data` and returns the scheme under which it is valid, or null.
 *
 * ECDSA signatures are strict DER `SEQUENCE { r, s }` with both numbers positive (OpenSSL refuses anything else, and
 * the tests hold it to that). Both values of s are accepted, as Cosign writes either: two different signature byte strings can therefore come from one act of signing, so never
 * count signatures, count keys.
 *
 * Pure; never throws for hostile input.
 */
export function verifySignature(
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  schemes: readonly SignatureScheme[] = defaultSchemes[key.algorithm],
): SignatureScheme | null {
  return schemes.find((scheme) => verifyWith(key, data, signature, scheme)) ?? null;
}

function verifyWith(
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  scheme: SignatureScheme,
): boolean {
  if (scheme === 'ed25519ph') {
    return (
      key.algorithm === 'ed25519' &&
      verifyEd25519ph(key.spki.subarray(-32), digest('sha512', data), signature)
    );
  }
  if (scheme === 'ed25519') {
    return (
      key.algorithm === 'ed25519' &&
      signature.byteLength === 64 &&
      verify(null, data, key.keyObject, signature)
    );
  }
  const hash = scheme.slice(-6) as HashAlgorithm;
  // The key by itself, where the defaults are what is meant (DER, PKCS #1 v1.5): in an object with options it costs a
  // fifth of a P-256 verification more.
  if (scheme.startsWith('ecdsa-')) {
    if (!key.algorithm.startsWith('ecdsa-')) return false;
    if (key.algorithm === 'ecdsa-p384' && acceptsOften(key, hash, data, signature)) return true;
    return verify(hash, data, key.keyObject, signature);
  }
  if (key.algorithm !== 'rsa') return false;
  if (!scheme.startsWith('rsa-pss-')) return verify(hash, data, key.keyObject, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return verify(hash, data, { key: key.keyObject, padding, saltLength }, signature);
}
