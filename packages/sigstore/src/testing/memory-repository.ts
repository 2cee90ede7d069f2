import {
  buildImageManifest,
  buildIndex,
  type Descriptor,
  type Digest,
  describeBytes,
  digestOf,
  mediaTypes,
  ociErrors,
  type Platform,
  parseManifest,
  type Repository,
} from '@pratique/oci';

export interface MemoryRepository extends Repository {
  /** Content by digest: tests break it on purpose. */
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, { bytes: Uint8Array; mediaType: string }>;
  readonly tagged: Map<string, Digest>;
  /** Method names in the order they were called. */
  readonly calls: string[];
}

/**
 * A repository in memory that checks every digest on the way out. `before` runs ahead of every call: it can wait, or
 * throw the fault a registry in trouble would be.
 */
export function memoryRepository(
  name: string,
  before: (method: string, target: string) => Promise<void> = async () => {},
): MemoryRepository {
  const blobs = new Map<Digest, Uint8Array>();
  const manifests = new Map<Digest, { bytes: Uint8Array; mediaType: string }>();
  const tagged = new Map<string, Digest>();
  const calls: string[] = [];
  const enter = async (method: string, target: string) => {
    calls.push(method);
    await before(method, target);
  };
  const missing = (what: string) =>
    ociErrors.error('OCI_NOT_FOUND', { message: `${what} is not in ${name}` });
  const lookUp = (target: string) =>
    target.startsWith('sha256:') ? (target as Digest) : (tagged.get(target) ?? raise(missing(target)));
  const stored = (target: string) => {
    const digest = lookUp(target);
    const found = manifests.get(digest) ?? raise(missing(target));
    return { ...found, descriptor: describeBytes(verified(digest, found.bytes), found.mediaType) };
  };

  const repository: MemoryRepository = {
    name,
    blobs,
    manifests,
    tagged,
    calls,
    async resolve(target) {
      await enter('resolve', target);
      return stored(target).descriptor;
    },
    async getManifest(target) {
      await enter('getManifest', target);
      const { bytes, descriptor } = stored(target);
      return { bytes, descriptor, manifest: parseManifest(bytes) };
    },
    async getManifestBytes(target) {
      await enter('getManifestBytes', target);
      const { bytes, descriptor, mediaType } = stored(target);
      return { bytes, digest: descriptor.digest, mediaType };
    },
    async getBlob(descriptor, options) {
      await enter('getBlob', descriptor.digest);
      const bytes = blobs.get(descriptor.digest) ?? raise(missing(descriptor.digest));
      if (bytes.byteLength > (options?.maxBytes ?? Number.POSITIVE_INFINITY)) {
        throw ociErrors.error('OCI_SIZE_EXCEEDED', { message: 'too large' });
      }
      if (bytes.byteLength !== descriptor.size)
        throw ociErrors.error('OCI_SIZE_MISMATCH', { message: 'wrong size' });
      return verified(descriptor.digest, bytes);
    },
    async openBlob(descriptor, options) {
      return ReadableStream.from([await repository.getBlob(descriptor, options)]);
    },
    async hasBlob(digest) {
      await enter('hasBlob', digest);
      return blobs.has(digest);
    },
    async putBlob(descriptor, content) {
      await enter('putBlob', descriptor.digest);
      const bytes =
        content instanceof Uint8Array ? content : new Uint8Array(await new Response(content).arrayBuffer());
      blobs.set(descriptor.digest, verified(descriptor.digest, bytes));
    },
    async putManifest(bytes, mediaType, options) {
      await enter('putManifest', options?.tag ?? '');
      const digest = digestOf(bytes);
      manifests.set(digest, { bytes, mediaType });
      if (options?.tag !== undefined) tagged.set(options.tag, digest);
      return describeBytes(bytes, mediaType);
    },
    async referrers(digest) {
      await enter('referrers', digest);
      return [...manifests.values()].flatMap(({ bytes, mediaType }) => {
        const manifest = parseManifest(bytes);
        if (manifest.subject?.digest !== digest) return [];
        const { artifactType, annotations } = manifest;
        return [
          {
            ...describeBytes(bytes, mediaType),
            annotations,
            ...(artifactType === undefined ? {} : { artifactType }),
          },
        ];
      });
    },
    async tags() {
      await enter('tags', '');
      return [...tagged.keys()].sort();
    },
    async deleteManifest(target) {
      await enter('deleteManifest', target);
      manifests.delete(lookUp(target));
    },
  };
  return repository;
}

/** Stores a small image (or, with `children`, an index) and returns its descriptor. */
export async function putImage(
  repository: Repository,
  label: string,
  children: readonly Descriptor[] = [],
  platform: Platform = { os: 'linux', architecture: 'amd64' },
): Promise<Descriptor> {
  if (children.length > 0) {
    const index = buildIndex({ manifests: children, annotations: { label } });
    return repository.putManifest(index.bytes, mediaTypes.ociIndex);
  }
  const bytes = new TextEncoder().encode(
    JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] }, config: { Labels: { label } } }),
  );
  const config = describeBytes(bytes, mediaTypes.ociConfig);
  await repository.putBlob(config, bytes);
  return repository.putManifest(buildImageManifest({ config, layers: [] }).bytes, mediaTypes.ociManifest);
}

function verified(digest: Digest, bytes: Uint8Array): Uint8Array {
  if (digestOf(bytes) !== digest)
    throw ociErrors.error('OCI_DIGEST_MISMATCH', { message: `content is not ${digest}` });
  return bytes;
}

function raise(error: Error): never {
  throw error;
}
