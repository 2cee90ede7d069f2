import { parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { gzipped } from '../build/compress.ts';
import { measure } from '../build/layer.ts';
import { ociErrors } from '../errors.ts';
import { buildImageManifest, describeBytes } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { createDigester, digestOf, isDigest } from '../reference/digest.ts';
import { isTag } from '../reference/reference.ts';
import type { Descriptor, Digest } from '../types.ts';
import type { OpenArchive } from './archive.ts';
import { refName } from './repository.ts';
import type { LayoutStore, StoredBlob } from './store.ts';
import type { TarFile } from './tar-index.ts';

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const manifestSchema = v.pipe(
  v.array(
    v.object({
      Config: path,
      RepoTags: v.optional(v.nullable(v.pipe(v.array(v.string()), v.maxLength(1000)))),
      Layers: v.nullable(v.pipe(v.array(path), v.maxLength(1000))),
    }),
  ),
  v.minLength(1),
  v.maxLength(1000),
);
const configSchema = v.object({
  rootfs: v.object({ diff_ids: v.optional(v.nullable(v.array(v.string()))) }),
});

function invalid(archive: OpenArchive, why: string) {
  return ociErrors.error('OCI_LAYOUT_INVALID', { message: `${printable(archive.name)}: ${why}` });
}

function parseDocument<Schema extends v.GenericSchema>(
  archive: OpenArchive,
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): v.InferOutput<Schema> {
  let document: unknown;
  try {
    document = parseJson(bytes, what);
  } catch {
    throw invalid(archive, `${what} is not well-formed JSON`);
  }
  const parsed = v.safeParse(schema, document);
  if (!parsed.success) throw invalid(archive, `${what} does not have the form docker save writes`);
  return parsed.output;
}

/**
 * Presents what `docker save` writes (`manifest.json`, configurations, layer tars) as an image layout. It holds no
 * manifest, so one is made from the configuration and the layers: the image's digest is that of our manifest. A plain
 * layer's digest is the diff ID that the configuration gives it: whether the layer has it shows when it is read, as with
 * every blob. Only what docker wrote compressed is read here, to learn its digest; so is, with `gzip`, what is presented
 * compressed.
 *
 * @throws OCI_LAYOUT_INVALID, OCI_DIGEST_MISMATCH
 */
export async function dockerArchiveStore(archive: OpenArchive, gzip: boolean): Promise<LayoutStore> {
  const file = archive.find('manifest.json');
  if (file === undefined) throw invalid(archive, 'it is neither an OCI image layout nor a docker archive');
  const images = parseDocument(archive, manifestSchema, await archive.read(file), 'manifest.json');
  const blobs = new Map<Digest, StoredBlob>();
  const entries: Descriptor[] = [];

  const required = (name: string): TarFile => {
    const found = archive.find(name);
    if (found === undefined)
      throw invalid(archive, `manifest.json names ${printable(name)}, which is not there`);
    return found;
  };
  const keep = (bytes: Uint8Array, mediaType: string): Descriptor => {
    const descriptor = describeBytes(bytes, mediaType);
    blobs.set(descriptor.digest, {
      size: bytes.length,
      async *chunks() {
        yield bytes;
      },
    });
    return descriptor;
  };
  /** Layers that had to be read, by their path and diff ID: images of one archive share them. */
  const known = new Map<string, Descriptor>();
  const layerOf = async (path: string, diffId: Digest): Promise<Descriptor> => {
    const key = `${diffId} ${path}`;
    const found = known.get(key) ?? (await describeLayer(required(path), path, diffId));
    known.set(key, found);
    return found;
  };
  const describeLayer = async (file: TarFile, path: string, diffId: Digest): Promise<Descriptor> => {
    const stored = () => archive.chunks(file);
    const compressed = await isGzip(stored());
    if (compressed || !gzip) {
      const mediaType = compressed ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer;
      const digest = compressed ? await digestOfAll(stored()) : diffId;
      blobs.set(digest, { size: file.size, chunks: stored });
      return { mediaType, digest, size: file.size };
    }
    const layer = await measure(stored, 'gzip');
    if (layer.diffId !== diffId) {
      throw ociErrors.error('OCI_DIGEST_MISMATCH', {
        message: `${printable(archive.name)}: the layer ${printable(path)} is not the one the configuration names`,
        expected: diffId,
        found: layer.diffId,
      });
    }
    blobs.set(layer.descriptor.digest, {
      size: layer.descriptor.size,
      chunks: () => gzipped(stored()),
    });
    return layer.descriptor;
  };

  for (const image of images) {
    const bytes = await archive.read(required(image.Config));
    const diffIds =
      parseDocument(archive, configSchema, bytes, printable(image.Config)).rootfs.diff_ids ?? [];
    const names = image.Layers ?? [];
    if (diffIds.length !== names.length)
      throw invalid(archive, 'the configuration lists other layers than manifest.json');
    const descriptors: Descriptor[] = [];
    for (const [at, name] of names.entries()) {
      const diffId = diffIds[at]!;
      if (!isDigest(diffId)) throw invalid(archive, `the diff ID ${printable(diffId)} is no digest`);
      descriptors.push(await layerOf(name, diffId));
    }
    const built = buildImageManifest({ config: keep(bytes, mediaTypes.ociConfig), layers: descriptors });
    const descriptor = keep(built.bytes, built.descriptor.mediaType);
    const tags = (image.RepoTags ?? []).map((name) => name.slice(name.lastIndexOf(':') + 1)).filter(isTag);
    entries.push(
      ...(tags.length === 0
        ? [descriptor]
        : tags.map((tag) => ({ ...descriptor, annotations: { [refName]: tag } }))),
    );
  }
  return {
    name: archive.name,
    entries: async () => entries,
    blob: async (digest) => blobs.get(digest),
  };
}

async function isGzip(chunks: AsyncGenerator<Uint8Array, void, undefined>): Promise<boolean> {
  const { value: head } = await chunks.next();
  await chunks.return();
  return head !== undefined && head[0] === 0x1f && head[1] === 0x8b;
}

async function digestOfAll(chunks: AsyncIterable<Uint8Array>): Promise<Digest> {
  const digester = createDigester();
  for await (const chunk of chunks) digester.update(chunk);
  return digester.digest();
}

/** What `writeDockerArchive` needs to know of one image. */
export interface DockerArchiveImage {
  readonly config: Uint8Array;
  readonly layers: readonly Descriptor[];
  /** `name:tag`, as `docker load` is to call it. */
  readonly repoTags: readonly string[];
}

/** The path of a layer inside an archive we write. */
export function dockerLayerPath(layer: Descriptor): string {
  return `${layer.digest.slice(7)}.tar${layer.mediaType.endsWith('gzip') ? '.gz' : ''}`;
}

/** `manifest.json` and the path of each configuration. */
export function dockerManifest(images: readonly DockerArchiveImage[]): {
  manifest: Uint8Array;
  configs: Map<string, Uint8Array>;
} {
  const configs = new Map<string, Uint8Array>();
  const document = images.map((image) => {
    const name = `${digestOf(image.config).slice(7)}.json`;
    configs.set(name, image.config);
    return { Config: name, RepoTags: image.repoTags, Layers: image.layers.map(dockerLayerPath) };
  });
  return { manifest: new TextEncoder().encode(JSON.stringify(document)), configs };
}
