import type { JsonObject } from '@pratique/crypto';
import {
  bytes,
  checkEntryDigest,
  checkEntryKey,
  checkEntrySignature,
  checkForm,
  invalidEntry,
  object,
  text,
} from './entry-body.ts';
import type { SignedContent } from './signed-content.ts';

/**
 * Binds a Rekor v1 `dsse` 0.0.1 entry to an envelope: hash of the payload, the one signature and its key. The
 * envelope's own hash is of bytes that no longer exist once it is in a bundle, and is not needed: payload and
 * signature together determine what was signed.
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID
 */
export function checkDsse(spec: JsonObject, content: SignedContent): void {
  checkForm('dsse', 'envelope', content);
  const signature = onlySignature(spec);
  checkEntrySignature(bytes(signature.signature, 'the entry’s signature'), content);
  checkEntryKey(signature.verifier, content);
  checkPayloadHash(spec, content);
}

/**
 * The same for an `intoto` 0.0.2 entry, the kind that came before. It holds the signature in base64 twice over.
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID, ENCODING_INVALID
 */
export function checkIntoto(spec: JsonObject, content: SignedContent): void {
  checkForm('intoto', 'envelope', content);
  const logged = object(spec.content, 'content');
  const signature = onlySignature(object(logged.envelope, 'envelope'));
  const encoded = new TextDecoder().decode(bytes(signature.sig, 'the entry’s signature'));
  checkEntrySignature(bytes(encoded, 'the entry’s signature'), content);
  checkEntryKey(signature.publicKey, content);
  checkPayloadHash(logged, content);
}

/**
 * The same for an `intoto` 0.0.1 entry, as Cosign 1 and 2 log attestations. The signature is not in it, but the hash of the
 * whole envelope is: only where that is known as it was written can it be bound. Old entries have no hash of the payload.
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID, ENCODING_INVALID
 */
export function checkFirstIntoto(spec: JsonObject, content: SignedContent): void {
  checkForm('intoto', 'envelope', content);
  const logged = object(spec.content, 'content');
  const hash = object(logged.hash, 'hash');
  const value = text(hash.value, 'the envelope’s hash');
  checkEntryDigest(value, text(hash.algorithm, 'the hash’s algorithm'), content.envelopeDigest);
  checkEntryKey(spec.publicKey, content);
  if (logged.payloadHash !== undefined) checkPayloadHash(logged, content);
}

function onlySignature(parent: JsonObject): JsonObject {
  if (!Array.isArray(parent.signatures) || parent.signatures.length !== 1) {
    throw invalidEntry('it must list exactly one signature');
  }
  return object(parent.signatures[0], 'a signature');
}

function checkPayloadHash(parent: JsonObject, content: SignedContent): void {
  const hash = object(parent.payloadHash, 'payloadHash');
  const value = text(hash.value, 'the payload’s hash');
  checkEntryDigest(value, text(hash.algorithm, 'the hash’s algorithm'), content.digest);
}
