import { createHash } from 'node:crypto';
import { readDer, tags } from '../der/reader.ts';
import { objectIdentifier, octetString, sequence, trueBoolean, unsignedInteger } from '../der/writer.ts';
import { toHex } from '../encoding/bytes.ts';
import type { HashAlgorithm } from '../encoding/digest.ts';
import { cryptoErrors } from '../errors.ts';
import { oids } from '../x509/oids.ts';

/** A TimeStampReq (RFC 3161 §2.4.1), decoded. */
export interface TimestampRequest {
  readonly hash: HashAlgorithm;
  readonly imprint: Uint8Array;
  /** DER of both, as it must come back where it was given: some write NULL behind the hash, and compare it. */
  readonly messageImprint?: Uint8Array;
  /** OID of the policy asked for. */
  readonly policy: string | null;
  /** Big-endian INTEGER content, as it must come back. */
  readonly nonce: Uint8Array | null;
  /** True when the answer is to carry the authority's certificate. */
  readonly certificates: boolean;
}

const hashes: ReadonlyMap<string, { readonly name: HashAlgorithm; readonly bytes: number }> = new Map([
  [oids.sha256, { name: 'sha256', bytes: 32 }],
  [oids.sha384, { name: 'sha384', bytes: 48 }],
  [oids.sha512, { name: 'sha512', bytes: 64 }],
]);

const maxRequestBytes = 4096;
const maxNonceBytes = 32;

/**
 * Reads a timestamp request: version 1, SHA-256, SHA-384 or SHA-512 of the right length, no extensions (none is
 * defined that could be honoured). At most 4 KiB.
 *
 * @throws TIMESTAMP_UNREADABLE, DER_INVALID
 */
export function parseTimestampRequest(bytes: Uint8Array): TimestampRequest {
  if (bytes.byteLength > maxRequestBytes) throw invalid('it is too large');
  const request = readDer(bytes);
  if (request.smallInteger() !== 1) throw invalid('it is not version 1');
  const { bytes: messageImprint } = request.element(tags.sequence);
  const imprint = readDer(messageImprint);
  const algorithm = imprint.nested();
  const hash = hashes.get(algorithm.oid());
  if (!algorithm.done) algorithm.null();
  algorithm.end();
  if (hash === undefined) throw invalid('its hash is not SHA-256, SHA-384 or SHA-512');
  const digest = imprint.element(tags.octetString).content;
  imprint.end();
  if (digest.byteLength !== hash.bytes) throw invalid('its hash has a wrong length');
  const policy = request.peek() === tags.oid ? request.oid() : null;
  const nonce = request.peek() === tags.integer ? request.element(tags.integer).content : null;
  if (nonce !== null && (nonce.byteLength === 0 || nonce.byteLength > maxNonceBytes)) {
    throw invalid('its nonce has a wrong length');
  }
  let certificates = false;
  if (request.peek() === tags.boolean) {
    const value = toHex(request.element(tags.boolean).content);
    // A default is not written in DER, but OpenSSL's clients do write it.
    if (value !== 'ff' && value !== '00') throw invalid('certReq is not a boolean');
    certificates = value === 'ff';
  }
  if (!request.done) throw invalid('it has extensions');
  return { hash: hash.name, imprint: digest, messageImprint, policy, nonce, certificates };
}

/** A TimeStampReq for `data` by its SHA-256, with the authority's certificate in the answer: DER. */
export function formatTimestampRequest(data: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(data).digest();
  return sequence(
    unsignedInteger(Uint8Array.of(1)),
    sequence(sequence(objectIdentifier(oids.sha256)), octetString(digest)),
    trueBoolean(),
  );
}

function invalid(message: string) {
  return cryptoErrors.error('TIMESTAMP_UNREADABLE', {
    message: `the timestamp request cannot be used: ${message}`,
  });
}
