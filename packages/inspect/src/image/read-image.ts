import { printable } from '@pratique/errors';
import {
  type Descriptor,
  type ImageManifest,
  type ManifestContent,
  machinePlatform,
  maxConfigBytes,
  type Platform,
  type Repository,
} from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import { type LayerCache, readCachedLayer } from '../filesystem/cache.ts';
import { type LayerOptions, readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import {
  defaultLimits,
  type FileSystem,
  type KeepRule,
  type LayerContents,
  type Limits,
} from '../filesystem/types.ts';
import { UnpackThreads } from '../filesystem/unpack/threads.ts';
import { configMediaTypes, type ImageConfig, parseImageConfig } from './config.ts';
import { chooseImage } from './platform.ts';

export interface ReadOptions {
  /** Whose contents to keep; without it only the names and metadata of files are known. */
  readonly keep?: KeepRule;
  /** Compute the sha256 of every regular file. Default false. */
  readonly digests?: boolean;
  readonly limits?: Partial<Limits>;
  /** Aborts the reading; also the way to limit its time. */
  readonly signal?: AbortSignal;
}

export interface ReadImageOptions extends ReadOptions {
  /** Which image of an index. Default: this machine's platform. */
  readonly platform?: Platform;
  /** Where layers read before are remembered. */
  readonly cache?: LayerCache;
}

/** An image with its merged file system. */
export interface Image {
  /** Of the image's own manifest, also where an index was asked for. */
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly fileSystem: FileSystem;
}

/** Layers read at the same time, where no threads are worth it: enough that decompression of one and hashing of another overlap. */
const concurrency = 4;
/** Compressed bytes of all layers from which on threads take less time than starting them. */
const threadsFrom = 8 * 1024 ** 2;

/**
 * Reads an image wherever it is, every layer once: the digest of each blob, its size, and the diff ID of each layer
 * are checked while it streams. Close `fileSystem` when done.
 *
 * @throws INSPECT_NOT_AN_IMAGE, INSPECT_PLATFORM_MISSING, INSPECT_CONFIG_INVALID, INSPECT_DIFF_ID_MISMATCH,
 * INSPECT_LAYER_UNSAFE, INSPECT_LIMIT, OCI_ARCHIVE_UNSAFE; what the repository throws
 */
export async function readImage(
  repository: Repository,
  tagOrDigest: string,
  options: ReadImageOptions = {},
): Promise<Image> {
  const read = options.signal === undefined ? {} : { signal: options.signal };
  let content = await repository.getManifest(tagOrDigest, read);
  if (content.manifest.kind === 'index') {
    const chosen = chooseImage(content.manifest, options.platform ?? machinePlatform());
    content = await repository.getManifest(chosen.digest, read);
  }
  const manifest = imageManifest(content);
  const config = parseImageConfig(
    await repository.getBlob(manifest.config, { ...read, maxBytes: maxConfigBytes }),
  );
  const fileSystem = mergeLayers(await readLayers(repository, manifest, config, options));
  return { descriptor: content.descriptor, manifest, config, fileSystem };
}

function imageManifest({ manifest }: ManifestContent): ImageManifest {
  if (manifest.kind === 'image' && configMediaTypes.includes(manifest.config.mediaType)) return manifest;
  throw inspectErrors.error('INSPECT_NOT_AN_IMAGE', {
    message:
      manifest.kind === 'index' ? 'the index leads to another index' : 'the manifest is one of an artifact',
    expected: `a configuration of type ${configMediaTypes[0]}`,
    found: printable(manifest.kind === 'image' ? manifest.config.mediaType : manifest.mediaType),
  });
}

/** What is the same for every layer. */
export function layerOptions(options: ReadOptions): LayerOptions {
  return {
    keep: options.keep,
    digests: options.digests ?? false,
    limits: { ...defaultLimits, ...options.limits },
  };
}

async function readLayers(
  repository: Repository,
  manifest: ImageManifest,
  config: ImageConfig,
  options: ReadImageOptions,
): Promise<LayerContents[]> {
  const descriptors = manifest.layers;
  const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
  const threads =
    bytes >= threadsFrom && UnpackThreads.arePossible ? new UnpackThreads(descriptors.length) : undefined;
  const forAll = layerOptions(options);
  const { limits } = forAll;
  if (descriptors.length > limits.layers)
    throw inspectErrors.error('INSPECT_LIMIT', { message: `the image has ${descriptors.length} layers` });
  if (descriptors.length !== config.diffIds.length) {
    throw inspectErrors.error('INSPECT_CONFIG_INVALID', {
      message: 'the configuration names another number of layers than the manifest',
      expected: `${descriptors.length}`,
      found: `${config.diffIds.length}`,
    });
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const layers: LayerContents[] = [];
  let entries = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < descriptors.length; at = next++) {
      const descriptor = descriptors[at]!;
      const diffId = config.diffIds[at]!;
      // This thread has time left where most of the image is one layer, and would be waited for where it is not.
      const hashed = descriptor.size * 2 > bytes ? 'by the caller' : 'by the thread';
      const forLayer: LayerOptions = {
        ...forAll,
        unpack: threads && ((chunks, compression) => threads.unpack(chunks, compression, hashed)),
      };
      const stream = async () => await repository.openBlob(descriptor, { signal });
      const layer =
        options.cache === undefined
          ? await readLayer(await stream(), forLayer, descriptor.digest)
          : await readCachedLayer(options.cache, descriptor.digest, diffId, forLayer, stream);
      layers[at] = layer;
      entries += layer.entries.length;
      if (layer.diffId !== diffId) {
        throw inspectErrors.error('INSPECT_DIFF_ID_MISMATCH', {
          message: `the layer ${descriptor.digest} is not the one the image configuration names`,
          expected: diffId,
          found: layer.diffId ?? '',
        });
      }
      if (entries > limits.entries)
        throw inspectErrors.error('INSPECT_LIMIT', {
          message: `the image has more than ${limits.entries} files`,
        });
    }
  };
  try {
    const workers = await Promise.allSettled(
      Array.from({ length: threads?.count ?? concurrency }, () =>
        worker().catch((error: unknown) => {
          // The others then fail with the same error.
          stop.abort(error);
          throw error;
        }),
      ),
    );
    const failed = workers.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return layers;
  } catch (error) {
    for (const layer of layers) layer?.close();
    throw error;
  } finally {
    threads?.close();
  }
}
