import type { SigningKey } from '@pratique/crypto';
import type { Descriptor, Digest, Repository } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { signPredicateType } from '../media-types.ts';
import { formatStatement } from '../payload/statement.ts';
import { attachBundle, makeBundle } from './bundle.ts';
import { creationTime } from './created.ts';

export interface AttestOptions {
  /** URI of the predicate's type, e.g. `https://spdx.dev/Document`. */
  readonly predicateType: string;
  /** Any JSON. */
  readonly predicate: unknown;
  /** Default: SOURCE_DATE_EPOCH, else now. */
  readonly created?: Date;
  readonly signal?: AbortSignal;
}

/**
 * Signs a statement about an image (SBOM, provenance, scan…) and stores it as a Sigstore bundle beside the image, as
 * `cosign attest` 3 does. Returns the digest of the manifest that holds it.
 *
 * @throws SIGNING_SUBJECT_INVALID for the predicate type of signatures, which only `signImage` makes
 */
export async function attestImage(
  repository: Repository,
  subject: Descriptor,
  key: SigningKey,
  options: AttestOptions,
): Promise<Digest> {
  const { predicateType, predicate } = options;
  if (predicateType === signPredicateType) {
    throw sigstoreErrors.error('SIGNING_SUBJECT_INVALID', {
      message: 'this predicate type is the one of image signatures',
      remedy: 'Use `pratique sign` to sign an image, or name the type of the attestation with --type.',
    });
  }
  const statement = formatStatement({
    type: 'https://in-toto.io/Statement/v0.1',
    name: repository.name,
    digest: subject.digest,
    predicateType,
    predicate,
  });
  const read = options.signal === undefined ? {} : { signal: options.signal };
  const created = options.created ?? creationTime();
  const manifest = await attachBundle(
    repository,
    subject,
    makeBundle(statement, key),
    predicateType,
    created,
    read,
  );
  return manifest.digest;
}
