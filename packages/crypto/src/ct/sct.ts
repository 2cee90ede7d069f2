import { readDer, tags } from '../der/reader.ts';
import { concatBytes, toHex } from '../encoding/bytes.ts';
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
  const tbs = precertificateTbs(certificate);
  const signed = concatBytes(
    // Version 1, certificate_timestamp.
    Uint8Array.of(0, 0),
    timestamp.timestampBytes,
    // precert_entry
    Uint8Array.of(0, 1),
    Buffer.from(issuerKey.fingerprint.slice('sha256:'.length), 'hex'),
    Uint8Array.of(tbs.byteLength >> 16, tbs.byteLength >> 8, tbs.byteLength),
    tbs,
    Uint8Array.of(timestamp.extensions.byteLength >> 8, timestamp.extensions.byteLength),
    timestamp.extensions,
  );
  return verifySignature(key, signed, timestamp.signature, [timestamp.scheme]) !== null;
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
