import { createHash } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import {
  checkEntryKey,
  checkEntrySignature,
  invalidEntry,
  mismatch,
  object,
  type SignedContent,
  text,
} from './entry-body.ts';

/**
 * Binds a Rekor v1 `dsse` 0.0.1 entry to an envelope: hash of the payload, the one signature and its key. The
 * envelope's own hash is of bytes that no longer exist once it is in a bundle, and is not needed: payload and
 * signature together determine what was signed.
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID
 */
export function checkDsse(spec: JsonObject, content: SignedContent): void {
  if (!Array.isArray(spec.signatures) || spec.signatures.length !== 1) {
    throw invalidEntry('it must list exactly one signature');
  }
  const signature = object(spec.signatures[0], 'a signature');
  checkEntrySignature(signature.signature, content.signature);
  checkEntryKey(signature.verifier, content.key);
  const hash = object(spec.payloadHash, 'payloadHash');
  const digest = createHash('sha256').update(content.payload).digest('hex');
  if (hash.algorithm !== 'sha256' || hash.value !== digest) {
    throw mismatch('payload', digest, printable(text(hash.value, 'the payload’s hash')));
  }
}
