import { decodeBase64, verifySignature } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames } from '../media-types.ts';
import { stringMembers } from '../payload/members.ts';
import { checkSimpleSigningType, parseSimpleSigning } from '../payload/simple-signing.ts';
import { messageData } from '../tlog/signed-content.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceItem, GivenParts, VerifiedSignature } from '../types.ts';
import { annotatedMaterial } from './annotations.ts';
import type { CheckList } from './check-list.ts';
import { checkSignature, proveSigner } from './proof.ts';
import { checkManifestDigest } from './subject.ts';

type SimpleSigningItem = Extract<EvidenceItem, { kind: 'simple-signing' }>;

/**
 * Verifies one layer of a signature tag: the signature in the annotation over the payload blob, then what the payload
 * says. Throws a PratiqueError naming the first check that failed.
 */
export function verifySimpleSigning(
  item: SimpleSigningItem,
  digest: Digest,
  trust: Trust,
  now: Date,
  given: GivenParts,
  list: CheckList,
): VerifiedSignature {
  const material = annotatedMaterial(item.annotations, given);
  const signature = list.run(
    'signature-encoding',
    () => decodeSignature(item.annotations[annotationNames.signature]),
    (bytes) => `${bytes.byteLength} bytes`,
  );
  const claim = checkSignature(
    material,
    (key, schemes) => verifySignature(key, item.payload, signature, schemes),
    trust,
    list,
  );
  const payload = list.run(
    'payload',
    () => parseSimpleSigning(item.payload),
    () => 'a simple-signing document',
  );
  list.run(
    'payload-type',
    () => checkSimpleSigningType(payload),
    () => payload.type,
  );
  list.run(
    'subject',
    () => checkManifestDigest(payload.dockerManifestDigest, digest),
    () => digest,
  );
  const { proof, stamped } = proveSigner(
    claim,
    messageData(item.payload),
    signature,
    material,
    trust,
    now,
    list,
  );
  const annotation = item.annotations[annotationNames.bundle];
  const timestamp = item.annotations[annotationNames.timestamp];
  return {
    format: item.source.format,
    source: item.source,
    ...proof,
    annotations: stringMembers(payload.optional),
    checks: list.checks,
    payload: payload.document,
    ...(proof.log === null || annotation === undefined ? {} : { logAnnotation: JSON.parse(annotation) }),
    ...(stamped && timestamp !== undefined ? { timestampAnnotation: JSON.parse(timestamp) } : {}),
  };
}

function decodeSignature(text: string | undefined): Uint8Array {
  if (text === undefined || text === '') {
    throw sigstoreErrors.error('SIGNATURE_MALFORMED', {
      message: 'the layer has no signature annotation',
      expected: annotationNames.signature,
      found: 'nothing',
    });
  }
  return decodeBase64(text, 'the signature');
}
