import { createHash } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import {
  checkEntryKey,
  checkEntrySignature,
  mismatch,
  object,
  type SignedContent,
  text,
} from './entry-body.ts';

const algorithms = ['sha256', 'sha384', 'sha512'];

/**
 * Binds a Rekor v1 `hashedrekord` 0.0.1 entry to a signature: digest of the payload, signature bytes and key must all
 * be the ones logged (CVE-2022-23649, CVE-2026-22703: an entry for anything else proves nothing).
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID
 */
export function checkHashedRekord(spec: JsonObject, content: SignedContent): void {
  const signature = object(spec.signature, 'signature');
  checkEntrySignature(signature.content, content.signature);
  checkEntryKey(object(signature.publicKey, 'publicKey').content, content.key);
  const hash = object(object(spec.data, 'data').hash, 'hash');
  const algorithm = text(hash.algorithm, 'the hash’s algorithm');
  const digest = algorithms.includes(algorithm)
    ? createHash(algorithm).update(content.payload).digest('hex')
    : 'a known algorithm';
  if (digest !== hash.value)
    throw mismatch('payload', digest, printable(text(hash.value, 'the hash’s value')));
}
