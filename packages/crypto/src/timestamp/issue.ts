import { createHash } from 'node:crypto';
import { tags } from '../der/reader.ts';
import {
  encodeDer,
  explicit,
  generalizedTime,
  objectIdentifier,
  octetString,
  sequence,
  set,
  unsignedInteger,
} from '../der/writer.ts';
import type { Signer } from '../keys/signer.ts';
import type { Certificate } from '../x509/certificate.ts';
import { newSerialNumber, signatureAlgorithm } from '../x509/issue.ts';
import { oids } from '../x509/oids.ts';
import type { TimestampRequest } from './request.ts';

/** Who signs timestamps, and under which policy. */
export interface TimestampIssuer {
  readonly key: Signer;
  /** Its certificate, with timeStamping as its one, critical purpose. */
  readonly certificate: Certificate;
  /** OID of the policy that timestamps are made under. */
  readonly policy: string;
}

/**
 * A TimeStampResp that grants `request` (RFC 3161 §2.4.2), with the time to the second. The key is ECDSA or RSA. Throws
 * what the signer throws.
 */
export async function issueTimestamp(
  request: TimestampRequest,
  issuer: TimestampIssuer,
  time: Date,
): Promise<Uint8Array> {
  const { certificate, key } = issuer;
  const info = sequence(
    integer(1),
    objectIdentifier(issuer.policy),
    request.messageImprint ??
      sequence(sequence(objectIdentifier(oids[request.hash])), octetString(request.imprint)),
    unsignedInteger(newSerialNumber()),
    generalizedTime(time),
    ...(request.nonce === null ? [] : [encodeDer(tags.integer, request.nonce)]),
  );
  const attributes = setOf(
    attribute(oids.contentType, objectIdentifier(oids.timestampInfo)),
    attribute(oids.messageDigest, octetString(sha256(info))),
    // ESSCertIDv2 with its default algorithm, SHA-256 (RFC 5816).
    attribute(oids.signingCertificateV2, sequence(sequence(sequence(octetString(sha256(certificate.der)))))),
  );
  const algorithm = sequence(objectIdentifier(oids.sha256));
  const signerInfo = sequence(
    integer(1),
    sequence(certificate.issuer, unsignedInteger(Buffer.from(certificate.serialNumber, 'hex'))),
    algorithm,
    explicit(0, ...attributes),
    signatureAlgorithm(key),
    // Signed as the SET they are, stored under an implicit tag (RFC 5652 §5.4).
    octetString(await key.sign(set(...attributes))),
  );
  const signedData = sequence(
    integer(3),
    set(algorithm),
    sequence(objectIdentifier(oids.timestampInfo), explicit(0, octetString(info))),
    ...(request.certificates ? [explicit(0, certificate.der)] : []),
    set(signerInfo),
  );
  return sequence(sequence(integer(0)), sequence(objectIdentifier(oids.signedData), explicit(0, signedData)));
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), set(value));
}

/** The elements of a SET OF in the order DER wants (X.690 §11.6). */
function setOf(...items: readonly Uint8Array[]): Uint8Array[] {
  return items.toSorted((a, b) => Buffer.compare(a, b));
}

function integer(value: number): Uint8Array {
  return unsignedInteger(Uint8Array.of(value));
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
