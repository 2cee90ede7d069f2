import type { Descriptor, Digest, Repository } from '@pratique/oci';
import { cosignTag } from '../collect/tag-scheme.ts';
import { sigstoreErrors } from '../errors.ts';
import { signPredicateType } from '../media-types.ts';
import { formatStatement, parseStatement } from '../payload/statement.ts';
import { findSubject } from '../verify/subject.ts';
import { attachBundle } from './attach.ts';
import { creationTime } from './created.ts';
import { addAttestationLayer } from './legacy.ts';
import type { ContentSigner } from './signer.ts';
import { bundleStatement, statementContent } from './statement-bundle.ts';

/** What is said about an image: a predicate and its type, or a whole in-toto statement, whose subject it must be. */
export type Claim =
  | {
      /** URI of the predicate's type, e.g. `https://spdx.dev/Document`. */
      readonly predicateType: string;
      /** Any JSON. */
      readonly predicate: unknown;
    }
  | { readonly statement: Uint8Array };

export interface AttestOptions {
  /** `bundle` (default): Sigstore bundle v0.3 as a referrer. `legacy`: a layer of the tag `sha256-….att`. */
  readonly format?: 'bundle' | 'legacy';
  /** Take the place of the attestations of the same type in the tag. Legacy format only. */
  readonly replace?: boolean;
  /** Put before the tag of the legacy format. */
  readonly tagPrefix?: string;
  /** Legacy format: what holds the first attestation is an image of Docker's media types (`COSIGN_DOCKER_MEDIA_TYPES`). */
  readonly dockerMediaTypes?: boolean;
  /** Where attestations go when not beside the image (COSIGN_REPOSITORY). */
  readonly signatureRepository?: Repository;
  /** False: a bundle is made and verified, and stored nowhere. Default true. */
  readonly store?: boolean;
  /** Of bundles, SOURCE_DATE_EPOCH, else now, where it is absent. The legacy format has no time then. */
  readonly created?: Date;
  readonly signal?: AbortSignal;
}

/** One attestation that was made. */
export interface Attested {
  /** The manifest that holds it; null where it was not stored. */
  readonly manifest: Digest | null;
  /** The Sigstore bundle; the legacy format has none. */
  readonly bundle: Uint8Array | null;
}

/**
 * Signs a statement about an image (SBOM, provenance, scan…) and stores it beside the image, as `cosign attest` does.
 * What was made is verified before it is stored.
 *
 * @throws SIGNING_SUBJECT_INVALID for the predicate type of signatures, which only `signImage` makes;
 *   PAYLOAD_INVALID, SUBJECT_MISMATCH for a statement that is none or about something else; SIGNATURE_NOT_VERIFIABLE
 */
export async function attestImage(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  claim: Claim,
  options: AttestOptions = {},
): Promise<Attested> {
  const { payload, predicateType } = statementOf(claim, repository.name, subject);
  const read = options.signal === undefined ? {} : { signal: options.signal };
  const target = options.signatureRepository ?? repository;
  if (options.format === 'legacy') {
    const tag = cosignTag(subject.digest, 'att', options.tagPrefix);
    const { replace = false, created, dockerMediaTypes } = options;
    const layer = { ...read, replace, created, dockerMediaTypes };
    const statement = { content: statementContent(payload), predicateType };
    const { manifest } = await addAttestationLayer(target, tag, statement, subject, signer, layer);
    return { manifest: manifest.digest, bundle: null };
  }
  const { bundle } = await bundleStatement(payload, subject, signer, read);
  if (options.store === false) return { manifest: null, bundle };
  const created = options.created ?? creationTime();
  const manifest = await attachBundle(target, subject, bundle, predicateType, created, read);
  return { manifest: manifest.digest, bundle };
}

/** The statement to sign. One that was given must be about the image, and no signature in disguise. */
function statementOf(
  claim: Claim,
  name: string,
  { digest }: Descriptor,
): { readonly payload: Uint8Array; readonly predicateType: string } {
  if ('statement' in claim) {
    const statement = parseStatement(claim.statement);
    findSubject(statement, digest);
    refuseSignatureType(statement.predicateType);
    return { payload: claim.statement, predicateType: statement.predicateType };
  }
  const { predicateType, predicate } = claim;
  refuseSignatureType(predicateType);
  const payload = formatStatement({
    type: 'https://in-toto.io/Statement/v0.1',
    name,
    digest,
    predicateType,
    predicate,
  });
  return { payload, predicateType };
}

/** Only `signImage` says that something is signed. Throws SIGNING_SUBJECT_INVALID. */
export function refuseSignatureType(predicateType: string): void {
  if (predicateType !== signPredicateType) return;
  throw sigstoreErrors.error('SIGNING_SUBJECT_INVALID', {
    message: 'this predicate type is the one of image signatures',
    remedy: 'Use `pratique sign` to sign an image, or name the type of the attestation with --type.',
  });
}
