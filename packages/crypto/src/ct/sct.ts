import { readDer, tags } from '../der/reader.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { concatBytes, toHex } from '../encoding/bytes.ts';
import { isJsonObject, parseJson } from '../encoding/json.ts';
import { cryptoErrors } from '../errors.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { type SignatureScheme, verifySignature } from '../keys/verify.ts';
import type { Certificate } from '../x509/certificate.ts';
import { oids } from '../x509/oids.ts';
import { precertificateTbs } from './precertificate.ts';

/** A signed certificate timestamp, version 1 (RFC 6962 §3.2): a log's promise to include a certificate. */
export interface CertificateTimestamp {
  /** Hexadecimal SHA-256 of the log's key. */
  readonly logId: string;
  readonly time: Date;
  /** Signed along; static logs (C2SP static-ct-api) put the leaf's index here. */
  readonly extensions: Uint8Array;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  /** Milliseconds as eight bytes, as they are signed. */
  readonly timestampBytes: Uint8Array;
}

const maxTimestamps = 32;

/** SignatureAndHashAlgorithm (RFC 5246 §7.4.1.4.1), of which RFC 6962 §2.1.4 allows these two. */
const schemes: Readonly<Record<number, SignatureScheme>> = {
  1027: 'ecdsa-sha256',
  1025: 'rsa-pkcs1v15-sha256',
};

/**
 * The signed certificate timestamps embedded in a certificate (RFC 6962 §3.3), in order; none without the extension.
 * At most 32; nothing may stand after any of them. One of another version or algorithm is an error, not passed over.
 *
 * @throws CERTIFICATE_INVALID, DER_INVALID
 */
export function embeddedTimestamps(certificate: Certificate): readonly CertificateTimestamp[] {
  const extension = certificate.extensions.get(oids.sctList);
  if (extension === undefined) return [];
  const list = new TlsReader(readDer(extension.value, tags.octetString).rest());
  const items = new TlsReader(list.vector());
  list.end();
  const timestamps: CertificateTimestamp[] = [];
  while (!items.done) {
    if (timestamps.length >= maxTimestamps) throw invalid(`more than ${maxTimestamps} timestamps`);
    timestamps.push(parseTimestamp(items.vector()));
  }
  if (timestamps.length === 0) throw invalid('an empty list of timestamps');
  return timestamps;
}

/**
 * True when `key` signed the timestamp for `certificate` as issued by the holder of `issuerKey` (RFC 6962 §3.2,
 * precertificate entry). Says nothing about whether the log is to be believed at that time. Never throws for what
 * `parseCertificate` accepted.
 */
export function verifyCertificateTimestamp(
  timestamp: CertificateTimestamp,
  certificate: Certificate,
  issuerKey: PublicKey,
  key: PublicKey,
): boolean {
  const entry = concatBytes(
    // precert_entry
    Uint8Array.of(0, 1),
    Buffer.from(issuerKey.fingerprint.slice('sha256:'.length), 'hex'),
    longVector(precertificateTbs(certificate)),
  );
  return isSigned(timestamp, entry, key);
}

/**
 * Reads a timestamp that stands in a file of its own: a log's answer to `add-chain` (RFC 6962 §4.1), JSON.
 *
 * @throws CERTIFICATE_INVALID, ENCODING_INVALID
 */
export function parseDetachedTimestamp(bytes: Uint8Array): CertificateTimestamp {
  const answer = parseJson(bytes, 'the certificate timestamp');
  const {
    sct_version: version,
    id,
    timestamp,
    extensions = '',
    signature,
  } = isJsonObject(answer) ? answer : {};
  if (version !== 0) throw invalid('a timestamp of an unknown version');
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0)
    throw invalid('a timestamp of no time that exists');
  if (typeof id !== 'string' || typeof extensions !== 'string' || typeof signature !== 'string')
    throw invalid('a timestamp that lacks its log or its signature');
  const logId = decodeBase64(id, 'the id of the log');
  if (logId.byteLength !== 32) throw invalid('a timestamp of a log with an id that is none');
  const extra = decodeBase64(extensions, 'the extensions of the timestamp');
  const milliseconds = new Uint8Array(8);
  new DataView(milliseconds.buffer).setBigUint64(0, BigInt(timestamp));
  const signed = decodeBase64(signature, 'the signature of the timestamp');
  return parseTimestamp(concatBytes(Uint8Array.of(0), logId, milliseconds, shortVector(extra), signed));
}

/**
 * True when `key` signed the timestamp for `certificate` itself (RFC 6962 §3.2, x509 entry), which therefore cannot have
 * it inside. Otherwise as {@link verifyCertificateTimestamp}.
 */
export function verifyDetachedTimestamp(
  timestamp: CertificateTimestamp,
  certificate: Certificate,
  key: PublicKey,
): boolean {
  // x509_entry
  return isSigned(timestamp, concatBytes(Uint8Array.of(0, 0), longVector(certificate.der)), key);
}

function isSigned(timestamp: CertificateTimestamp, entry: Uint8Array, key: PublicKey): boolean {
  const signed = concatBytes(
    // Version 1, certificate_timestamp.
    Uint8Array.of(0, 0),
    timestamp.timestampBytes,
    entry,
    shortVector(timestamp.extensions),
  );
  return verifySignature(key, signed, timestamp.signature, [timestamp.scheme]) !== null;
}

/** Bytes with their length before them, in two bytes. */
function shortVector(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(bytes.byteLength >> 8, bytes.byteLength), bytes);
}

/** The same in three bytes. */
function longVector(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(bytes.byteLength >> 16, bytes.byteLength >> 8, bytes.byteLength), bytes);
}

function parseTimestamp(bytes: Uint8Array): CertificateTimestamp {
  const reader = new TlsReader(bytes);
  if (reader.take(1)[0] !== 0) throw invalid('a timestamp of an unknown version');
  const logId = toHex(reader.take(32));
  const timestampBytes = reader.take(8);
  const extensions = reader.vector();
  const [hash = 0, algorithm = 0] = reader.take(2);
  const signature = reader.vector();
  reader.end();
  const scheme = schemes[hash * 256 + algorithm];
  if (scheme === undefined) throw invalid('a timestamp with an unknown signature algorithm');
  const milliseconds = timestampBytes.reduce((value, byte) => value * 256 + byte, 0);
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) throw invalid('a timestamp of no time that exists');
  return { logId, time, extensions, scheme, signature, timestampBytes };
}

/** Fixed and 16-bit-length fields of the TLS presentation language (RFC 5246 §4). */
class TlsReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.byteLength;
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.byteLength - this.#offset) throw invalid('a timestamp that is cut off');
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  vector(): Uint8Array {
    const [high = 0, low = 0] = this.take(2);
    return this.take(high * 256 + low);
  }

  end(): void {
    if (!this.done) throw invalid('bytes after a timestamp');
  }
}

function invalid(message: string) {
  return cryptoErrors.error('CERTIFICATE_INVALID', {
    message: `the certificate cannot be used: it has ${message}`,
  });
}
