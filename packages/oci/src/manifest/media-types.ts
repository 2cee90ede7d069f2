/** Media types of OCI image-spec v1.1 and of Docker's image manifest version 2, schema 2. */
export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
} as const;

/** Media types of manifests that describe one image or artifact. */
export const imageMediaTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];

/** Media types of manifests that list other manifests. */
export const indexMediaTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerList];

/** Everything `getManifest` accepts, as sent in `Accept`. */
export const manifestMediaTypes: readonly string[] = [...imageMediaTypes, ...indexMediaTypes];

/** RFC 6838 §4.2 type/subtype with optional parameters, bounded. */
const pattern =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(?:\s*;.{0,512})?$/;

/** Whether `text` has the form of a media type (parameters allowed, as `…bundle+json;version=0.3`). */
export function isMediaType(text: string): boolean {
  return pattern.test(text);
}

/** `Content-Type` without parameters and in lower case; undefined where it says nothing about a manifest. */
export function manifestTypeOf(contentType: string | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return type === undefined ||
    ['', 'application/json', 'application/octet-stream', 'text/plain'].includes(type)
    ? undefined
    : type;
}

/** Layers that are fetched from their `urls` and that registries and archives do not hold (non-distributable layers). */
export function isForeignLayer(mediaType: string): boolean {
  return /^application\/vnd\.(?:docker\.image\.rootfs\.foreign|oci\.image\.layer\.nondistributable)/.test(
    mediaType,
  );
}
