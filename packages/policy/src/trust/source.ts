import { formatReference } from '@pratique/oci';
import type { SignatureSource } from './types.ts';

/** Beside the image, under Cosign's tags, with the credentials that are used for images. */
export const usualSource: SignatureSource = { repository: null, tagPrefix: '', pullSecrets: null };

/** Two sources are one place if their texts are one. */
export function sourceText({ repository, tagPrefix, pullSecrets }: SignatureSource): string {
  const where = repository === null ? null : formatReference(repository);
  return JSON.stringify([where, tagPrefix, pullSecrets?.names ?? null]);
}
