import { decodeBase64, parseJson } from '@pratique/crypto';
import { annotationNames } from '../media-types.ts';
import { member, stringMember } from '../payload/members.ts';
import { parseLogAnnotation } from '../tlog/annotation.ts';
import type { GivenParts } from '../types.ts';
import { annotatedCertificate } from './certificate.ts';
import type { Material } from './proof.ts';

/**
 * What Cosign's layer annotations say about a signature's maker and time. The layer of an attestation has no signature
 * annotation, and its timestamp is of the whole envelope.
 */
export function annotatedMaterial(
  annotations: Readonly<Record<string, string>>,
  given: GivenParts,
  stamped?: Uint8Array,
): Material {
  const certificate = annotations[annotationNames.certificate] ?? '';
  const bundle = annotations[annotationNames.bundle] ?? '';
  const timestamp = annotations[annotationNames.timestamp] ?? '';
  return {
    signer:
      certificate === ''
        ? { kind: 'public-key', hint: null }
        : { kind: 'certificate', certificates: () => annotatedCertificate(certificate) },
    entries: () => (bundle === '' ? [] : [parseLogAnnotation(bundle)]),
    timestamps: () => (timestamp === '' ? [] : [parseTimestampAnnotation(timestamp)]),
    ...(stamped === undefined ? {} : { stamped }),
    given,
  };
}

/**
 * Reads Cosign's `dev.sigstore.cosign/rfc3161timestamp` annotation: `{"SignedRFC3161Timestamp": base64 of DER}`.
 *
 * @throws PAYLOAD_INVALID, ENCODING_INVALID
 */
export function parseTimestampAnnotation(annotation: string): Uint8Array {
  const what = 'the timestamp annotation';
  const document = member.object(parseJson(new TextEncoder().encode(annotation), what), what);
  return decodeBase64(stringMember(document, 'SignedRFC3161Timestamp', what), what);
}
