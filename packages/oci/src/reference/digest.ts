import { createHash, hash } from 'node:crypto';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import type { Digest } from '../types.ts';

/** The registered algorithms of image-spec §Digests that we accept. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether `text` is a digest in canonical form: registered algorithm, lower-case hexadecimal, full length. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/**
 * Parses a digest (image-spec §Digests). Only sha256 and sha512 in lower case are accepted: every other spelling
 * would be a second name for the same content.
 *
 * @throws OCI_DIGEST_INVALID
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw ociErrors.error('OCI_DIGEST_INVALID', {
    message: `not a digest: "${printable(text)}"`,
    expected: 'sha256:<64 hex> or sha512:<128 hex>, lower case',
    found: printable(text),
  });
}

/** The algorithm part of a digest. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The hexadecimal part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(7);
}

/** The digest of `bytes`; sha256 unless told otherwise. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`;
}

/** Computes a digest over chunks. */
export interface Digester {
  update(chunk: Uint8Array): void;
  /** Ends the computation; call once. */
  digest(): Digest;
}

/** Starts a digest computation over chunks. */
export function createDigester(algorithm: DigestAlgorithm = 'sha256'): Digester {
  const state = createHash(algorithm);
  return {
    update: (chunk) => void state.update(chunk),
    digest: () => `${algorithm}:${state.digest('hex')}`,
  };
}
