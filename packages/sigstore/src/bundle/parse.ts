import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseEnvelope,
  parseJson,
  toHex,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { contentLimits } from '../limits.ts';
import { own } from '../payload/members.ts';
import type { GivenParts } from '../types.ts';
import type { Bundle, BundleVersion, InclusionProof, LogEntry } from './bundle.ts';

const versions: ReadonlyMap<string, BundleVersion> = new Map([
  ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', '0.3'],
]);

/**
 * Reads a Sigstore bundle in its JSON form, v0.1 to v0.3, and checks what its version demands: v0.1 entries carry a
 * promise, later ones an inclusion proof with a checkpoint, v0.3 a single certificate and no chain, unless that is
 * allowed. Exactly one content and one kind of key material; at most 32 log entries and 32 timestamps.
 *
 * @throws BUNDLE_INVALID, BUNDLE_VERSION_UNSUPPORTED, ENVELOPE_INVALID, ENCODING_INVALID
 */
export function parseBundle(
  bytes: Uint8Array,
  { allowCertificateChain = false }: Pick<GivenParts, 'allowCertificateChain'> = {},
): Bundle {
  const document = object(parseJson(bytes, 'the bundle', { maxBytes: bytes.byteLength }), 'the bundle');
  const version = bundleVersion(own(document, 'mediaType'));
  const material = object(own(document, 'verificationMaterial'), 'verificationMaterial');
  const logEntries = list(own(material, 'tlogEntries'), 'tlogEntries', contentLimits.logEntries).map(
    parseLogEntry,
  );
  for (const entry of logEntries) checkProofs(entry, version);
  const timestampData = own(material, 'timestampVerificationData') ?? null;
  const timestamps =
    timestampData === null
      ? []
      : list(
          own(object(timestampData, 'timestampVerificationData'), 'rfc3161Timestamps'),
          'rfc3161Timestamps',
          contentLimits.timestamps,
        ).map((item) => base64(own(object(item, 'a timestamp'), 'signedTimestamp'), 'signedTimestamp'));
  return {
    version,
    material: parseMaterial(material, version, allowCertificateChain),
    content: parseContent(document),
    logEntries,
    timestamps,
  };
}

function bundleVersion(mediaType: JsonValue | undefined): BundleVersion {
  const version = typeof mediaType === 'string' ? versions.get(mediaType) : undefined;
  if (version === undefined) {
    throw sigstoreErrors.error('BUNDLE_VERSION_UNSUPPORTED', {
      message: 'the bundle has no media type that is known here',
      expected: [...versions.keys()].at(-1),
      found: typeof mediaType === 'string' ? printable(mediaType, 100) : 'none',
    });
  }
  return version;
}

function parseMaterial(
  material: JsonObject,
  version: BundleVersion,
  allowChain: boolean,
): Bundle['material'] {
  const { publicKey = null, certificate = null, x509CertificateChain: chain = null } = material;
  if ([publicKey, certificate, chain].filter((kind) => kind !== null).length !== 1) {
    throw invalid('exactly one of publicKey, certificate and x509CertificateChain must be there');
  }
  if (publicKey !== null) {
    const hint = own(object(publicKey, 'publicKey'), 'hint') ?? '';
    if (typeof hint !== 'string' || hint.length > 1024)
      throw invalid('the public key’s hint is not a short string');
    return { kind: 'public-key', hint };
  }
  if (certificate !== null) {
    return { kind: 'certificate', certificates: [rawBytes(certificate)] };
  }
  if (version === '0.3' && !allowChain) throw invalid('a v0.3 bundle must not carry a certificate chain');
  const [leaf, ...rest] = list(
    own(object(chain, 'x509CertificateChain'), 'certificates'),
    'certificates',
    contentLimits.certificates,
  ).map(rawBytes);
  if (leaf === undefined) throw invalid('the certificate chain is empty');
  return { kind: 'certificate', certificates: [leaf, ...rest] };
}

function parseContent(document: JsonObject): Bundle['content'] {
  const { dsseEnvelope = null, messageSignature = null } = document;
  if ((dsseEnvelope === null) === (messageSignature === null)) {
    throw invalid('exactly one of dsseEnvelope and messageSignature must be there');
  }
  if (dsseEnvelope !== null) return { kind: 'dsse', envelope: parseEnvelope(dsseEnvelope) };
  const message = object(messageSignature, 'messageSignature');
  const digest = object(own(message, 'messageDigest'), 'messageDigest');
  const algorithm = own(digest, 'algorithm');
  if (typeof algorithm !== 'string') throw invalid('messageDigest has no algorithm');
  return {
    kind: 'message-signature',
    digestAlgorithm: algorithm,
    digest: base64(own(digest, 'digest'), 'messageDigest'),
    signature: base64(own(message, 'signature'), 'the message signature'),
  };
}

/**
 * Reads a TransparencyLogEntry in protobuf's JSON, as it stands in bundles and as Rekor v2 answers.
 *
 * @throws BUNDLE_INVALID, ENCODING_INVALID
 */
export function parseLogEntry(value: JsonValue): LogEntry {
  const entry = object(value, 'a log entry');
  const kindVersion = object(own(entry, 'kindVersion'), 'kindVersion of a log entry');
  const { kind, version } = kindVersion;
  if (typeof kind !== 'string' || typeof version !== 'string')
    throw invalid('a log entry has no kind and version');
  const promise = own(entry, 'inclusionPromise') ?? null;
  const proof = own(entry, 'inclusionProof') ?? null;
  const time = own(entry, 'integratedTime') ?? '0';
  const integratedTime = integer(time, 'integratedTime');
  return {
    logIndex: integer(own(entry, 'logIndex') ?? '0', 'logIndex'),
    logId: parseLogId(own(object(own(entry, 'logId'), 'logId'), 'keyId')),
    kindVersion: { kind, version },
    integratedTime: integratedTime === 0n ? null : integratedTime,
    promise:
      promise === null
        ? null
        : base64(own(object(promise, 'inclusionPromise'), 'signedEntryTimestamp'), 'signedEntryTimestamp'),
    proof: proof === null ? null : parseProof(object(proof, 'inclusionProof')),
    body: base64(own(entry, 'canonicalizedBody'), 'canonicalizedBody'),
  };
}

/** SHA-256 of the log's key, in hexadecimal. */
function parseLogId(value: JsonValue | undefined): string {
  const id = base64(value, 'logId');
  if (id.byteLength !== 32) throw invalid('a log id is not 32 bytes long');
  return toHex(id);
}

function parseProof(proof: JsonObject): InclusionProof {
  const checkpoint = own(proof, 'checkpoint') ?? null;
  const envelope = checkpoint === null ? '' : own(object(checkpoint, 'checkpoint'), 'envelope');
  if (typeof envelope !== 'string') throw invalid('a checkpoint has no envelope');
  return {
    logIndex: integer(own(proof, 'logIndex') ?? '0', 'logIndex of a proof'),
    rootHash: base64(own(proof, 'rootHash'), 'rootHash'),
    treeSize: integer(own(proof, 'treeSize'), 'treeSize'),
    // A tree of 2⁶³ entries has paths of 63 hashes.
    hashes: list(own(proof, 'hashes'), 'hashes of a proof', 64).map((hash) =>
      base64(hash, 'a hash of a proof'),
    ),
    checkpoint: envelope,
  };
}

function checkProofs(entry: LogEntry, version: BundleVersion): void {
  if (version === '0.1') {
    if (entry.promise === null) throw invalid('a v0.1 bundle whose log entry has no inclusion promise');
  } else if (entry.proof === null || entry.proof.checkpoint === '') {
    throw invalid(`a v${version} bundle whose log entry has no inclusion proof with a checkpoint`);
  }
}

function rawBytes(value: JsonValue): Uint8Array {
  return base64(own(object(value, 'a certificate'), 'rawBytes'), 'a certificate');
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${what} is not an object`);
  return value;
}

/** A repeated field: absent and null mean empty, as in protobuf JSON. */
function list(value: JsonValue | undefined, what: string, most: number): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${what} is not a list`);
  if (value.length > most) {
    throw sigstoreErrors.error('BUNDLE_INVALID', {
      message: `not a usable bundle: too many ${what}`,
      expected: `at most ${most}`,
      found: String(value.length),
    });
  }
  return value;
}

function base64(value: JsonValue | undefined, what: string): Uint8Array {
  if (typeof value !== 'string') throw invalid(`${what} is not base64`);
  return decodeBase64(value, what);
}

/** An int64 that is not negative: a decimal string, or a number small enough to be exact. */
function integer(value: JsonValue | undefined, what: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^(0|[1-9]\d{0,18})$/.test(value)) {
    const number = BigInt(value);
    if (number < 2n ** 63n) return number;
  }
  throw invalid(`${what} is not a number from 0 to 2⁶³−1`);
}

function invalid(message: string) {
  return sigstoreErrors.error('BUNDLE_INVALID', { message: `not a usable bundle: ${message}` });
}
