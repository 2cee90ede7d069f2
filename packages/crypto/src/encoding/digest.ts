import { hash } from 'node:crypto';

export type HashAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** The hash of `bytes`, in one step: an object that takes more of them costs as much again as hashing a short text. */
export function digest(algorithm: HashAlgorithm | 'sha1', bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = hash(algorithm, bytes, 'buffer');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
