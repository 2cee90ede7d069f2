import { createHash } from 'node:crypto';
import { printable } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';
import type { FileInfo } from './types.ts';

/**
 * Checks that bytes are the file that signed metadata names: its length and every hash.
 *
 * @throws NOTARY_MISMATCH
 */
export function verifyFile(bytes: Uint8Array, info: FileInfo, name: string): void {
  if (bytes.byteLength !== info.length)
    throw mismatch(name, `${info.length} bytes`, `${bytes.byteLength} bytes`);
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const expected = info[algorithm];
    if (expected === undefined) continue;
    const found = createHash(algorithm).update(bytes).digest('hex');
    if (found !== expected) throw mismatch(name, `${algorithm}:${expected}`, `${algorithm}:${found}`);
  }
}

export function mismatch(name: string, expected: string, found: string) {
  return notaryErrors.error('NOTARY_MISMATCH', {
    message: `${printable(name)} is not the file that the trust data names`,
    expected,
    found,
  });
}
