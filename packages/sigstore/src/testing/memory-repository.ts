import { createHash } from 'node:crypto';
import { defineErrors } from '@pratique/errors';
import type { Descriptor, Digest, ImageManifest, Manifest, Platform, Repository } from '@pratique/oci';

const errors = defineErrors({
  NOT_FOUND: { kind: 'denial', title: 'Not there.', remedy: 'None: this is a test.' },
  DIGEST_MISMATCH: {
    kind: 'fault',
    title: 'Other bytes than the digest names.',
    remedy: 'None: this is a test.',
  },
  TOO_LARGE: { kind: 'fault', title: 'More bytes than were asked for.', remedy: 'None: this is a test.' },
});

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

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
  const missing = (what: string) => errors.error('NOT_FOUND', { message: `${what} is not in ${name}` });
  const digestOf = (target: string) =>
    target.startsWith('sha256:') ? (target as Digest) : (tagged.get(target) ?? raise(missing(target)));
  const stored = (target: string) => {
    const digest = digestOf(target);
    const found = manifests.get(digest) ?? raise(missing(target));
    return { ...found, descriptor: describe(verified(digest, found.bytes), digest, found.mediaType) };
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
      return { bytes, descriptor, manifest: parse(bytes) };
    },
    async getBlob(descriptor, options) {
      await enter('getBlob', descriptor.digest);
      const bytes = blobs.get(descriptor.digest) ?? raise(missing(descriptor.digest));
      if (bytes.byteLength > (options?.maxBytes ?? Number.POSITIVE_INFINITY)) {
        throw errors.error('TOO_LARGE', { message: 'too large' });
      }
      if (bytes.byteLength !== descriptor.size)
        throw errors.error('DIGEST_MISMATCH', { message: 'wrong size' });
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
      const digest = sha256(bytes);
      manifests.set(digest, { bytes, mediaType });
      if (options?.tag !== undefined) tagged.set(options.tag, digest);
      return describe(bytes, digest, mediaType);
    },
    async referrers(digest) {
      await enter('referrers', digest);
      return [...manifests].flatMap(([own, { bytes, mediaType }]) => {
        const manifest = parse(bytes);
        if (manifest.subject?.digest !== digest) return [];
        const { artifactType, annotations } = manifest;
        return [
          {
            ...describe(bytes, own, mediaType),
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
      manifests.delete(digestOf(target));
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
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  if (children.length > 0) {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    return repository.putManifest(
      encode({ schemaVersion: 2, mediaType, manifests: children, annotations: { label } }),
      mediaType,
    );
  }
  const config = encode({
    ...platform,
    rootfs: { type: 'layers', diff_ids: [] },
    config: { Labels: { label } },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = describe(config, sha256(config), 'application/vnd.oci.image.config.v1+json');
  await repository.putBlob(descriptor, config);
  return repository.putManifest(
    encode({ schemaVersion: 2, mediaType, config: descriptor, layers: [] }),
    mediaType,
  );
}

function verified(digest: Digest, bytes: Uint8Array): Uint8Array {
  if (sha256(bytes) !== digest)
    throw errors.error('DIGEST_MISMATCH', { message: `content is not ${digest}` });
  return bytes;
}

function describe(bytes: Uint8Array, digest: Digest, mediaType: string): Descriptor {
  return { mediaType, digest, size: bytes.byteLength };
}

function parse(bytes: Uint8Array): Manifest {
  const value = JSON.parse(new TextDecoder().decode(bytes)) as Omit<ImageManifest, 'kind'> & {
    manifests?: unknown;
  };
  const kind = value.manifests === undefined ? 'image' : 'index';
  return { ...value, annotations: value.annotations ?? {}, kind } as Manifest;
}

function raise(error: Error): never {
  throw error;
}
