import type { Descriptor, Reference, Repository } from '@pratique/oci';
import type { Evidence, VerificationResult } from '@pratique/sigstore';
import type { Trust } from '../trust/types.ts';

/** Opens the repository a reference names; throws for what cannot be opened. Called for every image that is looked up. */
export type OpenRepository = (reference: Reference) => Repository | Promise<Repository>;

/**
 * One family of signatures: where its evidence is kept, and what of it is true. `collect` does I/O and believes
 * nothing; `verify` does no I/O and decides only what is cryptographically so. `now` stands for the time of a
 * signature that proves none.
 */
export interface Station {
  collect(
    repository: Repository,
    subject: Descriptor,
    options: { readonly signal: AbortSignal },
  ): Promise<Evidence>;
  verify(evidence: Evidence, trust: Trust, now: Date): VerificationResult | Promise<VerificationResult>;
}

/** What several verifications found, together. */
export function mergeResults(results: readonly VerificationResult[]): VerificationResult {
  return {
    signatures: results.flatMap(({ signatures }) => signatures),
    attestations: results.flatMap(({ attestations }) => attestations),
    rejected: results.flatMap(({ rejected }) => rejected),
  };
}
