import { ociErrors } from '../errors.ts';
import { isForeignLayer } from '../manifest/media-types.ts';
import { maxManifestEntries } from '../manifest/parse.ts';
import type { RegistryRepository } from '../registry/repository.ts';
import type { Descriptor, Digest, ManifestContent, Repository } from '../types.ts';
import { createLimiter } from './limiter.ts';

export interface CopyOptions {
  /** Tag the copy gets; without one it is found by digest. */
  readonly tag?: string;
  /** Copy what refers to the image too: signatures, attestations, SBOMs. */
  readonly referrers?: boolean;
  /** Blobs that are moved at the same time. Default 4. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
}

const maxDepth = 8;
function registryOf(repository: Repository): RegistryRepository | undefined {
  return 'mountBlob' in repository ? (repository as RegistryRepository) : undefined;
}

/**
 * Copies an image, or an index with all its images, between any two repositories: what is there is not moved again,
 * within one registry blobs are mounted. Bytes are verified on the way and manifests copied unchanged, so the digest
 * stays. Children come before what names them: whoever sees the copy sees all of it.
 *
 * @returns the descriptor of the copy
 */
export async function copyImage(
  source: Repository,
  tagOrDigest: string,
  target: Repository,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { tag, signal } = options;
  const read = signal === undefined ? {} : { signal };
  const limit = createLimiter(options.parallel ?? 4);
  const from = registryOf(source);
  const to = registryOf(target);
  const sameRegistry =
    from !== undefined &&
    to !== undefined &&
    from.registry === to.registry &&
    from.repository !== to.repository;
  const manifests = new Map<Digest, Promise<Descriptor>>();
  const blobs = new Map<Digest, Promise<void>>();

  function copyBlob(descriptor: Descriptor): Promise<void> {
    let copy = blobs.get(descriptor.digest);
    if (!copy) {
      copy = limit(async () => {
        if (await target.hasBlob(descriptor.digest, read)) return;
        if (sameRegistry && (await to.mountBlob(descriptor.digest, from.repository, read))) return;
        await target.putBlob(descriptor, await source.openBlob(descriptor, read), read);
      });
      blobs.set(descriptor.digest, copy);
    }
    return copy;
  }

  async function copyContent(
    content: ManifestContent,
    tagged: string | undefined,
    depth: number,
  ): Promise<Descriptor> {
    const { manifest, bytes } = content;
    if (depth > maxDepth)
      throw ociErrors.error('OCI_MANIFEST_INVALID', {
        message: `${source.name}: indexes nested deeper than ${maxDepth}`,
      });
    if (manifest.kind === 'image') {
      const all = [manifest.config, ...manifest.layers.filter(({ mediaType }) => !isForeignLayer(mediaType))];
      await settled(all.map(copyBlob));
    } else {
      for (const child of manifest.manifests) await copyManifest(child.digest, undefined, depth + 1);
    }
    const copied = await target.putManifest(bytes, manifest.mediaType, {
      ...read,
      ...(tagged === undefined ? {} : { tag: tagged }),
    });
    for (const referrer of options.referrers ? await source.referrers(copied.digest, read) : []) {
      const refers = await source.getManifest(referrer.digest, read);
      // The list is only a claim; a manifest that names another subject does not belong here.
      if (refers.manifest.subject?.digest === copied.digest)
        await copyManifest(referrer.digest, undefined, depth + 1);
    }
    return copied;
  }

  function copyManifest(name: string, tagged: string | undefined, depth: number): Promise<Descriptor> {
    const known = manifests.get(name as Digest);
    if (known !== undefined && tagged === undefined) return known;
    if (manifests.size >= maxManifestEntries) {
      throw ociErrors.error('OCI_SIZE_EXCEEDED', {
        message: `${source.name}: more than ${maxManifestEntries} manifests`,
      });
    }
    const copy = source.getManifest(name, read).then((content) => copyContent(content, tagged, depth));
    manifests.set(name as Digest, copy);
    return copy;
  }

  return await copyManifest(tagOrDigest, tag, 0);
}

/** Waits for all, then throws the first failure: nothing runs on after the copy has failed. */
async function settled(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises))
    if (result.status === 'rejected') throw result.reason;
}
