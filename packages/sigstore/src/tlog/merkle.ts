import { createHash } from 'node:crypto';
import { concatBytes, equalBytes } from '@pratique/crypto';
import type { InclusionProof } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';

/**
 * Checks that `leaf` stands at `proof.logIndex` of the tree whose root hash is `proof.rootHash` (RFC 6962 §2.1.1, the
 * algorithm of RFC 9162 §2.1.3.2). Says nothing about whose tree that is: see `checkpoint.ts`.
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
  let node = proof.logIndex;
  let last = proof.treeSize - 1n;
  let hash = sha256(0, leaf);
  for (const sibling of proof.hashes) {
    if (last === 0n || sibling.byteLength !== 32) throw wrongPath();
    if ((node & 1n) === 1n || node === last) {
      hash = sha256(1, sibling, hash);
      // The node has no right sibling on this level: go up to the level where it is a right child.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = sha256(1, hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n || !equalBytes(hash, proof.rootHash)) throw wrongPath();
}

/** Hash of a leaf (prefix 0) or of two children (prefix 1): the prefixes keep one from being taken for the other. */
function sha256(prefix: 0 | 1, ...parts: readonly Uint8Array[]): Uint8Array {
  return createHash('sha256')
    .update(concatBytes(Uint8Array.of(prefix), ...parts))
    .digest();
}

function wrongPath() {
  return sigstoreErrors.error('LOG_PROOF_INVALID', {
    message: 'the inclusion proof does not lead to the root hash',
  });
}
