import { digestOf } from '../reference/digest.ts';
import type { Descriptor } from '../types.ts';
import { mediaTypes } from './media-types.ts';

/** The empty JSON object, the content of `application/vnd.oci.empty.v1+json` (image-spec §Guidance for an Empty Descriptor). */
export const emptyJson: Uint8Array = new TextEncoder().encode('{}');

/** Descriptor of `emptyJson`. */
export const emptyDescriptor: Descriptor = {
  mediaType: mediaTypes.ociEmpty,
  digest: digestOf(emptyJson),
  size: emptyJson.length,
};

/** A document together with what names it. */
export interface BuiltManifest {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/** Describes `bytes` as content of type `mediaType`. */
export function describeBytes(
  bytes: Uint8Array,
  mediaType: string,
  more: Pick<Descriptor, 'annotations' | 'artifactType' | 'platform'> = {},
): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
}

interface Common {
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

function build(
  document: Readonly<Record<string, unknown>>,
  mediaType: string,
  artifactType?: string,
): BuiltManifest {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return {
    bytes,
    descriptor: describeBytes(bytes, mediaType, artifactType === undefined ? {} : { artifactType }),
  };
}

/**
 * Writes an OCI image manifest. For an artifact give `artifactType` and leave `config` out: the empty descriptor
 * stands in its place, and `emptyJson` must be pushed with it.
 */
export function buildImageManifest(
  input: Common & { readonly config?: Descriptor; readonly layers: readonly Descriptor[] },
): BuiltManifest {
  const { artifactType, config = emptyDescriptor, layers, subject, annotations } = input;
  const mediaType = mediaTypes.ociManifest;
  return build(
    { schemaVersion: 2, mediaType, artifactType, config, layers, subject, annotations },
    mediaType,
    artifactType,
  );
}

/** Writes an OCI image index. */
export function buildIndex(input: Common & { readonly manifests: readonly Descriptor[] }): BuiltManifest {
  const { artifactType, manifests, subject, annotations } = input;
  const mediaType = mediaTypes.ociIndex;
  return build(
    { schemaVersion: 2, mediaType, artifactType, manifests, subject, annotations },
    mediaType,
    artifactType,
  );
}
