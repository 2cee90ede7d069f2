import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { parseManifest } from '../manifest/parse.ts';
import type { Descriptor } from '../types.ts';

const encoder = new TextEncoder();

/** Content of the file `oci-layout` (image-spec §Image Layout). */
export const layoutMarker: Uint8Array = encoder.encode('{"imageLayoutVersion":"1.0.0"}');

/** @throws OCI_LAYOUT_INVALID where the marker is missing or of another version */
export function checkMarker(bytes: Uint8Array | undefined, name: string): void {
  let document: unknown;
  try {
    document = bytes === undefined ? undefined : parseJson(bytes, 'oci-layout');
  } catch {
    document = undefined;
  }
  const version = isJsonObject(document) ? document.imageLayoutVersion : undefined;
  if (version === '1.0.0') return;
  throw ociErrors.error('OCI_LAYOUT_INVALID', {
    message:
      bytes === undefined
        ? `there is no OCI image layout at ${printable(name)}`
        : `${printable(name)}: no OCI image layout of version 1.0.0`,
    expected: 'a file oci-layout with imageLayoutVersion 1.0.0',
    found: bytes === undefined ? 'no such file' : typeof version === 'string' ? printable(version) : 'none',
  });
}

/** The entries of an `index.json`. @throws OCI_MANIFEST_INVALID, OCI_LAYOUT_INVALID */
export function parseIndexJson(bytes: Uint8Array, name: string): readonly Descriptor[] {
  const index = parseManifest(bytes, mediaTypes.ociIndex);
  if (index.kind === 'index') return index.manifests;
  throw ociErrors.error('OCI_LAYOUT_INVALID', {
    message: `${printable(name)}: index.json is not an image index`,
  });
}

/** An `index.json` with these entries. */
export function formatIndexJson(entries: readonly Descriptor[]): Uint8Array {
  return encoder.encode(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries }),
  );
}
