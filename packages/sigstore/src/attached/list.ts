import {
  type Descriptor,
  type Digest,
  isNotFound,
  type ManifestContent,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { parseBundle } from '../bundle/parse.ts';
import { cosignTag, type TagReadOptions } from '../collect/tag-scheme.ts';
import { defaultEvidenceLimits } from '../limits.ts';
import { isBundleMediaType, mediaTypes, signPredicateType } from '../media-types.ts';
import { parseStatement } from '../payload/statement.ts';

/** What something attached to an image is, by its own account: nothing of it is verified. */
export type AttachedKind = 'signature' | 'attestation' | 'sbom' | 'other';

/** Something attached to an image. */
export interface Attached {
  readonly kind: AttachedKind;
  /** Cosign's tag that holds it; absent for a referrer. */
  readonly tag?: string;
  readonly descriptor: Descriptor;
}

const tagKinds = [
  ['sig', 'signature'],
  ['att', 'attestation'],
  ['sbom', 'sbom'],
] as const;

/** Artifact types of SBOMs that are attached without a signature. */
const sbomTypes =
  /^(application\/vnd\.dev\.cosign\.artifact\.sbom\.|application\/(vnd\.cyclonedx|spdx)|text\/spdx)/;

/**
 * Everything that is attached to `subject`: Cosign's tags, then all referrers. Unlike `collectEvidence` it has no limit
 * on their number, since it is what removes them again.
 */
export async function listAttached(
  repository: Repository,
  subject: Digest,
  options: TagReadOptions = {},
): Promise<readonly Attached[]> {
  const found: Attached[] = [];
  for (const [suffix, kind] of tagKinds) {
    const tag = cosignTag(subject, suffix, options.tagPrefix);
    const content = await manifestOrNone(repository, tag, options);
    if (content !== undefined) found.push({ kind, tag, descriptor: content.descriptor });
  }
  for (const { digest } of await repository.referrers(subject, options)) {
    const content = await manifestOrNone(repository, digest, options);
    // The list is only a claim; a manifest that names another subject is not attached to this one.
    if (content?.manifest.subject?.digest !== subject) continue;
    found.push({ kind: await kindOf(repository, content, options), descriptor: content.descriptor });
  }
  return found;
}

async function kindOf(
  repository: Repository,
  { manifest }: ManifestContent,
  options: ReadOptions,
): Promise<AttachedKind> {
  if (manifest.kind !== 'image') return 'other';
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (sbomTypes.test(type)) return 'sbom';
  if (type === mediaTypes.cosignSignatureArtifact) return 'signature';
  const layer = manifest.layers.find(({ mediaType }) => isBundleMediaType(mediaType));
  if (layer === undefined) return 'other';
  const said = manifest.annotations['dev.sigstore.bundle.predicateType'];
  const predicateType = said ?? (await predicateTypeOf(repository, layer, options));
  return predicateType === signPredicateType ? 'signature' : 'attestation';
}

/** For bundles that other tools attached without saying what they are. */
async function predicateTypeOf(
  repository: Repository,
  layer: Descriptor,
  options: ReadOptions,
): Promise<string | undefined> {
  if (layer.size > defaultEvidenceLimits.maxItemBytes) return undefined;
  const bytes = await repository.getBlob(layer, options);
  try {
    const { content } = parseBundle(bytes);
    return content.kind === 'dsse'
      ? parseStatement(content.envelope.payload).predicateType
      : signPredicateType;
  } catch {
    return undefined;
  }
}

async function manifestOrNone(
  repository: Repository,
  version: string,
  options: ReadOptions,
): Promise<ManifestContent | undefined> {
  try {
    return await repository.getManifest(version, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
