import type { Digest, ReadOptions } from '@pratique/oci';

/** How Cosign's tags are read. */
export interface TagReadOptions extends ReadOptions {
  /** Put before Cosign's tags (`--attachment-tag-prefix`). */
  readonly tagPrefix?: string;
}

/** How they are written. */
export interface TagWriteOptions extends TagReadOptions {
  /** Where nothing has the tag yet: an image of Docker's media types (`COSIGN_DOCKER_MEDIA_TYPES`). */
  readonly dockerMediaTypes?: boolean;
}

/**
 * Cosign's tag for what belongs to a digest: `sha256:ab…` → `[prefix]sha256-ab….sig` (signatures), `.att`
 * (attestations), `.sbom`.
 */
export function cosignTag(digest: Digest, suffix: 'sig' | 'att' | 'sbom', prefix = ''): string {
  return `${prefix}${digest.replace(':', '-')}.${suffix}`;
}
