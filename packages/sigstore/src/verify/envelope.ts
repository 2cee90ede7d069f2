import { type Envelope, verifyEnvelope } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { mediaTypes, signPredicateType } from '../media-types.ts';
import { stringMembers } from '../payload/members.ts';
import { parseStatement } from '../payload/statement.ts';
import { envelopeData } from '../tlog/signed-content.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceSource, VerifiedAttestation, VerifiedSignature } from '../types.ts';
import type { CheckList } from './check-list.ts';
import { checkSignature, type Material, proveSigner } from './proof.ts';
import { findSubject } from './subject.ts';

/** A verified statement: `cosign sign`'s own predicate makes it a signature, any other one an attestation. */
export type VerifiedStatement =
  | { readonly kind: 'signature'; readonly signature: VerifiedSignature }
  | { readonly kind: 'attestation'; readonly attestation: VerifiedAttestation };

export interface EnvelopeCandidate {
  readonly source: EvidenceSource;
  readonly envelope: Envelope;
  /** The envelope as it is stored; absent where only what is in it is. */
  readonly bytes?: Uint8Array;
  readonly material: Material;
}

/**
 * Verifies a DSSE envelope with an in-toto statement about one image. Throws a PratiqueError naming the first check
 * that failed.
 */
export function verifyStatement(
  candidate: EnvelopeCandidate,
  digest: Digest,
  trust: Trust,
  now: Date,
  list: CheckList,
): VerifiedStatement {
  const { envelope, bytes, source, material } = candidate;
  const signature = list.run(
    'envelope',
    () => checkEnvelope(envelope),
    () => `one signature over ${mediaTypes.inToto}`,
  );
  const claim = checkSignature(
    material,
    (key, schemes) => verifyEnvelope(envelope, signature, key, schemes),
    trust,
    list,
  );
  const statement = list.run(
    'payload',
    () => parseStatement(envelope.payload),
    () => 'an in-toto statement',
  );
  const subject = list.run(
    'subject',
    () => findSubject(statement, digest),
    () => digest,
  );
  const { proof } = proveSigner(claim, envelopeData(envelope, bytes), signature, material, trust, now, list);
  const verified: VerifiedSignature = {
    format: source.format,
    source,
    ...proof,
    annotations: stringMembers(subject.annotations),
    checks: list.checks,
    payload: statement.document,
  };
  if (statement.predicateType === signPredicateType) return { kind: 'signature', signature: verified };
  const { predicateType, predicate } = statement;
  return { kind: 'attestation', attestation: { ...verified, predicateType, predicate } };
}

/** The one signature of the envelope, whose payload type must be exactly in-toto's. */
export function checkEnvelope(envelope: Envelope): Uint8Array {
  const [first, ...more] = envelope.signatures;
  if (first === undefined || more.length > 0) {
    throw sigstoreErrors.error('ENVELOPE_SIGNATURE_COUNT', {
      message: 'the envelope must have exactly one signature',
      expected: '1',
      found: String(envelope.signatures.length),
    });
  }
  if (envelope.payloadType !== mediaTypes.inToto) {
    throw sigstoreErrors.error('PAYLOAD_TYPE_MISMATCH', {
      message: 'the envelope does not hold an in-toto statement',
      expected: mediaTypes.inToto,
      found: printable(envelope.payloadType),
    });
  }
  if (first.signature.byteLength === 0) {
    throw sigstoreErrors.error('SIGNATURE_MALFORMED', { message: 'the envelope’s signature is empty' });
  }
  return first.signature;
}
