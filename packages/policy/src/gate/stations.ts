import type { Descriptor, Digest, Keychain, Reference, Repository } from '@pratique/oci';
import {
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

/** What a station is told beside where to look, and about what. */
export interface CollectContext {
  readonly signal: AbortSignal;
  /** When it is; for where what is fetched next depends on what has not expired. */
  readonly now: Date;
  /** The image as it was asked for. */
  readonly image: Reference;
  /** Before the names of tags, where signatures are found by such. */
  readonly tagPrefix: string;
  /** Those whose signatures count here. */
  readonly trust: Trust;
  /** Those of them that something is asked of for this image: where none signs in this way, nobody need be asked. */
  readonly asked: readonly Authority[];
  /** To be told how many bytes will be read into memory, and waited for. */
  readonly reserve: (bytes: number) => Promise<void>;
}

/** What there is about an image, as found: nothing of it is believed yet. */
export interface Found {
  /** About what the facts made of it take to keep. */
  readonly bytes: number;
  /** What of it is cryptographically true, without I/O. `now` stands for the time of a signature that proves none. */
  verify(subject: Descriptor, now: Date): Attributed | Promise<Attributed>;
}

/**
 * One family of signatures: where it is kept, and what of it is true. `collect` does I/O and believes nothing, not even
 * that the image is there. What it cannot find out is a fault, which it throws; that there is nothing is an answer.
 * Every station is asked about every image, and what all of them find counts alike.
 */
export interface Station {
  collect(repository: Repository, digest: Digest, context: CollectContext): Promise<Found>;
}

/** Where something was found: the format for people and policies, the blob where it is one. */
interface Origin {
  readonly format: string;
  readonly layer?: Digest;
}

/** A signature all of whose checks passed, whatever its format. */
export interface FoundSignature
  extends Pick<VerifiedSignature, 'signer' | 'annotations' | 'signedAt' | 'log' | 'checks'> {
  readonly format: string;
  readonly source: Origin;
}

/** Something that was looked at and refused. */
export interface FoundRejection extends Pick<Rejection, 'code' | 'message' | 'expected' | 'found'> {
  readonly source: Origin;
}

/** Names of the configured authorities that something is by. */
interface ByAuthorities {
  readonly authorities: readonly string[];
  /** `signatureId`, where a policy of the trust configuration sees it. */
  readonly id?: string;
}

/** What a verification found, with whose it is. */
export interface Attributed {
  readonly signatures: readonly (FoundSignature & ByAuthorities)[];
  readonly attestations: readonly (FoundSignature &
    Pick<VerifiedAttestation, 'predicateType' | 'predicate'> &
    ByAuthorities)[];
  readonly rejected: readonly FoundRejection[];
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
