import type { Digest, Keychain, Reference, Repository } from '@pratique/oci';
import {
  type Collected,
  type Evidence,
  isIdentity,
  type Rejection,
  type VerificationResult,
  type VerifiedAttestation,
  type VerifiedSignature,
} from '@pratique/sigstore';
import type { Authority, Trust } from '../trust/types.ts';

/**
 * Opens the repository a reference names; throws for what cannot be opened. Called for every image that is looked up.
 *
 * @param keychain where its credentials are, instead of where they are for images
 */
export type OpenRepository = (reference: Reference, keychain?: Keychain) => Repository | Promise<Repository>;

/**
 * One family of signatures: where its evidence is kept, and what of it is true. `collect` does I/O and believes
 * nothing, not even that the image is there; `verify` does no I/O and decides only what is cryptographically so. `now` stands for the time of a
 * signature that proves none.
 */
export interface Station {
  collect(
    repository: Repository,
    digest: Digest,
    options: {
      readonly signal: AbortSignal;
      /** Before the names of tags, where signatures are found by such. */
      readonly tagPrefix: string;
      /** To be told how many bytes will be read into memory, and waited for. */
      readonly reserve: (bytes: number) => Promise<void>;
    },
  ): Promise<Collected>;
  verify(evidence: Evidence, trust: Trust, now: Date): Attributed | Promise<Attributed>;
}

/** Names of the configured authorities that something is by. */
interface ByAuthorities {
  readonly authorities: readonly string[];
  /** `signatureId`, where a policy of the trust configuration sees it. */
  readonly id?: string;
}

/** What a verification found, with whose it is. */
export interface Attributed {
  readonly signatures: readonly (VerifiedSignature & ByAuthorities)[];
  readonly attestations: readonly (VerifiedAttestation & ByAuthorities)[];
  readonly rejected: readonly Rejection[];
}

/** What several verifications found, together. */
export function mergeResults(results: readonly Attributed[]): Attributed {
  return {
    signatures: results.flatMap(({ signatures }) => signatures),
    attestations: results.flatMap(({ attestations }) => attestations),
    rejected: results.flatMap(({ rejected }) => rejected),
  };
}

/** Whose signatures these are, decided by what was proven: the key that verified, or the certificate's identity. */
export function attribute(authorities: Iterable<Authority>, result: VerificationResult): Attributed {
  const known = [...authorities];
  const named = <T extends VerifiedSignature>(signature: T): T & ByAuthorities => ({
    ...signature,
    authorities: known.filter((authority) => isBy(signature, authority)).map(({ name }) => name),
  });
  return {
    signatures: result.signatures.map(named),
    attestations: result.attestations.map(named),
    rejected: result.rejected,
  };
}

function isBy({ signer }: VerifiedSignature, { keys, identities }: Authority): boolean {
  return signer.kind === 'key'
    ? keys.some((key) => key.fingerprint === signer.fingerprint)
    : identities.some((identity) => isIdentity(signer, identity));
}
