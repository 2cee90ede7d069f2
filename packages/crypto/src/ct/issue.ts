import { octetString } from '../der/writer.ts';
import { concatBytes, uintBytes } from '../encoding/bytes.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { Signer } from '../keys/signer.ts';
import { certificateExtension } from '../x509/issue.ts';
import { oids } from '../x509/oids.ts';

/** A log entry for a certificate before it exists (RFC 6962 §3.1): what the log signs and what it stores as a leaf. */
export interface PrecertificateEntry {
  /** SHA-256 of the issuer's SubjectPublicKeyInfo, and the TBSCertificate without poison and timestamps. */
  readonly issuerKey: PublicKey;
  readonly toBeSigned: Uint8Array;
  readonly time: Date;
}

/** The critical extension that makes a precertificate useless as a certificate (RFC 6962 §3.1). */
export function precertificatePoison(): Uint8Array {
  return certificateExtension(oids.precertificatePoison, Uint8Array.of(5, 0), true);
}

/** MerkleTreeLeaf (RFC 6962 §3.4) of a precertificate: the bytes the log's tree is over. */
export function precertificateLeaf(entry: PrecertificateEntry): Uint8Array {
  // Version 1, timestamped_entry.
  return concatBytes(Uint8Array.of(0, 0), timestampedEntry(entry));
}

/** Signs a SignedCertificateTimestamp (RFC 6962 §3.2), serialised. `key` is the log's, ECDSA P-256. */
export async function signCertificateTimestamp(entry: PrecertificateEntry, key: Signer): Promise<Uint8Array> {
  // Version 1, certificate_timestamp: the same two zero bytes as a leaf's version and type.
  const signature = await key.sign(precertificateLeaf(entry));
  return concatBytes(
    Uint8Array.of(0),
    Buffer.from(key.publicKey.fingerprint.slice('sha256:'.length), 'hex'),
    uintBytes(entry.time.getTime(), 8),
    uintBytes(0, 2),
    digitallySigned(signature),
  );
}

/** The extension that holds timestamps (RFC 6962 §3.3). */
export function timestampListExtension(...timestamps: readonly Uint8Array[]): Uint8Array {
  const items = concatBytes(...timestamps.flatMap((item) => [uintBytes(item.byteLength, 2), item]));
  return certificateExtension(oids.sctList, octetString(concatBytes(uintBytes(items.byteLength, 2), items)));
}

/** TreeHeadSignature (RFC 6962 §3.5), as `get-sth` answers it. */
export async function signTreeHead(
  head: { readonly time: Date; readonly size: number; readonly root: Uint8Array },
  key: Signer,
): Promise<Uint8Array> {
  const signed = concatBytes(
    Uint8Array.of(0, 1),
    uintBytes(head.time.getTime(), 8),
    uintBytes(head.size, 8),
    head.root,
  );
  return digitallySigned(await key.sign(signed));
}

function timestampedEntry({ time, issuerKey, toBeSigned }: PrecertificateEntry): Uint8Array {
  return concatBytes(
    uintBytes(time.getTime(), 8),
    // precert_entry
    uintBytes(1, 2),
    Buffer.from(issuerKey.fingerprint.slice('sha256:'.length), 'hex'),
    uintBytes(toBeSigned.byteLength, 3),
    toBeSigned,
    // No extensions.
    uintBytes(0, 2),
  );
}

/** DigitallySigned (RFC 5246 §4.7) by ECDSA with SHA-256, the one algorithm that is made here. */
function digitallySigned(signature: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(4, 3), uintBytes(signature.byteLength, 2), signature);
}
