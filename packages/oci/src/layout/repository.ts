import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { collect } from '../http/collect.ts';
import { abortFault } from '../http/faults.ts';
import { verified, wrongDigest, wrongSize } from '../http/verify.ts';
import { maxManifestBytes, maxManifestEntries, parseManifest } from '../manifest/parse.ts';
import { digestAlgorithm, digestOf, isDigest } from '../reference/digest.ts';
import { isTag } from '../reference/reference.ts';
import { checkSize, defaultMaxBlobBytes } from '../registry/blobs.ts';
import { checkTagOrDigest } from '../registry/manifests.ts';
import { referrerDescriptor } from '../registry/referrers.ts';
import type { Descriptor, Digest, ManifestContent, Repository, StoredManifest } from '../types.ts';
import type { LayoutStore, WritableStore } from './store.ts';

/** Annotation of `index.json` entries that holds the tag (image-spec §Pre-Defined Annotation Keys). */
export const refName = 'org.opencontainers.image.ref.name';

/** A repository in an image layout or archive. */
export interface LayoutRepository extends Repository {
  /** The entries of `index.json`, tagged or not: for choosing the only image of an archive. */
  entries(): Promise<readonly Descriptor[]>;
  /** Adds annotations to the entries of a tag or digest. @throws OCI_NOT_FOUND */
  annotate(tagOrDigest: string, annotations: Readonly<Record<string, string>>): Promise<void>;
}

type Named = Pick<Descriptor, 'digest' | 'size'>;

/** @param writable the same store where it can be written, undefined for an archive */
export function createLayoutRepository(
  store: LayoutStore,
  writable: WritableStore | undefined,
): LayoutRepository {
  const { name } = store;

  function notFound(what: string) {
    return ociErrors.error('OCI_NOT_FOUND', {
      message: `${printable(name)}: there is no ${printable(what)}`,
      remedy: `Check the tag: \`pratique ls oci:DIRECTORY\` lists them. They stand in index.json as ${refName}.`,
    });
  }

  function toWrite(): WritableStore {
    if (writable !== undefined) return writable;
    throw ociErrors.error('OCI_OPERATION_UNSUPPORTED', {
      message: `${printable(name)}: an archive cannot be changed`,
      remedy: 'Copy it into a directory first, and write the archive anew.',
    });
  }

  async function openBlob(
    descriptor: Named,
    signal: AbortSignal | undefined,
  ): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
    if (signal?.aborted) throw abortFault(signal, name);
    const blob = await store.blob(descriptor.digest);
    if (blob === undefined) throw notFound(`blob ${descriptor.digest}`);
    return verified(abortable(blob.chunks(), signal, name), descriptor, name);
  }

  async function readBlob(
    descriptor: Named,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    checkSize(descriptor, maxBytes, name);
    return await collect(await openBlob(descriptor, signal));
  }

  /** The entry a tag or digest names; for a digest that is no entry, only what is known of it. */
  async function find(tagOrDigest: string): Promise<{ digest: Digest; entry: Descriptor | undefined }> {
    checkTagOrDigest(tagOrDigest);
    const entries = await store.entries();
    if (isDigest(tagOrDigest)) {
      return { digest: tagOrDigest, entry: entries.find(({ digest }) => digest === tagOrDigest) };
    }
    const tagged = entries.filter(({ annotations }) => annotations?.[refName] === tagOrDigest);
    const [entry] = tagged;
    if (entry === undefined) throw notFound(`tag ${tagOrDigest}`);
    if (tagged.some(({ digest }) => digest !== entry.digest)) {
      throw ociErrors.error('OCI_LAYOUT_INVALID', {
        message: `${printable(name)}: the tag ${tagOrDigest} names several manifests`,
      });
    }
    return { digest: entry.digest, entry };
  }

  async function getManifestBytes(
    tagOrDigest: string,
    signal?: AbortSignal,
    maxBytes = maxManifestBytes,
  ): Promise<StoredManifest> {
    const { digest, entry } = await find(tagOrDigest);
    const blob = await store.blob(digest);
    if (blob === undefined) throw notFound(`manifest ${digest}`);
    const { size } = blob;
    if (entry !== undefined && entry.size !== size) throw wrongSize(entry, name, `${size} bytes`);
    const bytes = await readBlob({ digest, size }, Math.min(maxBytes, maxManifestBytes), signal);
    return { digest, bytes, mediaType: entry?.mediaType };
  }

  async function getManifest(
    tagOrDigest: string,
    signal?: AbortSignal,
    maxBytes?: number,
  ): Promise<ManifestContent> {
    const { digest, bytes, mediaType } = await getManifestBytes(tagOrDigest, signal, maxBytes);
    const manifest = parseManifest(bytes, mediaType);
    return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.length }, bytes, manifest };
  }

  async function referrers(subject: Digest, signal: AbortSignal | undefined): Promise<Descriptor[]> {
    const found = new Map<Digest, Descriptor>();
    for (const { digest } of await store.entries()) {
      if (found.has(digest)) continue;
      const content = await getManifest(digest, signal);
      if (content.manifest.subject?.digest === subject)
        found.set(digest, referrerDescriptor(content.descriptor, content.manifest));
    }
    return [...found.values()];
  }

  return {
    name,
    entries: () => store.entries(),
    resolve: async (tagOrDigest, options) => (await getManifest(tagOrDigest, options?.signal)).descriptor,
    getManifest: (tagOrDigest, options) => getManifest(tagOrDigest, options?.signal, options?.maxBytes),
    getManifestBytes: (tagOrDigest, options) =>
      getManifestBytes(tagOrDigest, options?.signal, options?.maxBytes),
    getBlob: (descriptor, options) =>
      readBlob(descriptor, options?.maxBytes ?? defaultMaxBlobBytes, options?.signal),
    async openBlob(descriptor, options) {
      checkSize(descriptor, options?.maxBytes ?? Number.POSITIVE_INFINITY, name);
      return ReadableStream.from(await openBlob(descriptor, options?.signal));
    },
    async hasBlob(digest) {
      const blob = await store.blob(digest);
      // Opened only to know that it is there.
      await blob?.chunks().return();
      return blob !== undefined;
    },
    async putBlob(descriptor, content, options) {
      const target = toWrite();
      const present = await store.blob(descriptor.digest);
      if (present?.size === descriptor.size) {
        if (!(content instanceof Uint8Array)) await content.cancel();
        return;
      }
      const bytes = content instanceof Uint8Array ? ReadableStream.from([content]) : content;
      await target.write(
        descriptor.digest,
        verified(abortable(bytes, options?.signal, name), descriptor, 'the content to store'),
      );
    },
    async putManifest(bytes, mediaType, options = {}) {
      const target = toWrite();
      const { tag } = options;
      if (tag !== undefined) checkTagOrDigest(tag);
      if (tag !== undefined && isDigest(tag) && digestOf(bytes, digestAlgorithm(tag)) !== tag) {
        throw wrongDigest(tag, digestOf(bytes, digestAlgorithm(tag)), name);
      }
      const manifest = parseManifest(bytes, mediaType);
      const digest = digestOf(bytes);
      const { artifactType } = manifest;
      const entry: Descriptor = {
        mediaType,
        digest,
        size: bytes.length,
        ...(artifactType === undefined ? {} : { artifactType }),
      };
      await target.write(digest, ReadableStream.from([bytes]));
      const children = new Set(
        manifest.kind === 'index' ? manifest.manifests.map((child) => child.digest) : [],
      );
      await target.update((entries) => {
        const kept = entries.filter(
          (other) =>
            // The tag moves; an untagged entry is not needed twice, nor beside an index that lists it.
            (tag === undefined || other.annotations?.[refName] !== tag) &&
            (other.annotations?.[refName] !== undefined ||
              (other.digest !== digest && !children.has(other.digest))),
        );
        const present = kept.some((other) => other.digest === digest);
        if (tag === undefined && present) return kept;
        if (kept.length >= maxManifestEntries) {
          throw ociErrors.error('OCI_SIZE_EXCEEDED', {
            message: `${printable(name)}: it holds ${kept.length} manifests already`,
          });
        }
        return [...kept, tag === undefined ? entry : { ...entry, annotations: { [refName]: tag } }];
      });
      return entry;
    },
    async referrers(digest, options) {
      const listed = await referrers(digest, options?.signal);
      const { artifactType } = options ?? {};
      return artifactType === undefined
        ? listed
        : listed.filter((entry) => entry.artifactType === artifactType);
    },
    async tags() {
      const names = (await store.entries()).map(({ annotations }) => annotations?.[refName]);
      return [...new Set(names.filter((tag): tag is string => tag !== undefined && isTag(tag)))].sort();
    },
    async annotate(tagOrDigest, annotations) {
      const target = toWrite();
      const { digest } = await find(tagOrDigest);
      const isMeant = (entry: Descriptor) =>
        entry.digest === digest && (isDigest(tagOrDigest) || entry.annotations?.[refName] === tagOrDigest);
      await target.update((entries) =>
        entries.map((entry) =>
          isMeant(entry) ? { ...entry, annotations: { ...entry.annotations, ...annotations } } : entry,
        ),
      );
    },
    async deleteManifest(tagOrDigest) {
      const target = toWrite();
      const { digest } = await find(tagOrDigest);
      if (!isDigest(tagOrDigest)) {
        await target.update((entries) =>
          entries.filter(({ annotations }) => annotations?.[refName] !== tagOrDigest),
        );
        return;
      }
      const blob = await store.blob(digest);
      if (blob === undefined) throw notFound(`manifest ${digest}`);
      await blob.chunks().return();
      await target.update((entries) => entries.filter((entry) => entry.digest !== digest));
      await target.remove(digest);
    },
  };
}

async function* abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    if (signal?.aborted) throw abortFault(signal, name);
    yield chunk;
  }
}
