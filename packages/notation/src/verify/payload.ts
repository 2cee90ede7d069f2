import { isJsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { type Descriptor, isDigest } from '@pratique/oci';
import type { Envelope } from '../envelope/envelope.ts';
import { notationErrors } from '../errors.ts';
import { notationMediaTypes } from '../media-types.ts';

/** What a payload says was signed. */
export type TargetArtifact = Pick<Descriptor, 'mediaType' | 'digest' | 'size'> & {
  /** User metadata. */
  readonly annotations: Readonly<Record<string, string>>;
};

/** The payload of an envelope (signature-specification.md, "Payload"). @throws NOTATION_PAYLOAD_INVALID */
export function parsePayload({ contentType, payload }: Envelope): TargetArtifact {
  if (contentType !== notationMediaTypes.payload) {
    throw notationErrors.error('NOTATION_PAYLOAD_INVALID', {
      message: 'what was signed is of another kind',
      expected: notationMediaTypes.payload,
      found: printable(contentType),
    });
  }
  let document: JsonValue;
  try {
    document = parseJson(payload, 'the payload', { maxBytes: payload.byteLength, maxDepth: 8 });
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  const target = isJsonObject(document) ? document['targetArtifact'] : undefined;
  if (!isJsonObject(target)) throw invalid('it has no targetArtifact');
  const { mediaType, digest, size, annotations = {} } = target;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid('it has no media type');
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid('it has no digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw invalid('it has no size');
  const metadata = annotations ?? {};
  if (!isJsonObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw invalid('its annotations are not texts');
  return { mediaType, digest, size, annotations: { ...metadata } as Record<string, string> };
}

/** That the payload is about this image: media type, digest and size. @throws NOTATION_SUBJECT_MISMATCH */
export function checkSubject(target: TargetArtifact, subject: Descriptor): void {
  const shown = ({ digest, mediaType, size }: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>) =>
    printable(`${digest}, ${mediaType}, ${size} bytes`, 300);
  if (
    target.digest === subject.digest &&
    target.mediaType === subject.mediaType &&
    target.size === subject.size
  )
    return;
  throw notationErrors.error('NOTATION_SUBJECT_MISMATCH', {
    message: 'the signature is for another image',
    expected: shown(subject),
    found: shown(target),
  });
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_PAYLOAD_INVALID', {
    message: `the payload cannot be used: ${message}`,
  });
}
