import { decodeBase64, parseEnvelope, parseJson } from '@pratique/crypto';
import { buildFileImage, type Descriptor, describeBytes, pushImage, type Repository } from '@pratique/oci';
import { parseBundle } from '../bundle/parse.ts';
import { cosignTag, type TagReadOptions, type TagWriteOptions } from '../collect/tag-scheme.ts';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames, mediaTypes } from '../media-types.ts';
import { formatSimpleSigning, parseSimpleSigning } from '../payload/simple-signing.ts';
import { parseStatement } from '../payload/statement.ts';
import { attachBundle } from '../sign/attach.ts';
import { appendLayer, attachLayer } from '../sign/tag.ts';
import { parseLogAnnotation } from '../tlog/annotation.ts';
import type { Evidence, EvidenceItem } from '../types.ts';
import { checkManifestDigest, findSubject } from '../verify/subject.ts';

/** Parts of a signature that was made somewhere else. */
export interface DetachedSignature {
  /** Base64, as it stands in the annotation. */
  readonly signature: string;
  /** What was signed; absent: the document that Cosign signs for an image without annotations. */
  readonly payload?: Uint8Array | undefined;
  /** PEM. */
  readonly certificate?: string | undefined;
  /** PEM, the issuer of the certificate first. */
  readonly chain?: string | undefined;
  /** RFC 3161 response, DER. */
  readonly timestamp?: Uint8Array | undefined;
  /** What Cosign writes about a log entry: `{SignedEntryTimestamp, Payload}`. */
  readonly logEntry?: string | undefined;
}

/**
 * Adds a signature to the image's signature tag. That it verifies is not checked, since the key may be anybody's; that
 * it is about this image is.
 *
 * @throws SUBJECT_MISMATCH, PAYLOAD_INVALID, ENCODING_INVALID, LOG_ENTRY_INVALID, and what appending throws
 */
export async function attachSignature(
  repository: Repository,
  name: string,
  subject: Descriptor,
  detached: DetachedSignature,
  options: TagWriteOptions = {},
): Promise<Descriptor> {
  const bytes = signedDocument(name, subject, detached);
  checkManifestDigest(parseSimpleSigning(bytes).dockerManifestDigest, subject.digest);
  const annotations = detachedAnnotations(detached);
  const signature = annotations[annotationNames.signature]!;
  decodeBase64(signature, 'the signature');
  if (detached.logEntry !== undefined) parseLogAnnotation(detached.logEntry);
  const descriptor = { ...describeBytes(bytes, mediaTypes.simpleSigning), annotations };
  const isSame = (other: Descriptor) =>
    other.digest === descriptor.digest && other.annotations?.[annotationNames.signature] === signature;
  const tag = cosignTag(subject.digest, 'sig', options.tagPrefix);
  const { dockerMediaTypes } = options;
  return (await appendLayer(repository, tag, { descriptor, bytes, isSame, dockerMediaTypes }, options))
    .manifest;
}

/**
 * The same as a verifier would find it beside the image, without its being there. Nothing of it is checked: verifying
 * does that.
 */
export function evidenceOfSignature(
  name: string,
  subject: Descriptor,
  detached: DetachedSignature,
): Evidence {
  const item: EvidenceItem = {
    kind: 'simple-signing',
    source: { format: 'cosign-tag', manifest: subject.digest },
    payload: signedDocument(name, subject, detached),
    annotations: detachedAnnotations(detached),
  };
  return { subject, items: [item], skipped: [] };
}

function signedDocument(name: string, { digest }: Descriptor, { payload }: DetachedSignature): Uint8Array {
  return payload ?? formatSimpleSigning(name, digest, {});
}

function detachedAnnotations(detached: DetachedSignature): Record<string, string> {
  const optional = {
    [annotationNames.certificate]: detached.certificate,
    [annotationNames.chain]: detached.chain,
    [annotationNames.bundle]: detached.logEntry,
    [annotationNames.timestamp]:
      detached.timestamp &&
      JSON.stringify({ SignedRFC3161Timestamp: Buffer.from(detached.timestamp).toString('base64') }),
  };
  const annotations: Record<string, string> = { [annotationNames.signature]: detached.signature.trim() };
  for (const [key, value] of Object.entries(optional)) if (value !== undefined) annotations[key] = value;
  return annotations;
}

/**
 * Attaches a bundle as a referrer, or a DSSE envelope to the image's attestation tag. That it verifies is not checked;
 * that it is an in-toto statement about this image is.
 *
 * @throws SUBJECT_MISMATCH, PAYLOAD_INVALID, BUNDLE_INVALID, ENVELOPE_INVALID, ENCODING_INVALID
 */
export async function attachAttestation(
  repository: Repository,
  subject: Descriptor,
  bytes: Uint8Array,
  created: Date,
  options: TagWriteOptions = {},
): Promise<Descriptor> {
  const envelope = isBundle(bytes)
    ? bundledEnvelope(bytes)
    : parseEnvelope(parseJson(bytes, 'the attestation'));
  if (envelope.payloadType !== mediaTypes.inToto) {
    throw sigstoreErrors.error('PAYLOAD_TYPE_MISMATCH', {
      message: 'the attestation is no in-toto statement',
      expected: mediaTypes.inToto,
      found: envelope.payloadType.slice(0, 200),
    });
  }
  const statement = parseStatement(envelope.payload);
  findSubject(statement, subject.digest);
  if (isBundle(bytes)) {
    return await attachBundle(repository, subject, bytes, statement.predicateType, created, options);
  }
  const annotations = { [annotationNames.signature]: '', predicateType: statement.predicateType };
  const descriptor = { ...describeBytes(bytes, mediaTypes.dsseEnvelope), annotations };
  const isSame = ({ digest }: Descriptor) => digest === descriptor.digest;
  const tag = cosignTag(subject.digest, 'att', options.tagPrefix);
  const { dockerMediaTypes } = options;
  return (await appendLayer(repository, tag, { descriptor, bytes, isSame, dockerMediaTypes }, options))
    .manifest;
}

/** Whether a file is meant to be a Sigstore bundle: it says so in its media type. */
export function isBundle(bytes: Uint8Array): boolean {
  const document = parseJson(bytes, 'the file', { maxBytes: bytes.byteLength });
  return typeof document === 'object' && document !== null && Object.hasOwn(document, 'verificationMaterial');
}

function bundledEnvelope(bytes: Uint8Array) {
  const { content } = parseBundle(bytes);
  if (content.kind === 'dsse') return content.envelope;
  throw sigstoreErrors.error('BUNDLE_CONTENT_UNSUPPORTED', {
    message: 'the bundle holds the signature of a file, not a statement about an image',
    expected: 'dsseEnvelope',
    found: 'messageSignature',
  });
}

/**
 * Stores an SBOM under the image's SBOM tag as Cosign does, in place of the one that is there, or as a `referrer` beside others. Nothing
 * signs it.
 */
export async function attachSbom(
  repository: Repository,
  subject: Descriptor,
  bytes: Uint8Array,
  mediaType: string,
  options: TagReadOptions & { readonly referrer?: boolean } = {},
): Promise<Descriptor> {
  if (options.referrer === true) {
    const descriptor = describeBytes(bytes, mediaType);
    return await attachLayer(
      repository,
      subject,
      mediaTypes.cosignSbomArtifact,
      { descriptor, bytes },
      options,
    );
  }
  const image = await buildFileImage(bytes, { mediaType });
  const tag = cosignTag(subject.digest, 'sbom', options.tagPrefix);
  return await pushImage(image, repository, { ...(options.signal && { signal: options.signal }), tag });
}
