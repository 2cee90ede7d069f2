import { derWriter, type PublicKey, type SignatureScheme, verifySignature } from '@pratique/crypto';
import { notationErrors } from '../errors.ts';

/** Names of JOSE (RFC 7518). */
export type Algorithm = 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

interface AlgorithmInfo {
  readonly scheme: SignatureScheme;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Its number in COSE (RFC 9053). */
  readonly cose: number;
  /** Bytes of r, and of s; null for RSA. */
  readonly half: number | null;
}

export const algorithms: Readonly<Record<Algorithm, AlgorithmInfo>> = {
  PS256: { scheme: 'rsa-pss-sha256', hash: 'sha256', cose: -37, half: null },
  PS384: { scheme: 'rsa-pss-sha384', hash: 'sha384', cose: -38, half: null },
  PS512: { scheme: 'rsa-pss-sha512', hash: 'sha512', cose: -39, half: null },
  ES256: { scheme: 'ecdsa-sha256', hash: 'sha256', cose: -7, half: 32 },
  ES384: { scheme: 'ecdsa-sha384', hash: 'sha384', cose: -35, half: 48 },
  ES512: { scheme: 'ecdsa-sha512', hash: 'sha512', cose: -36, half: 66 },
};

/**
 * The one algorithm that a key signs with (signature-specification.md, "Algorithm Selection"); null for a key that signs
 * nothing.
 */
export function algorithmOf({ algorithm, bits }: PublicKey): Algorithm | null {
  switch (algorithm) {
    case 'rsa':
      return bits === 2048 ? 'PS256' : bits === 3072 ? 'PS384' : bits === 4096 ? 'PS512' : null;
    case 'ecdsa-p256':
      return 'ES256';
    case 'ecdsa-p384':
      return 'ES384';
    case 'ecdsa-p521':
      return 'ES512';
    case 'ed25519':
      return null;
  }
}

/** Whether `key` made this signature of JOSE or COSE over `signed`. Pure; never throws for hostile input. */
export function isSignatureOf(
  key: PublicKey,
  algorithm: Algorithm,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { scheme, half } = algorithms[algorithm];
  if (half === null) return verifySignature(key, signed, signature, [scheme]) !== null;
  if (signature.byteLength !== 2 * half) return false;
  const number = (from: number) => derWriter.unsignedInteger(signature.subarray(from, from + half));
  return verifySignature(key, signed, derWriter.sequence(number(0), number(half)), [scheme]) !== null;
}

/** The algorithm of a key, where it may sign. @throws NOTATION_CHAIN_INVALID */
export function requireAlgorithm(key: PublicKey): Algorithm {
  const algorithm = algorithmOf(key);
  if (algorithm !== null) return algorithm;
  throw notationErrors.error('NOTATION_CHAIN_INVALID', {
    message: 'the key of the signing certificate is of a kind that does not sign',
    expected: 'RSA of 2048, 3072 or 4096 bits, or ECDSA P-256, P-384 or P-521',
    found: `${key.algorithm}, ${key.bits} bits`,
  });
}
