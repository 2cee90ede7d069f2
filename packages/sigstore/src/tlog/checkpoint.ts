import {
  type Checkpoint,
  type Cosignature,
  checkWitnesses,
  equalBytes,
  isNoteSignedBy,
  noteKeyHash,
  type PublicKey,
  parseCheckpoint,
  type WitnessPolicy,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import type { InclusionProof } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import type { TransparencyLog } from '../trust/trust.ts';

/**
 * Checks that a Rekor v1 proof's checkpoint is signed by the log and is about the proof's tree: same root hash, same
 * size. The key hint is the start of the log id; Rekor v1 signs under names of its own. Signatures by others
 * (witnesses) are tolerated.
 *
 * @throws LOG_CHECKPOINT_INVALID
 */
export function verifyCheckpoint(proof: InclusionProof, log: TransparencyLog): void {
  const checkpoint = read(proof);
  const keyHint = Buffer.from(log.id.slice(0, 8), 'hex');
  checkSignature(checkpoint, log.key, keyHint, null);
  checkTree(checkpoint, proof);
}

/**
 * The same for Rekor v2 (C2SP `tlog-checkpoint`): the origin must be the log's host name, the log must sign under that
 * name, and the key hint is that of the name and key. A key is therefore of use for one log only.
 *
 * @throws LOG_CHECKPOINT_INVALID
 */
export function verifyCheckpointV2(proof: InclusionProof, log: TransparencyLog): void {
  const checkpoint = read(proof);
  const origin = URL.parse(log.baseUrl)?.hostname ?? '';
  if (origin === '' || checkpoint.origin !== origin) {
    throw sigstoreErrors.error('LOG_CHECKPOINT_INVALID', {
      message: 'the log’s checkpoint is of another log',
      expected: origin === '' ? 'a log whose base URL is known' : origin,
      found: printable(checkpoint.origin),
    });
  }
  checkSignature(checkpoint, log.key, noteKeyHash(origin, log.key).subarray(0, 4), origin);
  checkTree(checkpoint, proof);
}

/**
 * Checks that enough of the witnesses of a policy cosigned the checkpoint of a proof, which the log itself has been
 * found to have signed.
 *
 * @returns which of them did, and when
 * @throws LOG_WITNESSES_MISSING
 */
export function requireWitnesses(
  proof: InclusionProof | null,
  policy: WitnessPolicy,
): readonly Cosignature[] {
  const { ok, cosignatures } =
    proof === null ? { ok: policy.quorum === null, cosignatures: [] } : checkWitnesses(read(proof), policy);
  if (ok) return cosignatures;
  throw sigstoreErrors.error('LOG_WITNESSES_MISSING', {
    message: 'too few of the witnesses that are asked for have seen the log as this signature shows it',
    expected: policy.description,
    found:
      proof === null ? 'no checkpoint' : cosignatures.map(({ name }) => name).join(', ') || 'none of them',
  });
}

function read(proof: InclusionProof): Checkpoint {
  try {
    return parseCheckpoint(proof.checkpoint);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw sigstoreErrors.error('LOG_CHECKPOINT_INVALID', {
      message: `the log’s checkpoint cannot be read: ${error.message}`,
    });
  }
}

function checkSignature(
  checkpoint: Checkpoint,
  key: PublicKey,
  keyHint: Uint8Array,
  name: string | null,
): void {
  if (!isNoteSignedBy(checkpoint, { key, keyHint, name })) throw invalid('is not signed by the log');
}

function checkTree(checkpoint: Checkpoint, proof: InclusionProof): void {
  if (checkpoint.treeSize !== proof.treeSize || !equalBytes(checkpoint.rootHash, proof.rootHash)) {
    throw invalid('is about another tree than the inclusion proof');
  }
}

function invalid(message: string) {
  return sigstoreErrors.error('LOG_CHECKPOINT_INVALID', { message: `the log’s checkpoint ${message}` });
}
