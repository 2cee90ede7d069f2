import {
  type Digest,
  isNotFound,
  type ManifestContent,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { cosignTag, sigstoreErrors, sigstoreMediaTypes, type TagReadOptions } from '@pratique/sigstore';
import { CommandFailure, exit } from '../program/exit.ts';
import type { NamedImage } from './client.ts';
import type { VerifiablePlace } from './places.ts';

/** What stands under an SBOM tag. */
export interface FoundSbom {
  readonly tag: string;
  readonly content: ManifestContent;
}

/** Looks under the SBOM tag of an image. @throws SBOM_MISSING with exit code 1; what else the repository throws is a fault */
export async function findSbom(
  name: string,
  digest: Digest,
  signatures: Repository,
  options: TagReadOptions,
): Promise<FoundSbom> {
  const tag = cosignTag(digest, 'sbom', options.tagPrefix);
  try {
    return { tag, content: await signatures.getManifest(tag, options) };
  } catch (error) {
    throw isNotFound(error) ? sbomMissing(name, digest) : error;
  }
}

/** The SBOM that refers to the image by Cosign's experimental OCI 1.1 mode, the last one listed; null where there is none. */
export async function findSbomReferrer(
  digest: Digest,
  signatures: Repository,
  options: ReadOptions,
): Promise<ManifestContent | null> {
  const type = sigstoreMediaTypes.cosignSbomArtifact;
  const listed = await signatures.referrers(digest, { ...options, artifactType: type });
  const last = listed.findLast(({ artifactType }) => artifactType === type);
  return last === undefined ? null : await signatures.getManifest(last.digest, options);
}

/** What was asked for is not there: no denial of anything, and exit code 1 as cosign has it. */
export function sbomMissing(name: string, digest: Digest): CommandFailure {
  const error = sigstoreErrors.error('SBOM_MISSING', {
    message: `${name} (${digest}) has no SBOM under its tag`,
  });
  return new CommandFailure(exit.operational, error);
}

/** The SBOM of an image as the image to sign: it and its signatures are where those of the image are. @throws SBOM_MISSING */
export async function sbomToSign(
  name: string,
  { repository, version, signatures }: NamedImage,
  options: TagReadOptions,
): Promise<NamedImage> {
  const { digest } = await repository.resolve(version, options);
  const { tag, content } = await findSbom(name, digest, signatures, options);
  return {
    reference: { registry: signatures.registry, repository: signatures.repository, tag },
    repository: signatures,
    version: content.descriptor.digest,
    signatures,
  };
}

/** The same as the image to verify. @throws SBOM_MISSING */
export async function sbomToVerify(
  place: VerifiablePlace,
  options: TagReadOptions,
): Promise<VerifiablePlace> {
  const { signatures } = place;
  const { digest } = await place.repository.resolve(place.version, options);
  const { tag, content } = await findSbom(place.name, digest, signatures, options);
  const name = `${signatures.name}:${tag}`;
  return {
    ...place,
    name,
    claimedName: name,
    repository: signatures,
    version: content.descriptor.digest,
    pinned: (pinnedTo) => `${signatures.name}@${pinnedTo}`,
  };
}
