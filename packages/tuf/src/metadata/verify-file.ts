import { createHash } from 'node:crypto';
import { printable } from '@pratique/errors';
import { tufErrors } from '../errors.ts';
import type { FileInfo } from './types.ts';

/**
 * Checks that bytes are the file that signed metadata names: its length and every hash that is given.
 *
 * @throws TUF_MISMATCH
 */
export function verifyFile(bytes: Uint8Array, { length, hashes }: FileInfo, name: string): void {
  if (length !== undefined && bytes.byteLength !== length) {
    throw mismatch(name, `${length} bytes`, `${bytes.byteLength} bytes`);
  }
  for (const [algorithm, expected] of hashes) {
    const found = createHash(algorithm).update(bytes).digest('hex');
    if (found !== expected) throw mismatch(name, `${algorithm}:${expected}`, `${algorithm}:${found}`);
  }
}

export function mismatch(name: string, expected: string, found: string) {
  return tufErrors.error('TUF_MISMATCH', {
    message: `${printable(name)} is not the file that the repository’s metadata names`,
    expected,
    found,
  });
}
