import { type JsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { simpleSigningType } from '../media-types.ts';
import { member, objectMember, stringMember } from './members.ts';

/** A simple-signing document (containers/image `containers-signature(5)`), as Cosign's legacy format signs it. */
export interface SimpleSigning {
  readonly dockerReference: string;
  /** Text as signed: compare it with the digest wanted, do not parse it. */
  readonly dockerManifestDigest: string;
  readonly type: string;
  readonly optional: JsonObject;
  /** The whole document. */
  readonly document: JsonObject;
}

/**
 * Reads a simple-signing document. Nothing in it is judged.
 *
 * @throws PAYLOAD_INVALID, ENCODING_INVALID
 */
export function parseSimpleSigning(bytes: Uint8Array): SimpleSigning {
  const what = 'the signed payload';
  const document = member.object(parseJson(bytes, what), what);
  const critical = objectMember(document, 'critical', what);
  const identity = objectMember(critical, 'identity', what);
  const image = objectMember(critical, 'image', what);
  const optional = document.optional ?? null;
  return {
    dockerReference: stringMember(identity, 'docker-reference', what),
    dockerManifestDigest: stringMember(image, 'docker-manifest-digest', what),
    type: stringMember(critical, 'type', what),
    optional: optional === null ? {} : member.object(optional, `optional of ${what}`),
    document,
  };
}

/** The document to sign, in the bytes Cosign writes: members in this order, annotations sorted, no white space. */
export function formatSimpleSigning(
  dockerReference: string,
  digest: string,
  annotations: Readonly<Record<string, string>>,
): Uint8Array {
  const names = Object.keys(annotations).sort();
  const optional =
    names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, annotations[name]]));
  const text = JSON.stringify({
    critical: {
      identity: { 'docker-reference': dockerReference },
      image: { 'docker-manifest-digest': digest },
      type: simpleSigningType,
    },
    optional,
  });
  return new TextEncoder().encode(text);
}

/** Throws PAYLOAD_TYPE_MISMATCH unless the document says it is an image signature. */
export function checkSimpleSigningType(payload: SimpleSigning): void {
  if (payload.type !== simpleSigningType) {
    throw sigstoreErrors.error('PAYLOAD_TYPE_MISMATCH', {
      message: 'the signed document is not an image signature',
      expected: simpleSigningType,
      found: printable(payload.type),
    });
  }
}
