import { type BuiltManifest, describeBytes } from '../manifest/build.ts';
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

/**
 * An image whose one layer is a file as it is: the document that `cosign upload` (3.1) pushes for the same file, byte for
 * byte, so that it has the same digest. The file is read twice, once for its digest and once when it is pushed.
 *
 * @throws OCI_FILE_UNREADABLE
 */
export async function buildFileImage(
  content: FileContent,
  options: FileImageOptions = {},
): Promise<BuiltImage> {
  const { configMediaType = mediaTypes.ociConfig, annotations = {} } = options;
  const mediaType = options.mediaType ?? (await sniffContent(content));
  const measured = await measure(() => contentChunks(content), 'none');
  const layer = { ...measured, descriptor: { ...measured.descriptor, mediaType } };
  const isImage = configMediaType === mediaTypes.ociConfig;
  const config = goJson(
    JSON.stringify({
      architecture: '',
      created: never,
      ...(isImage ? { history: [{ created: never }] } : {}),
      os: '',
      rootfs: { type: 'layers', diff_ids: isImage ? [layer.diffId] : null },
      config: {},
    }),
  );
  const configDescriptor = describeBytes(config, configMediaType);
  const manifest = goJson(
    `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":${descriptorText(configDescriptor)},"layers":[${descriptorText(layer.descriptor)}]${annotationsText(annotations)}}`,
  );
  return {
    descriptor: describeBytes(manifest, mediaTypes.ociManifest),
    manifest,
    config: { descriptor: configDescriptor, bytes: config },
    layers: [layer],
  };
}

/** An index of such images, as `cosign upload blob` pushes it for several files. */
export function buildFileIndex(
  images: readonly { readonly image: BuiltImage; readonly platform: Platform }[],
  annotations: Annotations = {},
): BuiltManifest {
  const entries = images.map(({ image, platform: { architecture, os } }) =>
    descriptorText(image.descriptor, {
      platform: { architecture, os },
      artifactType: image.config.descriptor.mediaType,
    }),
  );
  const bytes = goJson(
    `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[${entries.join(',')}]${annotationsText(annotations)}}`,
  );
  return { bytes, descriptor: describeBytes(bytes, mediaTypes.ociIndex) };
}

/** In the order in which go-containerregistry writes it. */
function descriptorText({ mediaType, size, digest }: Descriptor, more: object = {}): string {
  return JSON.stringify({ mediaType, size, digest, ...more });
}

/** Sorted by their bytes, as Go writes maps. An object would put names that are numbers first. */
function annotationsText(annotations: Annotations): string {
  const entries = Object.entries(annotations)
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return entries.length === 0 ? '' : `,"annotations":{${entries.join(',')}}`;
}

/** Go escapes what could end a script in a web page; outside of strings JSON has none of these characters. */
function goJson(text: string): Uint8Array {
  const escaped = text.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new TextEncoder().encode(escaped);
}
