import { parseEnvelope, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import { parseBundle } from '../bundle/parse.ts';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames } from '../media-types.ts';
import { parseLogAnnotation } from '../tlog/annotation.ts';
import type { Trust } from '../trust/trust.ts';
import type {
  Evidence,
  EvidenceItem,
  Rejection,
  VerificationResult,
  VerifiedAttestation,
  VerifiedSignature,
} from '../types.ts';
import { certificateNotTrusted, refuseCertificate } from './certificate.ts';
import { CheckList } from './check-list.ts';
import { type VerifiedStatement, verifyStatement } from './envelope.ts';
import { verifySimpleSigning } from './simple-signing.ts';

/**
 * Decides which of the collected candidates are genuine signatures and attestations of `evidence.subject`. Pure: no
 * I/O, no clock (`now` stands for it where no verified time does), never throws. Every candidate ends in exactly one
 * of the three lists; whatever goes wrong with one means that it is rejected, and says nothing about the others.
 *
 * Two verified signatures may be by one key: count distinct signers (`distinctSigners`), never signatures.
 */
export function verifyEvidence(evidence: Evidence, trust: Trust, now: Date): VerificationResult {
  const signatures: VerifiedSignature[] = [];
  const attestations: VerifiedAttestation[] = [];
  const rejected: Rejection[] = [...evidence.skipped];
  for (const item of evidence.items) {
    const list = new CheckList();
    try {
      const verified = verifyItem(item, evidence.subject.digest, trust, now, list);
      if (verified.kind === 'signature') signatures.push(verified.signature);
      else attestations.push(verified.attestation);
    } catch (error) {
      rejected.push(rejection(item, error, list));
    }
  }
  return { signatures, attestations, rejected };
}

/** Who signed, each once, in order of appearance: the fingerprint of a key. This is what a quorum counts. */
export function distinctSigners(signatures: readonly VerifiedSignature[]): readonly string[] {
  const ids = signatures.map(({ signer }) =>
    signer.kind === 'key' ? signer.fingerprint : JSON.stringify([signer.issuer, signer.subject]),
  );
  return [...new Set(ids)];
}

function verifyItem(
  item: EvidenceItem,
  digest: Digest,
  trust: Trust,
  now: Date,
  list: CheckList,
): VerifiedStatement {
  switch (item.kind) {
    case 'simple-signing':
      return { kind: 'signature', signature: verifySimpleSigning(item, digest, trust, now, list) };
    case 'dsse': {
      refuseCertificate(item.annotations);
      const envelope = parseEnvelope(
        parseJson(item.payload, 'the envelope', { maxBytes: item.payload.byteLength }),
      );
      const annotation = item.annotations[annotationNames.bundle];
      const entries = () =>
        annotation === undefined || annotation === '' ? [] : [parseLogAnnotation(annotation)];
      return verifyStatement(
        { source: item.source, envelope, hint: null, entries },
        digest,
        trust,
        now,
        list,
      );
    }
    case 'bundle': {
      const bundle = list.run(
        'bundle',
        () => parseBundle(item.bytes),
        (parsed) => `Sigstore bundle v${parsed.version}`,
      );
      const { content, material } = bundle;
      if (material.kind === 'certificate') {
        throw certificateNotTrusted(() => material.certificates[0]);
      }
      if (content.kind !== 'dsse') {
        throw sigstoreErrors.error('BUNDLE_CONTENT_UNSUPPORTED', {
          message: 'a bundle on an image must hold a DSSE envelope',
          expected: 'dsseEnvelope',
          found: 'messageSignature',
        });
      }
      const { source } = item;
      const candidate = {
        source,
        envelope: content.envelope,
        hint: material.hint,
        entries: () => bundle.logEntries,
      };
      return verifyStatement(candidate, digest, trust, now, list);
    }
  }
}

function rejection(item: EvidenceItem, error: unknown, list: CheckList): Rejection {
  const refusal =
    error instanceof PratiqueError
      ? error
      : sigstoreErrors.error('VERIFICATION_FAILED', { message: 'the verifier failed on this signature' });
  return {
    source: item.source,
    code: refusal.code,
    message: refusal.message,
    ...(refusal.expected === undefined ? {} : { expected: refusal.expected }),
    ...(refusal.found === undefined ? {} : { found: refusal.found }),
    checks: list.checks,
  };
}
