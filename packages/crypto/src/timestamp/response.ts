import { PratiqueError } from '@pratique/errors';
import { contextTag, DerReader, readDer, tags } from '../der/reader.ts';
import { equalBytes, toHex } from '../encoding/bytes.ts';
import { cryptoErrors } from '../errors.ts';
import { oids } from '../x509/oids.ts';
import { readPreciseTime } from '../x509/time.ts';
import { type HashName, hashName, readSignerInfo, type SignerInfo } from './signer-info.ts';

/** A signed timestamp (RFC 3161), read but not verified. */
export interface TimestampToken {
  readonly time: Date;
  /** How far from `time` it may have been, either way, in milliseconds; 0 where the authority does not say. */
  readonly accuracyMs: number;
  /** Hash of what was stamped. */
  readonly imprint: { readonly algorithm: HashName; readonly digest: Uint8Array };
  /** OID of the policy it was made under. */
  readonly policy: string;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** DER of TSTInfo: what the signed attributes hash. */
  readonly content: Uint8Array;
  readonly signer: SignerInfo;
  /** DER of the certificates that came along. They prove nothing. */
  readonly certificates: readonly Uint8Array[];
}

const maxBytes = 64 * 1024;
const maxCertificates = 16;

/**
 * Reads a TimeStampResp that grants a timestamp (RFC 3161 §2.4.2): CMS SignedData (RFC 5652 §5.1) of exactly one
 * signer over a TSTInfo, in DER. At most 64 KiB and 16 certificates. Imprints of SHA-1 are refused.
 *
 * @throws TIMESTAMP_UNREADABLE
 */
export function parseTimestampResponse(bytes: Uint8Array): TimestampToken {
  if (bytes.byteLength > maxBytes) throw unreadable(`it is larger than ${maxBytes} bytes`);
  try {
    const response = readDer(bytes);
    const status = response.nested().integer();
    // 0 granted, 1 granted with modifications.
    if (status.byteLength !== 1 || status[0]! > 1) throw unreadable('it says that no timestamp was granted');
    const token = response.nested();
    response.end();
    return readToken(token);
  } catch (error) {
    throw asUnreadable(error);
  }
}

/**
 * Reads the token by itself, without the response around it (RFC 3161 §2.4.2, TimeStampToken), under the same limits.
 *
 * @throws TIMESTAMP_UNREADABLE
 */
export function parseTimestampToken(bytes: Uint8Array): TimestampToken {
  if (bytes.byteLength > maxBytes) throw unreadable(`it is larger than ${maxBytes} bytes`);
  try {
    return readToken(readDer(bytes));
  } catch (error) {
    throw asUnreadable(error);
  }
}

/** The bytes of the token in a response that `parseTimestampResponse` takes. @throws TIMESTAMP_UNREADABLE */
export function tokenInResponse(bytes: Uint8Array): Uint8Array {
  parseTimestampResponse(bytes);
  const response = readDer(bytes);
  response.element();
  return response.element(tags.sequence).bytes;
}

function asUnreadable(error: unknown): unknown {
  if (!(error instanceof PratiqueError) || error.code === 'TIMESTAMP_UNREADABLE') return error;
  return unreadable(error.message);
}

/** ContentInfo and SignedData. */
function readToken(contentInfo: DerReader): TimestampToken {
  if (contentInfo.oid() !== oids.signedData) throw unreadable('it is not CMS signed data');
  const explicit = contentInfo.nested(contextTag(0, true));
  contentInfo.end();
  const signedData = explicit.nested();
  explicit.end();
  if (signedData.smallInteger() !== 3) throw unreadable('its signed data is not version 3');
  const algorithms = signedData.element(tags.set);
  const content = readContent(signedData.nested());
  const certificates = readCertificates(signedData.optionalNested(contextTag(0, true)));
  // Revocation lists are not looked at.
  signedData.optionalNested(contextTag(1, true));
  const signers = signedData.nested(tags.set);
  signedData.end();
  const signer = readSignerInfo(signers.nested());
  signers.end();
  if (!listsAlgorithm(algorithms.content, signer.digestAlgorithm))
    throw unreadable('its signer uses a hash that the message does not list');
  return { ...readInfo(content), content, signer, certificates };
}

function listsAlgorithm(set: Uint8Array, algorithm: HashName): boolean {
  const reader = new DerReader(set);
  while (!reader.done) if (hashName(reader.nested()) === algorithm) return true;
  return false;
}

function readContent(encapsulated: DerReader): Uint8Array {
  if (encapsulated.oid() !== oids.timestampInfo) throw unreadable('its content is not a timestamp');
  const explicit = encapsulated.nested(contextTag(0, true));
  encapsulated.end();
  const content = explicit.octetString();
  explicit.end();
  return content;
}

function readCertificates(set: DerReader | undefined): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  while (set !== undefined && !set.done) {
    if (certificates.length >= maxCertificates) throw unreadable(`more than ${maxCertificates} certificates`);
    const { tag, bytes } = set.element();
    // Other choices of CertificateChoices are obsolete or attribute certificates.
    if (tag === tags.sequence) certificates.push(bytes);
  }
  return certificates;
}

/** TSTInfo (RFC 3161 §2.4.2). */
function readInfo(
  content: Uint8Array,
): Pick<TimestampToken, 'time' | 'accuracyMs' | 'imprint' | 'policy' | 'serialNumber'> {
  const info = readDer(content);
  if (info.smallInteger() !== 1) throw unreadable('its version is not 1');
  const policy = info.oid();
  const messageImprint = info.nested();
  const algorithm = hashName(messageImprint.nested());
  const digest = messageImprint.octetString();
  messageImprint.end();
  if (algorithm === null) throw unreadable('its imprint is of a hash that is not accepted');
  const serialNumber = toHex(info.integer());
  const time = readPreciseTime(info);
  if (time === null) throw unreadable('its time is malformed or does not exist');
  const accuracyMs = info.peek() === tags.sequence ? readAccuracy(info.element().bytes) : 0;
  // ordering, nonce, tsa, extensions: optional, in this order, each at most once.
  for (const tag of [tags.boolean, tags.integer, contextTag(0, true), contextTag(1, true)]) {
    if (info.peek() !== tag) continue;
    if (tag === contextTag(1, true)) refuseCritical(info.nested(tag));
    else info.element(tag);
  }
  info.end();
  return { time, accuracyMs, imprint: { algorithm, digest }, policy, serialNumber };
}

/**
 * Milliseconds of an Accuracy: seconds, `[0]` milliseconds and `[1]` microseconds, each optional. Rounded up.
 *
 * @throws TIMESTAMP_UNREADABLE, DER_INVALID
 */
export function readAccuracy(der: Uint8Array): number {
  const accuracy = readDer(der);
  const seconds = accuracy.peek() === tags.integer ? accuracy.smallInteger() : 0;
  const [millis = 0, micros = 0] = [0, 1].map((number) => {
    const tag = contextTag(number, false);
    if (accuracy.peek() !== tag) return 0;
    const { content } = accuracy.element(tag);
    const value = content.reduce((sum, byte) => sum * 256 + byte, 0);
    if (content.byteLength > 2 || value < 1 || value > 999) throw unreadable('its accuracy is out of range');
    return value;
  });
  accuracy.end();
  return seconds * 1000 + millis + (micros > 0 ? 1 : 0);
}

/** No extension of a timestamp is known here, so a critical one must not be passed over. */
function refuseCritical(extensions: DerReader): void {
  while (!extensions.done) {
    const extension = extensions.nested();
    const oid = extension.oid();
    if (extension.peek() === tags.boolean && extension.boolean())
      throw unreadable(`it has the unknown critical extension ${oid}`);
  }
}

function unreadable(message: string) {
  return cryptoErrors.error('TIMESTAMP_UNREADABLE', {
    message: `the signed timestamp cannot be used: ${message}`,
  });
}

/** True when the signer is meant to be this certificate: same issuer and serial number. */
export function isSigner(
  signer: SignerInfo,
  certificate: { readonly issuer: Uint8Array; readonly serialNumber: string },
): boolean {
  return (
    equalBytes(signer.issuer, certificate.issuer) && signer.issuerSerialNumber === certificate.serialNumber
  );
}
