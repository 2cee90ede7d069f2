import { createHash } from 'node:crypto';
import { encodeBase64 } from '@pratique/crypto';
import type { Bundle, LogEntry } from '../bundle/bundle.ts';
import { mediaTypes } from '../media-types.ts';
import { namingHash, type Signed, type SigningContent } from './signer.ts';

/** A Sigstore bundle v0.3 (protobuf-specs `sigstore_bundle.proto`) as JSON, members in Cosign's order. */
export function formatBundle(signed: Signed): Uint8Array {
  const { certificate, key, logEntries, timestamps } = signed;
  const bundle = {
    mediaType: mediaTypes.bundle,
    verificationMaterial: {
      ...(certificate === null
        ? { publicKey: { hint: key.hint } }
        : { certificate: { rawBytes: encodeBase64(certificate.leaf) } }),
      ...formatWitnesses(logEntries, timestamps),
    },
    ...formatContent(signed),
  };
  return new TextEncoder().encode(JSON.stringify(bundle));
}

/** A DSSE envelope with one signature, as it stands in bundles, in `.att` tags and in proposed log entries. */
export function formatEnvelope(
  content: Extract<SigningContent, { form: 'envelope' }>,
  signature: Uint8Array,
): object {
  return {
    payload: encodeBase64(content.payload),
    payloadType: content.payloadType,
    signatures: [{ sig: encodeBase64(signature) }],
  };
}

/** A bundle that was read, as version 0.3: of a certificate chain the signer's alone, its issuers are in trusted roots. */
export function formatAsCurrent({
  material,
  content,
  logEntries,
  timestamps,
}: Omit<Bundle, 'version'>): Uint8Array {
  const bundle = {
    mediaType: mediaTypes.bundle,
    verificationMaterial: {
      ...(material.kind === 'public-key'
        ? { publicKey: { hint: material.hint } }
        : { certificate: { rawBytes: encodeBase64(material.certificates[0]) } }),
      ...formatWitnesses(logEntries, timestamps),
    },
    ...(content.kind === 'dsse'
      ? {
          dsseEnvelope: {
            payload: encodeBase64(content.envelope.payload),
            payloadType: content.envelope.payloadType,
            signatures: content.envelope.signatures.map(({ signature }) => ({
              sig: encodeBase64(signature),
            })),
          },
        }
      : {
          messageSignature: {
            messageDigest: { algorithm: content.digestAlgorithm, digest: encodeBase64(content.digest) },
            signature: encodeBase64(content.signature),
          },
        }),
  };
  return new TextEncoder().encode(JSON.stringify(bundle));
}

function formatWitnesses(logEntries: readonly LogEntry[], timestamps: readonly Uint8Array[]): object {
  return {
    ...(logEntries.length === 0 ? {} : { tlogEntries: logEntries.map(formatLogEntry) }),
    ...(timestamps.length === 0
      ? {}
      : {
          timestampVerificationData: {
            rfc3161Timestamps: timestamps.map((der) => ({ signedTimestamp: encodeBase64(der) })),
          },
        }),
  };
}

function formatContent(signed: Signed): object {
  const { content, signature } = signed;
  if (content.form === 'envelope') return { dsseEnvelope: formatEnvelope(content, signature) };
  const hash = namingHash(signed);
  const digest = encodeBase64(createHash(hash).update(content.bytes).digest());
  return {
    messageSignature: {
      messageDigest: { algorithm: `SHA2_${hash.slice(3)}`, digest },
      signature: encodeBase64(signature),
    },
  };
}

/** A TransparencyLogEntry in protobuf's JSON: 64-bit numbers are strings. */
function formatLogEntry(entry: LogEntry): object {
  const { kindVersion, integratedTime, promise, proof } = entry;
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: encodeBase64(Buffer.from(entry.logId, 'hex')) },
    ...(kindVersion === null ? {} : { kindVersion }),
    ...(integratedTime === null ? {} : { integratedTime: String(integratedTime) }),
    ...(promise === null ? {} : { inclusionPromise: { signedEntryTimestamp: encodeBase64(promise) } }),
    ...(proof === null
      ? {}
      : {
          inclusionProof: {
            logIndex: String(proof.logIndex),
            rootHash: encodeBase64(proof.rootHash),
            treeSize: String(proof.treeSize),
            hashes: proof.hashes.map((hash) => encodeBase64(hash)),
            checkpoint: { envelope: proof.checkpoint },
          },
        }),
    canonicalizedBody: encodeBase64(entry.body),
  };
}
