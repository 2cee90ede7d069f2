import { setImmediate } from 'node:timers/promises';
import { parseEnvelope, parseJson } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import { parseBundle } from '../bundle/parse.ts';
import { sigstoreErrors } from '../errors.ts';
import type { Trust } from '../trust/trust.ts';
import type {
  Evidence,
  EvidenceItem,
  GivenParts,
  Rejection,
  VerificationResult,
  VerifiedAttestation,
  VerifiedSignature,
} from '../types.ts';
import { annotatedMaterial } from './annotations.ts';
import { bundleMaterial, describeRejection } from './bundle.ts';
import { CheckList } from './check-list.ts';
import { type VerifiedStatement, verifyStatement } from './envelope.ts';
import { verifySimpleSigning } from './simple-signing.ts';

/**
 * Decides which of the collected candidates are genuine signatures and attestations of `evidence.subject`. Pure: no
 * I/O, no clock (`now` stands for it where no verified time does), never throws. Every candidate ends in exactly one
 * of the three lists; whatever goes wrong with one means that it is rejected, and says nothing about the others.
 *
 * Two verified signatures may be by one key: count distinct signers (`distinctSigners`), never signatures.
 *
 * @param given what is said beside the signatures
 */
export function verifyEvidence(
  evidence: Evidence,
  trust: Trust,
  now: Date,
  given: GivenParts = {},
): VerificationResult {
  const result = emptyLists(evidence);
  for (const item of evidence.items) sort(item, evidence.subject.digest, trust, now, given, result);
  return result;
}

/** Longest time for which the event loop is held up, in milliseconds, unless one candidate alone takes longer. */
const turnMilliseconds = 10;

/**
 * The same in turns, for servers: a thousand forged signatures against many P-384 keys take seconds, in which nothing
 * else would be answered. Gives way every few milliseconds and stops when `signal` is aborted, with its reason.
 */
export async function verifyEvidenceInTurns(
  evidence: Evidence,
  trust: Trust,
  now: Date,
  signal?: AbortSignal,
): Promise<VerificationResult> {
  const result = emptyLists(evidence);
  let turn = performance.now();
  for (const item of evidence.items) {
    if (performance.now() - turn > turnMilliseconds) {
      await setImmediate();
      turn = performance.now();
    }
    signal?.throwIfAborted();
    sort(item, evidence.subject.digest, trust, now, {}, result);
  }
  return result;
}

interface Lists {
  readonly signatures: VerifiedSignature[];
  readonly attestations: VerifiedAttestation[];
  readonly rejected: Rejection[];
}

function emptyLists(evidence: Evidence): Lists {
  return { signatures: [], attestations: [], rejected: [...evidence.skipped] };
}

/** Verifies one candidate and puts it into the list it belongs to. */
function sort(
  item: EvidenceItem,
  digest: Digest,
  trust: Trust,
  now: Date,
  given: GivenParts,
  into: Lists,
): void {
  const list = new CheckList();
  try {
    const verified = verifyItem(item, digest, trust, now, given, list);
    if (verified.kind === 'signature') into.signatures.push(verified.signature);
    else into.attestations.push(verified.attestation);
  } catch (error) {
    into.rejected.push({ source: item.source, ...describeRejection(error, list) });
  }
}

/** Who signed, each once, in order of appearance: a key's fingerprint, or issuer and subject. What a quorum counts. */
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
  given: GivenParts,
  list: CheckList,
): VerifiedStatement {
  switch (item.kind) {
    case 'simple-signing':
      return { kind: 'signature', signature: verifySimpleSigning(item, digest, trust, now, given, list) };
    case 'dsse': {
      const material = annotatedMaterial(item.annotations, given, item.payload);
      const envelope = list.run(
        'envelope-encoding',
        () => parseEnvelope(parseJson(item.payload, 'the envelope', { maxBytes: item.payload.byteLength })),
        () => 'a DSSE envelope',
      );
      const { source, payload: bytes } = item;
      return verifyStatement({ source, envelope, bytes, material }, digest, trust, now, list);
    }
    case 'bundle': {
      const bundle = list.run(
        'bundle',
        () => parseBundle(item.bytes, given),
        (parsed) => `Sigstore bundle v${parsed.version}`,
      );
      const { content } = bundle;
      if (content.kind !== 'dsse') {
        throw sigstoreErrors.error('BUNDLE_CONTENT_UNSUPPORTED', {
          message: 'a bundle on an image must hold a DSSE envelope',
          expected: 'dsseEnvelope',
          found: 'messageSignature',
        });
      }
      const { source } = item;
      const { envelope } = content;
      return verifyStatement(
        { source, envelope, material: bundleMaterial(bundle, given) },
        digest,
        trust,
        now,
        list,
      );
    }
  }
}
