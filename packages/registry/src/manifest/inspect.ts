/**
 * What the registry needs to know about a manifest it stores: what it must already hold, what it refers to.
 * Manifests are kept byte for byte; nothing here changes them.
 */
import { PratiqueError } from '@pratique/errors';
import {
  type Digest,
  isDigest,
  type Manifest,
  manifestMediaTypes,
  parseManifest,
  parseStrictJson,
} from '@pratique/oci';

export interface InspectedManifest {
  /** Blobs that must be in the repository before the manifest may be. Foreign layers live elsewhere and are not among them. */
  readonly required: readonly Digest[];
  /** Manifests an index lists. They may come later, or never (a sparse index). */
  readonly children: readonly {
    readonly mediaType: string;
    readonly digest: Digest;
    readonly size: number;
  }[];
  /** Every digest named, foreign layers included: what garbage collection must keep. */
  readonly references: readonly Digest[];
  readonly subject: Digest | undefined;
  /** As the referrers API reports it: `artifactType`, or the config's media type for an image (distribution-spec "Listing Referrers"). */
  readonly artifactType: string | undefined;
  /** Undefined when there are none. */
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Why a manifest was refused: an answer to the client, not a fault. */
export class ManifestInvalid extends Error {
  override readonly name = 'ManifestInvalid';
}

/** The media type a body that came without `Content-Type` says it has. */
export function declaredMediaType(bytes: Uint8Array): string | undefined {
  const declared = readObject(bytes)['mediaType'];
  return typeof declared === 'string' ? declared : undefined;
}

/** Reads and checks a manifest; throws `ManifestInvalid` with the reason. */
export function inspectManifest(bytes: Uint8Array, mediaType: string): InspectedManifest {
  return manifestMediaTypes.includes(mediaType)
    ? inspectKnown(bytes, mediaType)
    : inspectOther(bytes, mediaType);
}

function inspectKnown(bytes: Uint8Array, mediaType: string): InspectedManifest {
  let manifest: Manifest;
  try {
    manifest = parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof PratiqueError) throw new ManifestInvalid(error.message);
    throw error;
  }
  const common = {
    subject: manifest.subject?.digest,
    annotations: Object.keys(manifest.annotations).length === 0 ? undefined : manifest.annotations,
  };
  if (manifest.kind === 'index') {
    const children = manifest.manifests.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
    const references = children.map((child) => child.digest);
    return { required: [], children, references, artifactType: manifest.artifactType, ...common };
  }
  const layers = manifest.layers.filter((layer) => !isForeign(layer.mediaType)).map((layer) => layer.digest);
  return {
    required: [...new Set([manifest.config.digest, ...layers])],
    children: [],
    references: [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)],
    artifactType: manifest.artifactType ?? manifest.config.mediaType,
    ...common,
  };
}

/** Other types (OCI 1.0 artifacts, whatever comes next) are stored as they are, and all they name is kept. */
function inspectOther(bytes: Uint8Array, mediaType: string): InspectedManifest {
  const document = readObject(bytes);
  if (document['mediaType'] !== undefined && document['mediaType'] !== mediaType) {
    throw new ManifestInvalid('mediaType in the document differs from the Content-Type');
  }
  const references = new Set<Digest>();
  collectDigests(document, references);
  const { artifactType, subject } = document;
  const named =
    typeof subject === 'object' && subject !== null && 'digest' in subject ? subject.digest : undefined;
  return {
    required: [],
    children: [],
    references: [...references],
    subject: typeof named === 'string' && isDigest(named) ? named : undefined,
    artifactType: typeof artifactType === 'string' && artifactType.length <= 255 ? artifactType : undefined,
    annotations: undefined,
  };
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parseStrictJson(bytes);
  } catch (error) {
    throw new ManifestInvalid((error as Error).message);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new ManifestInvalid('it is not a JSON object');
  }
  return document as Readonly<Record<string, unknown>>;
}

/** `parseStrictJson` has bounded the depth. */
function collectDigests(value: unknown, into: Set<Digest>): void {
  if (typeof value === 'string') {
    if (isDigest(value)) into.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectDigests(inner, into);
  }
}

/** Layers that may not be redistributed and are fetched from their `urls` (image-spec "Non-Distributable Layers"). */
function isForeign(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.v1.') ||
    mediaType === 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  );
}
