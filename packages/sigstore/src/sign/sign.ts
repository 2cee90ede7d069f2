import type { Descriptor, Digest, ReadOptions, Repository } from '@pratique/oci';
import { cosignTag } from '../collect/tag-scheme.ts';
import { sigstoreErrors } from '../errors.ts';
import { signPredicateType } from '../media-types.ts';
import {
  checkSimpleSigningType,
  formatSimpleSigning,
  parseSimpleSigning,
} from '../payload/simple-signing.ts';
import { formatStatement } from '../payload/statement.ts';
import { checkManifestDigest } from '../verify/subject.ts';
import { attachBundle } from './attach.ts';
import { creationTime } from './created.ts';
import { addSignatureLayer } from './legacy.ts';
import type { ContentSigner, Signed } from './signer.ts';
import { bundleStatement } from './statement-bundle.ts';

export interface SignOptions {
  /** `-a name=value`: signed along with the digest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** `bundle` (default): Sigstore bundle v0.3 as a referrer. `legacy`: a layer of the tag `sha256-….sig`. */
  readonly format?: 'bundle' | 'legacy';
  /** Sign every manifest of an index too. */
  readonly recursive?: boolean;
  /** Legacy format: what is signed, in place of a document that is made from annotations and reference. Of one image. */
  readonly payload?: Uint8Array;
  /** `critical.identity.docker-reference` of the legacy format. Default: the repository's name. */
  readonly dockerReference?: string;
  /** Put before the tag of the legacy format. */
  readonly tagPrefix?: string;
  /** Legacy format: what holds the first signature is an image of Docker's media types (`COSIGN_DOCKER_MEDIA_TYPES`). */
  readonly dockerMediaTypes?: boolean;
  /** Where signatures go when not beside the image (COSIGN_REPOSITORY). */
  readonly signatureRepository?: Repository;
  /** False: signatures are made and verified, and stored nowhere. Default true. */
  readonly store?: boolean;
  /** Legacy format: a manifest of its own that refers to the image (Cosign's experimental OCI 1.1 mode), not a layer of the tag. */
  readonly referrer?: boolean;
  /** Of bundles, SOURCE_DATE_EPOCH, else now, where it is absent. The legacy format has no time then. */
  readonly created?: Date;
  readonly signal?: AbortSignal;
}

/** One signature that was made. */
export interface SignedImage {
  readonly subject: Digest;
  readonly format: 'bundle' | 'legacy';
  /** The manifest that holds it; null where it was not stored. */
  readonly manifest: Digest | null;
  /** The tag of the legacy format; null where it is in none. */
  readonly tag: string | null;
  /** True when the same key had already signed the same payload, so that nothing was written. */
  readonly existed: boolean;
  /** The Sigstore bundle; the legacy format has none. */
  readonly bundle: Uint8Array | null;
  /** The signature, with what it is over. */
  readonly signed: Signed;
}

/** More manifests than any real index has. */
const maxManifests = 1000;

/**
 * Signs an image or index, as `cosign sign` 3 does, and stores the signature beside it. `subject` must be
 * what a tag was resolved to: the digest is signed, never the tag.
 *
 * Signing again adds another bundle; a bare key adds no second layer to a legacy tag. What was made is verified before
 * it is stored.
 *
 * @throws SUBJECT_MISMATCH, PAYLOAD_INVALID, PAYLOAD_TYPE_MISMATCH for a payload that was given; SIGNING_CONFLICT,
 *   SIGNING_SUBJECT_INVALID, SIGNATURE_NOT_VERIFIABLE, EVIDENCE_LIMIT, and whatever signer and
 *   repository throw
 */
export async function signImage(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  options: SignOptions = {},
): Promise<readonly SignedImage[]> {
  const read: ReadOptions = options.signal === undefined ? {} : { signal: options.signal };
  const subjects = options.recursive === true ? await manifestsOf(repository, subject, read) : [subject];
  const signed: SignedImage[] = [];
  for (const one of subjects) signed.push(await signOne(repository, one, signer, options, read));
  return signed;
}

async function signOne(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  options: SignOptions,
  read: ReadOptions,
): Promise<SignedImage> {
  const { annotations = {}, format = 'bundle' } = options;
  const target = options.signatureRepository ?? repository;
  const { digest } = subject;
  if (format === 'legacy') {
    const tag = cosignTag(digest, 'sig', options.tagPrefix);
    const payload =
      options.payload === undefined
        ? formatSimpleSigning(options.dockerReference ?? repository.name, digest, annotations)
        : checkedPayload(options.payload, digest);
    const { created, dockerMediaTypes, referrer = false, store = true } = options;
    const storing = { ...read, store, referrer, created, dockerMediaTypes };
    const { signed, appended } = await addSignatureLayer(target, tag, payload, subject, signer, storing);
    const { manifest = null, existed = false } = appended ?? {};
    return {
      subject: digest,
      format,
      manifest: manifest?.digest ?? null,
      tag: referrer ? null : tag,
      existed,
      bundle: null,
      signed,
    };
  }
  const statement = formatStatement({
    type: 'https://in-toto.io/Statement/v1',
    digest,
    annotations,
    predicateType: signPredicateType,
    predicate: {},
  });
  const { bundle, signed } = await bundleStatement(statement, subject, signer, read);
  const made = { subject: digest, format, tag: null, existed: false, bundle, signed };
  if (options.store === false) return { ...made, manifest: null };
  const created = options.created ?? creationTime();
  const manifest = await attachBundle(target, subject, bundle, signPredicateType, created, read);
  return { ...made, manifest: manifest.digest };
}

/** A document that was given: nobody must log what could never be a signature of this image. */
function checkedPayload(payload: Uint8Array, digest: Digest): Uint8Array {
  const document = parseSimpleSigning(payload);
  checkSimpleSigningType(document);
  checkManifestDigest(document.dockerManifestDigest, digest);
  return payload;
}

/** The subject and every manifest below it, each once. Digests cannot form a cycle; their number can be absurd. */
async function manifestsOf(
  repository: Repository,
  subject: Descriptor,
  read: ReadOptions,
): Promise<Descriptor[]> {
  const found = new Map<Digest, Descriptor>([[subject.digest, subject]]);
  for (const descriptor of found.values()) {
    const { manifest } = await repository.getManifest(descriptor.digest, read);
    if (manifest.kind === 'image') continue;
    for (const child of manifest.manifests) {
      const { mediaType, digest, size } = child;
      if (!found.has(digest)) found.set(digest, { mediaType, digest, size });
    }
    if (found.size > maxManifests) {
      throw sigstoreErrors.error('SIGNING_SUBJECT_INVALID', {
        message: 'the index names more manifests than are signed',
        expected: `at most ${maxManifests}`,
        found: `more than ${found.size}`,
      });
    }
  }
  return [...found.values()];
}

/** The warning for signing by tag: between looking at an image and signing it, a tag can move. */
export function tagReferenceWarning(reference: string): string {
  return `Image reference ${reference} uses a tag, not a digest, to identify the image to sign.
    This can lead you to sign a different image than the intended one. Please use a
    digest (example.com/ubuntu@sha256:abc123...) rather than tag
    (example.com/ubuntu:latest) for the input to pratique.
`;
}
