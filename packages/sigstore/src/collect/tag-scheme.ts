import type { Digest, ReadOptions } from '@pratique/oci';

/** How Cosign's tags are read. */
export interface TagReadOptions extends ReadOptions {
  /** Put before Cosign's tags (`--attachment-tag-prefix`). */
  readonly tagPrefix?: string;
}

/**
 * Cosign's tag for what belongs to a digest: `sha256:ab…` → `[prefix]sha256-ab….sig` (signatures), `.att`
 * (attestations), `.sbom`.
 */
export function cosignTag(digest: Digest, suffix: 'sig' | 'att' | 'sbom', prefix = ''): string {
  return `${prefix}${digest.replace(':', '-')}.${suffix}`;
}
