import { createHash } from 'node:crypto';
import { concatBytes, derWriter, encodeBase64, oids, type SigningKey } from '@pratique/crypto';
import type { TransparencyLog } from '../../trust/trust.ts';
import { extension, makeCertificate, type NewCertificate, toBeSigned } from './certificates.ts';

/** What a timestamp says, to be made wrong. */
export interface TimestampOptions {
  readonly time?: Date;
  readonly version?: number;
  readonly extensions?: Uint8Array;
  /** Signs instead of the log. */
  readonly signer?: SigningKey;
  readonly logId?: Uint8Array;
  /** SubjectPublicKeyInfo of the issuer that is signed for. */
  readonly issuerSpki?: Uint8Array;
}

/** A certificate transparency log that signs whatever it is told to. */
export function testCertificateLog(key: SigningKey, window: { validFrom: Date; validUntil?: Date }) {
  const id = createHash('sha256').update(key.publicKey.spki).digest();
  const trusted: TransparencyLog = {
    id: id.toString('hex'),
    key: key.publicKey,
    baseUrl: 'https://ct.example.test',
    ...window,
  };

  /** A SignedCertificateTimestamp (RFC 6962 §3.2) for a TBSCertificate. */
  function timestamp(tbs: Uint8Array, issuerSpki: Uint8Array, options: TimestampOptions = {}): Uint8Array {
    const { time = new Date('2026-06-01T11:59:00Z'), version = 0, extensions = new Uint8Array() } = options;
    const milliseconds = new Uint8Array(8);
    new DataView(milliseconds.buffer).setBigUint64(0, BigInt(time.getTime()));
    const signed = concatBytes(
      Uint8Array.of(version, 0),
      milliseconds,
      Uint8Array.of(0, 1),
      createHash('sha256')
        .update(options.issuerSpki ?? issuerSpki)
        .digest(),
      length(tbs, 3),
      tbs,
      length(extensions, 2),
      extensions,
    );
    const signature = (options.signer ?? key).sign(signed);
    return concatBytes(
      Uint8Array.of(version),
      options.logId ?? id,
      milliseconds,
      length(extensions, 2),
      extensions,
      Uint8Array.of(4, 3),
      length(signature, 2),
      signature,
    );
  }

  /** The log's answer to `add-chain` (RFC 6962 §4.1) about a whole certificate, open for forging. */
  function answer(der: Uint8Array, options: TimestampOptions = {}): DetachedTimestamp {
    const { time = new Date('2026-06-01T11:59:00Z'), extensions = new Uint8Array() } = options;
    const milliseconds = new Uint8Array(8);
    new DataView(milliseconds.buffer).setBigUint64(0, BigInt(time.getTime()));
    const signed = [Uint8Array.of(0, 0), milliseconds, Uint8Array.of(0, 0), length(der, 3), der];
    const signature = (options.signer ?? key).sign(concatBytes(...signed, length(extensions, 2), extensions));
    return {
      sct_version: 0,
      id: encodeBase64(options.logId ?? id),
      timestamp: time.getTime(),
      extensions: encodeBase64(extensions),
      signature: encodeBase64(concatBytes(Uint8Array.of(4, 3), length(signature, 2), signature)),
    };
  }

  return { trusted, timestamp, answer };
}

/** RFC 6962 §4.1. */
export interface DetachedTimestamp {
  sct_version: number;
  id: string;
  timestamp: number;
  extensions: string;
  signature: string;
}

export type TestCertificateLog = ReturnType<typeof testCertificateLog>;

/** The extension value that holds timestamps. */
export function timestampList(...timestamps: readonly Uint8Array[]): Uint8Array {
  const items = concatBytes(...timestamps.flatMap((item) => [length(item, 2), item]));
  return derWriter.octetString(concatBytes(length(items, 2), items));
}

/** A certificate with the timestamps `stamp` makes for it. */
export function makeLoggedCertificate(
  certificate: NewCertificate,
  stamp: (tbs: Uint8Array) => readonly Uint8Array[],
): Uint8Array {
  const fixed = { ...certificate, serialNumber: certificate.serialNumber ?? Uint8Array.of(0x55, 1) };
  const timestamps = stamp(toBeSigned(fixed));
  if (timestamps.length === 0) return makeCertificate(fixed);
  const list = extension(oids.sctList, timestampList(...timestamps));
  return makeCertificate({ ...fixed, extensions: [...fixed.extensions, list] });
}

function length(bytes: Uint8Array, size: 2 | 3): Uint8Array {
  const all = [bytes.byteLength >> 16, bytes.byteLength >> 8, bytes.byteLength].map((value) => value & 0xff);
  return Uint8Array.from(all.slice(3 - size));
}
