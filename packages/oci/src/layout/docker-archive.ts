import { parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { gzipped } from '../build/compress.ts';
import { measure } from '../build/layer.ts';
import { ociErrors } from '../errors.ts';
import { buildImageManifest, describeBytes } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { createDigester, digestOf } from '../reference/digest.ts';
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

interface ArchivedLayer {
  readonly descriptor: Descriptor;
  /** Digest of the tar; absent for one that docker wrote compressed. */
  readonly diffId?: Digest;
}

/**
 * Presents what `docker save` writes (`manifest.json`, configurations, layer tars) as an image layout. It holds no
 * manifest, so one is made from the configuration and the layers: the image's digest is that of our manifest. Layers
 * must be what the configuration's diff IDs say. With `gzip` plain layers are presented compressed; what docker wrote
 * compressed stays as it is.
 *
 * @throws OCI_LAYOUT_INVALID, OCI_DIGEST_MISMATCH
 */
export async function dockerArchiveStore(archive: OpenArchive, gzip: boolean): Promise<LayoutStore> {
  const file = archive.find('manifest.json');
  if (file === undefined) throw invalid(archive, 'it is neither an OCI image layout nor a docker archive');
  const images = parseDocument(archive, manifestSchema, await archive.read(file), 'manifest.json');
  const blobs = new Map<Digest, StoredBlob>();
  const layers = new Map<string, ArchivedLayer>();
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
  const layerOf = async (name: string): Promise<ArchivedLayer> => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    const found = required(name);
    const digester = createDigester();
    let magic: number | undefined;
    for await (const chunk of archive.chunks(found)) {
      magic ??= ((chunk[0] ?? 0) << 8) | (chunk[1] ?? 0);
      digester.update(chunk);
    }
    const plain = magic !== 0x1f8b;
    const digest = digester.digest();
    const compress = plain && gzip;
    const descriptor = compress
      ? (await measure(() => archive.chunks(found), 'gzip')).descriptor
      : { mediaType: plain ? mediaTypes.ociLayer : mediaTypes.ociLayerGzip, digest, size: found.size };
    blobs.set(descriptor.digest, {
      size: descriptor.size,
      chunks: () => (compress ? gzipped(archive.chunks(found)) : archive.chunks(found)),
    });
    const layer = { descriptor, ...(plain ? { diffId: digest } : {}) };
    layers.set(name, layer);
    return layer;
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
      const { descriptor, diffId } = await layerOf(name);
      if (diffId !== undefined && diffId !== diffIds[at]) {
        throw ociErrors.error('OCI_DIGEST_MISMATCH', {
          message: `${printable(archive.name)}: the layer ${printable(name)} is not the one the configuration names`,
          expected: printable(diffIds[at]!),
          found: diffId,
        });
      }
      descriptors.push(descriptor);
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
