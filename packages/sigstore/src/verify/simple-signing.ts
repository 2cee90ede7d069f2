import { decodeBase64, verifySignature } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames } from '../media-types.ts';
import { stringMembers } from '../payload/members.ts';
import { checkSimpleSigningType, parseSimpleSigning } from '../payload/simple-signing.ts';
import { parseLogAnnotation } from '../tlog/annotation.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceItem, VerifiedSignature } from '../types.ts';
import { refuseCertificate } from './certificate.ts';
import type { CheckList } from './check-list.ts';
import { checkLog } from './log.ts';
import { checkKeyValidity, findSigner } from './signer.ts';
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
  list: CheckList,
): VerifiedSignature {
  refuseCertificate(item.annotations);
  const signature = list.run(
    'signature-encoding',
    () => decodeSignature(item.annotations[annotationNames.signature]),
    (bytes) => `${bytes.byteLength} bytes`,
  );
  const { signer } = list.run(
    'signature',
    () => findSigner(trust.keys, null, ({ key }) => verifySignature(key, item.payload, signature)),
    (found) => `${found.scheme} by ${found.signer.name}`,
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
  const annotation = item.annotations[annotationNames.bundle];
  const entries = () =>
    annotation === undefined || annotation === '' ? [] : [parseLogAnnotation(annotation)];
  const logged = checkLog(entries, { signature, payload: item.payload, key: signer.key }, trust, list);
  list.run(
    'key-validity',
    () => checkKeyValidity(signer, logged?.time ?? now),
    () => signer.name,
  );
  return {
    format: item.source.format,
    source: item.source,
    signer: { kind: 'key', name: signer.name, fingerprint: signer.key.fingerprint },
    annotations: stringMembers(payload.optional),
    signedAt: logged?.time?.toISOString() ?? null,
    log: logged === null ? null : { id: logged.id, index: logged.index },
    checks: list.checks,
    payload: payload.document,
    ...(logged === null || annotation === undefined ? {} : { logAnnotation: JSON.parse(annotation) }),
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
