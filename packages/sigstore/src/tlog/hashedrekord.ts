import { type JsonObject, toHex } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import {
  bytes,
  checkEntryCertificate,
  checkEntryDigest,
  checkEntryKey,
  checkEntryPublicKey,
  checkEntrySignature,
  checkForm,
  invalidEntry,
  object,
  text,
} from './entry-body.ts';
import type { SignedContent } from './signed-content.ts';

/**
 * Binds a Rekor v1 `hashedrekord` 0.0.1 entry to a signature: digest of the message, signature bytes and key or
 * certificate must all be the ones logged (CVE-2022-23649, CVE-2026-22703: an entry for anything else proves nothing).
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID
 */
export function checkHashedRekord(spec: JsonObject, content: SignedContent): void {
  checkForm('hashedrekord', 'message', content);
  const signature = object(spec.signature, 'signature');
  checkEntrySignature(bytes(signature.content, 'the entry’s signature'), content);
  checkEntryKey(object(signature.publicKey, 'publicKey').content, content);
  const hash = object(object(spec.data, 'data').hash, 'hash');
  checkEntryDigest(
    text(hash.value, 'the hash’s value'),
    text(hash.algorithm, 'the hash’s algorithm'),
    content.digest,
  );
}

/** Hash algorithms by their names in protobuf-specs. */
const algorithms: Readonly<Record<string, string>> = {
  SHA2_256: 'sha256',
  SHA2_384: 'sha384',
  SHA2_512: 'sha512',
};

/**
 * Binds a Rekor v2 `hashedrekord` 0.0.2 entry to a signature. Everything is logged under this kind: a DSSE envelope as
 * the hash of its pre-authentication encoding, which is what was signed.
 *
 * @throws LOG_ENTRY_MISMATCH, LOG_ENTRY_INVALID
 */
export function checkHashedRekordV2(spec: JsonObject, content: SignedContent): void {
  const record = object(spec.hashedRekordV002, 'hashedRekordV002');
  const signature = object(record.signature, 'signature');
  checkEntrySignature(bytes(signature.content, 'the entry’s signature'), content);
  const verifier = object(signature.verifier, 'verifier');
  const { x509Certificate: certificate = null, publicKey = null } = verifier;
  if ((certificate === null) === (publicKey === null))
    throw invalidEntry('it must name either a certificate or a key');
  if (certificate !== null) {
    const { rawBytes } = object(certificate, 'x509Certificate');
    checkEntryCertificate(bytes(rawBytes, 'the entry’s certificate'), content);
  } else {
    checkEntryPublicKey(bytes(object(publicKey, 'publicKey').rawBytes, 'the entry’s key'), content);
  }
  const data = object(record.data, 'data');
  const name = text(data.algorithm, 'the hash’s algorithm');
  const algorithm = Object.hasOwn(algorithms, name) ? algorithms[name]! : printable(name);
  checkEntryDigest(toHex(bytes(data.digest, 'the hash')), algorithm, content.signedDigest);
}
