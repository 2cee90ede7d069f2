import { contextTag, type DerReader, readDer, tags } from '../der/reader.ts';
import { equalBytes, toHex } from '../encoding/bytes.ts';
import { cryptoErrors } from '../errors.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { readTime } from './time.ts';

export interface CertificateExtension {
  readonly critical: boolean;
  /** Content of the OCTET STRING, DER. */
  readonly value: Uint8Array;
}

/** An X.509 certificate (RFC 5280 §4.1), read but not verified. */
export interface Certificate {
  readonly der: Uint8Array;
  /** The part that is signed. */
  readonly toBeSigned: Uint8Array;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** Names as DER: they are compared byte for byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** First and last moment of validity (closed interval). */
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly publicKey: PublicKey;
  /** By OID; no OID stands twice. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** OID of the algorithm the issuer signed with. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

const maxCertificateBytes = 64 * 1024;
const maxExtensions = 64;

/**
 * Reads one certificate: version 3, strict DER, nothing after it, the same algorithm inside and outside of the signed
 * part, no extension twice, a key that `parsePublicKey` accepts.
 *
 * @throws CERTIFICATE_INVALID, DER_INVALID, KEY_UNSUPPORTED, KEY_INVALID
 */
export function parseCertificate(input: Uint8Array): Certificate {
  if (input.byteLength > maxCertificateBytes) throw invalid(`it is larger than ${maxCertificateBytes} bytes`);
  const der = new Uint8Array(input);
  const certificate = readDer(der);
  const toBeSigned = certificate.element(tags.sequence).bytes;
  const algorithm = certificate.element(tags.sequence).bytes;
  const signature = certificate.bitString();
  certificate.end();

  const body = readDer(toBeSigned);
  const version = body.nested(contextTag(0, true));
  if (version.smallInteger() !== 2) throw invalid('it is not version 3');
  version.end();
  const serial = body.positiveInteger();
  if (serial.byteLength > 20) throw invalid('its serial number is longer than 20 bytes');
  if (!equalBytes(body.element(tags.sequence).bytes, algorithm)) {
    throw invalid('it names another signature algorithm inside than outside');
  }
  const issuer = body.element(tags.sequence).bytes;
  const validity = body.nested();
  const validFrom = readValidity(validity);
  const validUntil = readValidity(validity);
  validity.end();
  const subject = body.element(tags.sequence).bytes;
  const publicKey = parsePublicKey(body.element(tags.sequence).bytes);
  const extensions = readExtensions(body.optionalNested(contextTag(3, true)));
  body.end();
  return {
    der,
    toBeSigned,
    serialNumber: toHex(serial),
    issuer,
    subject,
    validFrom,
    validUntil,
    publicKey,
    extensions,
    signatureAlgorithm: readDer(algorithm).oid(),
    signature,
  };
}

function readExtensions(outer: DerReader | undefined): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  if (outer === undefined) return extensions;
  const list = outer.nested();
  outer.end();
  while (!list.done) {
    const extension = list.nested();
    const oid = extension.oid();
    const critical = extension.peek() === tags.boolean && extension.boolean();
    const value = extension.octetString();
    extension.end();
    if (extensions.has(oid)) throw invalid(`it has the extension ${oid} twice`);
    if (extensions.size >= maxExtensions) throw invalid(`it has more than ${maxExtensions} extensions`);
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

function readValidity(reader: DerReader): Date {
  const time = readTime(reader);
  if (time === null) throw invalid('it has a time that is malformed or does not exist');
  return time;
}

function invalid(message: string) {
  return cryptoErrors.error('CERTIFICATE_INVALID', { message: `the certificate cannot be used: ${message}` });
}
