import { leafHash, verifyInclusionProof } from '@pratique/crypto';
import type { InclusionProof } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';

/**
 * Checks that `leaf` stands at `proof.logIndex` of the tree whose root hash is `proof.rootHash` (RFC 6962 §2.1.1). Says
 * nothing about whose tree that is: see `checkpoint.ts`.
 *
 * @throws LOG_PROOF_INVALID
 */
export function verifyInclusion(leaf: Uint8Array, proof: InclusionProof): void {
  if (proof.logIndex >= proof.treeSize) {
    throw sigstoreErrors.error('LOG_PROOF_INVALID', {
      message: 'the inclusion proof is for an entry outside of the tree',
      expected: `an index below ${proof.treeSize}`,
      found: String(proof.logIndex),
    });
  }
  if (!verifyInclusionProof(leafHash(leaf), proof.logIndex, proof.treeSize, proof.hashes, proof.rootHash)) {
    throw sigstoreErrors.error('LOG_PROOF_INVALID', {
      message: 'the inclusion proof does not lead to the root hash',
    });
  }
}
