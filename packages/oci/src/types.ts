/** `sha256:<64 hex>` or `sha512:<128 hex>`, lower case: parsed by `parseDigest`, never assembled by hand elsewhere. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

/** A parsed image reference, by the grammar of distribution/reference. */
export interface Reference {
  /** Host, with port where given: `index.docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** `library/alpine` */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** OCI image-spec §descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
  /** Embedded content, base64. */
  readonly data?: string;
}

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
}

/** OCI image manifest or Docker schema 2 manifest. */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** OCI image index or Docker manifest list. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | ImageIndex;

/** What is stored as a manifest. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** As it was served, where it was. */
  readonly mediaType: string | undefined;
}

/** A manifest as fetched: `bytes` are exactly what `descriptor.digest` names (verified). */
export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Refuse content larger than this many bytes before reading it. */
  readonly maxBytes?: number;
}

/**
 * One repository's content, wherever it lives: a registry, an OCI image layout, a docker archive. Everything that
 * reads or writes images works on this interface. All content returned is verified against the digest asked for.
 *
 * Not-found is `OCI_NOT_FOUND` (an answer, see `isNotFound`); everything else that goes wrong is a fault and is thrown as one.
 */
export interface Repository {
  /** For people: `localhost:5000/team/app`, or a path. */
  readonly name: string;
  resolve(tagOrDigest: string, options?: ReadOptions): Promise<Descriptor>;
  getManifest(tagOrDigest: string, options?: ReadOptions): Promise<ManifestContent>;
  /** What is stored under a name, of the right digest, also where it is no manifest that can be understood. */
  getManifestBytes(tagOrDigest: string, options?: ReadOptions): Promise<StoredManifest>;
  /** The whole blob in memory. Default `maxBytes` 64 MiB. */
  getBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: ReadOptions): Promise<Uint8Array>;
  /** The blob as a stream that errors instead of ending when the digest or size is wrong. */
  openBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options?: ReadOptions,
  ): Promise<ReadableStream<Uint8Array>>;
  hasBlob(digest: Digest, options?: ReadOptions): Promise<boolean>;
  /** Uploads unless already there. `size` and `digest` must be known beforehand. */
  putBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    content: Uint8Array | ReadableStream<Uint8Array>,
    options?: ReadOptions,
  ): Promise<void>;
  /** Stores a manifest, by tag too where one is given; keeps the referrers fallback tag up to date where the registry has no referrers API. */
  putManifest(
    bytes: Uint8Array,
    mediaType: string,
    options?: ReadOptions & { readonly tag?: string },
  ): Promise<Descriptor>;
  /** Manifests whose `subject` is `digest` (distribution-spec "Listing Referrers", with the tag-schema fallback). */
  referrers(
    digest: Digest,
    options?: ReadOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]>;
  tags(options?: ReadOptions): Promise<readonly string[]>;
  deleteManifest(tagOrDigest: string, options?: ReadOptions): Promise<void>;
}
