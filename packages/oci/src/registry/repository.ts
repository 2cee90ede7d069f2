import { isNotFound } from '../errors.ts';
import { discard } from '../http/body.ts';
import { parseManifest } from '../manifest/parse.ts';
import { digestOf, isDigest } from '../reference/digest.ts';
import type { Descriptor, Digest, ManifestContent, ReadOptions, Repository } from '../types.ts';
import { blobExists, fetchBlob, openBlob } from './blobs.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { updateFallback } from './fallback-index.ts';
import {
  checkTagOrDigest,
  fetchManifest,
  fetchManifestBytes,
  pushManifest,
  resolveManifest,
} from './manifests.ts';
import { isSameReferrer, referrerDescriptor, referrersFromApi, referrersFromTag } from './referrers.ts';
import { statusFault } from './status.ts';
import { listTags } from './tags.ts';
import { mountBlob, pushBlob } from './upload.ts';

/** A repository on a registry. */
export interface RegistryRepository extends Repository {
  /** `localhost:5000` */
  readonly registry: string;
  /** `team/app` */
  readonly repository: string;
  /**
   * Takes a blob over from another repository of the same registry without moving its bytes.
   *
   * @returns false where the registry wants it uploaded
   */
  mountBlob(digest: Digest, from: string, options?: ReadOptions): Promise<boolean>;
}

/** @param chunkBytes blobs beyond this many bytes are uploaded in pieces of that size */
export function createRepository(context: RepositoryContext, chunkBytes: number): RegistryRepository {
  // Whether the registry has the referrers API; asked once, and only by a request that needs to know.
  let hasReferrersApi: boolean | undefined;

  async function referrers(
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal | undefined,
  ) {
    if (hasReferrersApi !== false) {
      const listed = await referrersFromApi(context, digest, artifactType, signal);
      hasReferrersApi = listed !== undefined;
      if (listed !== undefined) return listed;
    }
    return await referrersFromTag(context, digest, signal);
  }

  /** `OCI-Subject` is not believed: ECR sends it without having the API, so the API itself is asked. */
  async function keepsReferrers(digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    if (hasReferrersApi === undefined) {
      hasReferrersApi = (await referrersFromApi(context, digest, undefined, signal)) !== undefined;
    }
    return hasReferrersApi;
  }

  async function recordReferrer(content: ManifestContent, signal: AbortSignal | undefined): Promise<void> {
    const { subject } = content.manifest;
    if (subject === undefined || (await keepsReferrers(subject.digest, signal))) return;
    const entry = referrerDescriptor(content.descriptor, content.manifest);
    await updateFallback(
      context,
      subject.digest,
      {
        apply: (entries) => [...entries.filter(({ digest }) => digest !== entry.digest), entry],
        isMade: (entries) => entries.some((other) => isSameReferrer(other, entry)),
      },
      signal,
    );
  }

  async function forgetReferrer(content: ManifestContent, signal: AbortSignal | undefined): Promise<void> {
    const { subject } = content.manifest;
    if (subject === undefined || (await keepsReferrers(subject.digest, signal))) return;
    const { digest } = content.descriptor;
    await updateFallback(
      context,
      subject.digest,
      {
        apply: (entries) => entries.filter((entry) => entry.digest !== digest),
        isMade: (entries) => !entries.some((entry) => entry.digest === digest),
      },
      signal,
    );
  }

  return {
    name: context.name,
    registry: context.registry,
    repository: context.repository,
    resolve: (tagOrDigest, options) => resolveManifest(context, tagOrDigest, options),
    getManifest: (tagOrDigest, options) => fetchManifest(context, tagOrDigest, options),
    getManifestBytes: (tagOrDigest, options) => fetchManifestBytes(context, tagOrDigest, options),
    getBlob: (descriptor, options) => fetchBlob(context, descriptor, options),
    openBlob: (descriptor, options) => openBlob(context, descriptor, options),
    hasBlob: (digest, options) => blobExists(context, digest, options?.signal),
    putBlob: (descriptor, content, options) =>
      pushBlob(context, descriptor, content, chunkBytes, options?.signal),
    mountBlob: (digest, from, options) => mountBlob(context, digest, from, options?.signal),
    async putManifest(bytes, mediaType, options = {}): Promise<Descriptor> {
      const { tag, signal } = options;
      const manifest = parseManifest(bytes, mediaType);
      const { descriptor } = await pushManifest(context, bytes, mediaType, tag ?? digestOf(bytes), signal);
      await recordReferrer({ descriptor, bytes, manifest }, signal);
      return manifest.artifactType === undefined
        ? descriptor
        : { ...descriptor, artifactType: manifest.artifactType };
    },
    async referrers(digest, options = {}) {
      const { artifactType, signal } = options;
      const listed = await referrers(digest, artifactType, signal);
      // Registries may ignore the filter, and the tag schema has none.
      return artifactType === undefined
        ? listed
        : listed.filter((entry) => entry.artifactType === artifactType);
    },
    tags: (options) => listTags(context, options?.signal),
    async deleteManifest(tagOrDigest, options = {}) {
      checkTagOrDigest(tagOrDigest);
      const { signal } = options;
      const content = isDigest(tagOrDigest)
        ? await fetchManifest(context, tagOrDigest, options).catch((error: unknown) => {
            if (isNotFound(error)) return undefined;
            throw error;
          })
        : undefined;
      const response = await sendTo(context, {
        method: 'DELETE',
        target: `manifests/${tagOrDigest}`,
        action: 'delete',
        signal,
      });
      if (response.status !== 202 && response.status !== 200 && response.status !== 204) {
        throw await statusFault(response, `${context.name}: deleting ${tagOrDigest}`, context.limits, signal);
      }
      await discard(response, context.limits);
      if (content !== undefined) await forgetReferrer(content, signal);
    },
  };
}
