import { isNotFound, ociErrors } from '../errors.ts';
import { discard } from '../http/body.ts';
import { manifestTypeOf, mediaTypes } from '../manifest/media-types.ts';
import { parseManifest } from '../manifest/parse.ts';
import { digestAlgorithm, digestHex } from '../reference/digest.ts';
import type { Descriptor, Digest, Manifest, ManifestContent } from '../types.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { fetchManifest } from './manifests.ts';
import { collectPages } from './pages.ts';
import { statusFault } from './status.ts';

/** What registries without the referrers API answer: 404 by the specification, the others by experience. */
const unsupportedStatuses = [400, 404, 405, 406, 501];

/** The tag of the fallback index (distribution-spec §Referrers Tag Schema): at most 32 and 64 characters around a dash. */
export function referrersTag(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest).slice(0, 64)}`;
}

/**
 * Asks the referrers API, all pages.
 *
 * @returns undefined where the registry does not have it
 */
export async function referrersFromApi(
  context: RepositoryContext,
  digest: Digest,
  artifactType: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[] | undefined> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const first = await sendTo(context, {
    method: 'GET',
    target: `referrers/${digest}${query}`,
    action: 'pull',
    headers: { accept: mediaTypes.ociIndex },
    signal,
  });
  const isIndex = manifestTypeOf(first.headers['content-type']) === mediaTypes.ociIndex;
  if (unsupportedStatuses.includes(first.status) || (first.status === 200 && !isIndex)) {
    await discard(first, context.limits);
    return undefined;
  }
  return await collectPages(
    context,
    first,
    (bytes) => {
      const page = parseManifest(bytes, mediaTypes.ociIndex);
      return page.kind === 'index' ? page.manifests : [];
    },
    (response) =>
      statusFault(response, `${context.name}: listing referrers of ${digest}`, context.limits, signal),
    signal,
  );
}

/** The fallback index as it is now; undefined where there is none. */
export async function readFallback(
  context: RepositoryContext,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<{ content: ManifestContent; entries: readonly Descriptor[] } | undefined> {
  try {
    const content = await fetchManifest(context, tag, signal === undefined ? {} : { signal });
    if (content.manifest.kind !== 'index') {
      throw ociErrors.error('OCI_MANIFEST_INVALID', {
        message: `${context.name}:${tag} is not an index of referrers`,
      });
    }
    return { content, entries: content.manifest.manifests };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Referrers by the tag schema; none where the tag does not exist. */
export async function referrersFromTag(
  context: RepositoryContext,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  return (await readFallback(context, referrersTag(digest), signal))?.entries ?? [];
}

/**
 * What the referrers list says about a manifest: `artifactType` (of an image manifest without one, its config's type)
 * and the annotations (distribution-spec §Listing Referrers). Clients that only see the tag schema select by these.
 */
export function referrerDescriptor(descriptor: Descriptor, manifest: Manifest): Descriptor {
  const artifactType =
    manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  const annotations = Object.keys(manifest.annotations).length === 0 ? undefined : manifest.annotations;
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** Whether a list holds `wanted` with what clients select by; other tools have left that out. */
export function isSameReferrer(listed: Descriptor, wanted: Descriptor): boolean {
  const annotations = Object.entries(wanted.annotations ?? {});
  return (
    listed.digest === wanted.digest &&
    listed.artifactType === wanted.artifactType &&
    annotations.every(([key, text]) => listed.annotations?.[key] === text)
  );
}
