import { digest, toHex } from '@pratique/crypto';
import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  emptyJson,
  type Repository,
} from '@pratique/oci';
import { notationErrors } from '../errors.ts';
import { type EnvelopeFormat, notationMediaTypes, thumbprintAnnotation } from '../media-types.ts';
import { checkIntegrity } from '../verify/verify.ts';
import { type EnvelopeContent, formatEnvelope } from './envelope.ts';
import type { NotationSigner } from './signer.ts';

export interface SignNotationOptions extends Omit<EnvelopeContent, 'payload'> {
  readonly envelope: EnvelopeFormat;
  /** User metadata; names that begin with `io.cncf.notary` are reserved. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What was stored. */
export interface SignedNotation {
  readonly manifest: Descriptor;
  readonly envelope: Descriptor;
}

/**
 * Signs an image and stores the signature as a manifest that refers to it, in the form that notation 1 writes: its
 * artifact type is the media type of the config. What was made is verified before it is stored.
 *
 * @throws NOTATION_METADATA_RESERVED; what the repository and `timestamp` throw
 */
export async function signNotation(
  repository: Repository,
  subject: Descriptor,
  signer: NotationSigner,
  { envelope: format, metadata = {}, signal, ...content }: SignNotationOptions,
): Promise<SignedNotation> {
  const payload = formatPayload(subject, metadata);
  const bytes = await formatEnvelope(format, { ...content, payload }, signer);
  const envelope = describeBytes(bytes, notationMediaTypes[format]);
  const config = describeBytes(emptyJson, notationMediaTypes.signature);
  const built = buildImageManifest({
    config,
    layers: [envelope],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: {
      [thumbprintAnnotation]: JSON.stringify(signer.chain.map(({ der }) => toHex(digest('sha256', der)))),
      'org.opencontainers.image.created': `${content.signingTime.toISOString().slice(0, 19)}Z`,
    },
  });
  const source = { format: 'notation', manifest: built.descriptor.digest } as const;
  checkIntegrity({ source, envelope: format, bytes }, subject);
  const options = signal === undefined ? {} : { signal };
  await repository.putBlob(config, emptyJson, options);
  await repository.putBlob(envelope, bytes, options);
  const manifest = await repository.putManifest(built.bytes, built.descriptor.mediaType, options);
  return { manifest, envelope };
}

/** The payload about an image (signature-specification.md, "Payload"). @throws NOTATION_METADATA_RESERVED */
export function formatPayload(
  { mediaType, digest: name, size }: Descriptor,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const reserved = Object.keys(metadata).find((key) => key.startsWith('io.cncf.notary'));
  if (reserved !== undefined) {
    throw notationErrors.error('NOTATION_METADATA_RESERVED', {
      message: 'a name of user metadata is reserved',
      expected: 'a name that does not begin with io.cncf.notary',
      found: reserved,
    });
  }
  const annotations = Object.keys(metadata).length === 0 ? {} : { annotations: metadata };
  return new TextEncoder().encode(
    JSON.stringify({ targetArtifact: { mediaType, digest: name, size, ...annotations } }),
  );
}
