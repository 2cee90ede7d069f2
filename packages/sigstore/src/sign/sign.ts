import type { SigningKey } from '@pratique/crypto';
import type { Descriptor, Digest, ReadOptions, Repository } from '@pratique/oci';
import { cosignTag } from '../collect/tag-scheme.ts';
import { sigstoreErrors } from '../errors.ts';
import { signPredicateType } from '../media-types.ts';
import { formatSimpleSigning } from '../payload/simple-signing.ts';
import { formatStatement } from '../payload/statement.ts';
import { attachBundle, makeBundle } from './bundle.ts';
import { creationTime } from './created.ts';
import { appendSignature } from './legacy.ts';

export interface SignOptions {
  /** `-a name=value`: signed along with the digest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** `bundle` (default): Sigstore bundle v0.3 as a referrer. `legacy`: a layer of the tag `sha256-….sig`. */
  readonly format?: 'bundle' | 'legacy';
  /** Sign every manifest of an index too. */
  readonly recursive?: boolean;
  /** `critical.identity.docker-reference` of the legacy format. Default: the repository's name. */
  readonly dockerReference?: string;
  /** Put before the tag of the legacy format. */
  readonly tagPrefix?: string;
  /** Where signatures go when not beside the image (COSIGN_REPOSITORY). */
  readonly signatureRepository?: Repository;
  /** Default: SOURCE_DATE_EPOCH, else now. Only bundles carry a time. */
  readonly created?: Date;
  readonly signal?: AbortSignal;
}

/** One signature that was stored. */
export interface SignedImage {
  readonly subject: Digest;
  readonly format: 'bundle' | 'legacy';
  /** The manifest that holds it. */
  readonly manifest: Digest;
  /** The tag of the legacy format. */
  readonly tag: string | null;
  /** True when the same key had already signed the same payload, so that nothing was written. */
  readonly existed: boolean;
}

/** More manifests than any real index has. */
const maxManifests = 1000;

/**
 * Signs an image or index with a key, as `cosign sign` 3 does, and stores the signature beside it. `subject` must be
 * what a tag was resolved to: the digest is signed, never the tag.
 *
 * Signing again with the same key adds another bundle, but no second layer to a legacy tag.
 *
 * @throws SIGNING_CONFLICT, SIGNING_SUBJECT_INVALID, EVIDENCE_LIMIT, and whatever the repository throws
 */
export async function signImage(
  repository: Repository,
  subject: Descriptor,
  key: SigningKey,
  options: SignOptions = {},
): Promise<readonly SignedImage[]> {
  const read: ReadOptions = options.signal === undefined ? {} : { signal: options.signal };
  const subjects = options.recursive === true ? await manifestsOf(repository, subject, read) : [subject];
  const signed: SignedImage[] = [];
  for (const one of subjects) signed.push(await signOne(repository, one, key, options, read));
  return signed;
}

async function signOne(
  repository: Repository,
  subject: Descriptor,
  key: SigningKey,
  options: SignOptions,
  read: ReadOptions,
): Promise<SignedImage> {
  const { annotations = {}, format = 'bundle' } = options;
  const target = options.signatureRepository ?? repository;
  const { digest } = subject;
  if (format === 'legacy') {
    const tag = cosignTag(digest, 'sig', options.tagPrefix);
    const payload = formatSimpleSigning(options.dockerReference ?? repository.name, digest, annotations);
    const { manifest, existed } = await appendSignature(target, tag, payload, key, read);
    return { subject: digest, format, manifest: manifest.digest, tag, existed };
  }
  const statement = formatStatement({
    type: 'https://in-toto.io/Statement/v1',
    digest,
    annotations,
    predicateType: signPredicateType,
    predicate: {},
  });
  const created = options.created ?? creationTime();
  const bundle = makeBundle(statement, key);
  const manifest = await attachBundle(target, subject, bundle, signPredicateType, created, read);
  return { subject: digest, format, manifest: manifest.digest, tag: null, existed: false };
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
