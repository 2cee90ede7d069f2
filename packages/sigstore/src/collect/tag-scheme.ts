import type { Digest } from '@pratique/oci';

/**
 * Cosign's tag for what belongs to a digest: `sha256:ab…` → `[prefix]sha256-ab….sig` (signatures), `.att`
 * (attestations), `.sbom`.
 */
export function cosignTag(digest: Digest, suffix: 'sig' | 'att' | 'sbom', prefix = ''): string {
  return `${prefix}${digest.replace(':', '-')}.${suffix}`;
}
