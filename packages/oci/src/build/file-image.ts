import { type BuiltManifest, describeBytes } from '../manifest/build.ts';
import { buildGoImageManifest, buildGoIndex } from '../manifest/go-manifest.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import type { Descriptor, Platform } from '../types.ts';
import { contentChunks, type FileContent } from './content.ts';
import type { BuiltImage } from './image.ts';
import { measure } from './layer.ts';
import { sniffContent } from './sniff.ts';

type Annotations = Readonly<Record<string, string>>;

export interface FileImageOptions {
  /** Of the file; absent: what its first bytes say it is. */
  readonly mediaType?: string;
  /** Of the configuration; absent: that of images. */
  readonly configMediaType?: string;
  readonly annotations?: Annotations;
}

const never = '0001-01-01T00:00:00Z';

/** The configuration of an image whose layers are files as they are, as cosign makes it: of no platform. */
export function fileConfig(
  layers: readonly Pick<Descriptor, 'digest'>[],
  mediaType: string,
  created?: Date,
): BuiltImage['config'] {
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      architecture: '',
      created: created?.toISOString() ?? never,
      ...(layers.length === 0 ? {} : { history: layers.map(() => ({ created: never })) }),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.length === 0 ? null : layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
  return { bytes, descriptor: describeBytes(bytes, mediaType) };
}

/**
 * An image whose one layer is a file as it is: what `cosign upload` (3.1) pushes for the same file, byte for byte, with
 * the same digest. The file is read twice, once for its digest and once when it is pushed.
 *
 * @throws OCI_FILE_UNREADABLE
 */
export async function buildFileImage(
  content: FileContent,
  { mediaType, configMediaType = mediaTypes.ociConfig, annotations = {} }: FileImageOptions = {},
): Promise<BuiltImage> {
  const measured = await measure(() => contentChunks(content), 'none');
  const descriptor = { ...measured.descriptor, mediaType: mediaType ?? (await sniffContent(content)) };
  // go-containerregistry leaves alone what it does not know as the configuration of an image.
  const config = fileConfig(configMediaType === mediaTypes.ociConfig ? [descriptor] : [], configMediaType);
  const manifest = buildGoImageManifest({ config: config.descriptor, layers: [descriptor], annotations });
  return {
    descriptor: manifest.descriptor,
    manifest: manifest.bytes,
    config,
    layers: [{ ...measured, descriptor }],
  };
}

/** An index of such images, as `cosign upload blob` pushes it for several files. */
export function buildFileIndex(
  images: readonly { readonly image: BuiltImage; readonly platform: Platform }[],
  annotations: Annotations = {},
): BuiltManifest {
  const manifests = images.map(({ image, platform }) => ({
    ...image.descriptor,
    platform,
    artifactType: image.config.descriptor.mediaType,
  }));
  return buildGoIndex({ manifests, annotations });
}
