import { createHash } from 'node:crypto';
import type { Descriptor } from '@pratique/oci';

/** Descriptor of bytes about to be stored. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  const hex = createHash('sha256').update(bytes).digest('hex');
  return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
