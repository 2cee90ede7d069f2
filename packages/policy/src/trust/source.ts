import { formatReference } from '@pratique/oci';
import type { SignatureSource } from './types.ts';

/** Two sources are one place if their texts are one. The usual place is `''`. */
export function sourceText({ repository, tagPrefix }: SignatureSource): string {
  const where = repository === null ? '' : formatReference(repository);
  return tagPrefix === '' ? where : `${where} ${tagPrefix}`;
}
