import {
  type Bundle,
  BundleError,
  DEFAULT_LIMITS,
  loadBundle,
  type ReadBundleOptions,
  readBundleArchive,
} from '@pratique/rego';
import { readNamedFile } from '@pratique/storage';
import type { Terminal } from '../program/terminal.ts';
import { openClient, openImage, type RegistryFlags } from '../registry/client.ts';
import { bundleCache } from './bundle-cache.ts';
import { download } from './download.ts';

export interface FetchOptions extends ReadBundleOptions {
  readonly ignore: readonly string[];
  readonly directory: string;
  readonly flags: RegistryFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The media type of the layer that is a bundle, in images that `oras push` and `policy push` make for OPA. */
const BUNDLE_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** A bundle by its place: an archive, a directory, `https://…` or `oci://IMAGE`. */
export async function fetchBundle(place: string, options: FetchOptions): Promise<Bundle> {
  if (place.startsWith('oci://')) return readBundleArchive(await pull(place.slice(6), options), options);
  if (!/^https?:\/\//.test(place)) return loadBundle(place, { ...options, read: readNamedFile });
  const { flags, terminal, signal } = options;
  const bytes = await download(new URL(place), {
    signal,
    maxBytes: DEFAULT_LIMITS.archiveBytes,
    allowHttp: flags['allow-http-registry'],
    cache: bundleCache(place, terminal.env),
  });
  return readBundleArchive(bytes, options);
}

/** The bundle's layer of an image. What registries do wrong are faults of their own and never an empty bundle. */
async function pull(image: string, { flags, terminal, signal }: FetchOptions): Promise<Uint8Array> {
  const client = openClient(flags, terminal);
  try {
    const { repository, version } = openImage(client, image, terminal);
    const { manifest } = await repository.getManifest(version, { signal });
    const layers = manifest.kind === 'image' ? manifest.layers : [];
    const [layer, another] = layers.filter(({ mediaType }) => mediaType === BUNDLE_LAYER);
    if (layer === undefined || another !== undefined) {
      const found = layer === undefined ? 'none' : 'several';
      throw new BundleError(
        'bundle_invalid',
        `oci://${image} is no bundle: expected one layer ${BUNDLE_LAYER}, found ${found}`,
      );
    }
    return await repository.getBlob(layer, { signal, maxBytes: DEFAULT_LIMITS.archiveBytes });
  } finally {
    client.close();
  }
}
