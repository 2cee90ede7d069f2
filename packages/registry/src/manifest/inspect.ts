/**
 * What the registry needs to know about a manifest it stores: what it must already hold, what it refers to.
 * Manifests are kept byte for byte; nothing here changes them.
 */
import type { Digest } from '@pratique/oci';
import { isDigest } from '../grammar.ts';
import { indexMediaType, isRecord } from '../store/layout.ts';

const imageTypes = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
const indexTypes = new Set([indexMediaType, 'application/vnd.docker.distribution.manifest.list.v2+json']);

export interface InspectedManifest {
  /** Blobs that must be in the repository before the manifest may be. Foreign layers live elsewhere and are not among them. */
  readonly required: readonly Digest[];
  /** Manifests an index lists. They may come later, or never (a sparse index). */
  readonly children: readonly Digest[];
  /** Every digest named, foreign layers included: what garbage collection must keep. */
  readonly references: readonly Digest[];
  readonly subject: Digest | undefined;
  /** As the referrers API reports it: `artifactType`, or the config's media type for an image (distribution-spec "Listing Referrers"). */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Why a manifest was refused: an answer to the client, not a fault. */
export class ManifestInvalid extends Error {
  override readonly name = 'ManifestInvalid';
}

/** The media type a body without `Content-Type` says it has. */
export function declaredMediaType(bytes: Uint8Array): string | undefined {
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isRecord(document) && typeof document['mediaType'] === 'string'
      ? document['mediaType']
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads and checks a manifest; throws `ManifestInvalid` with the reason. */
export function inspectManifest(bytes: Uint8Array, mediaType: string): InspectedManifest {
  const document = parseObject(bytes);
  if (document['mediaType'] !== undefined && document['mediaType'] !== mediaType) {
    // Two readers believing two different types is how CVE-2021-41190 happened.
    throw new ManifestInvalid(`mediaType in the document differs from the Content-Type ${mediaType}`);
  }
  const required: Digest[] = [];
  const children: Digest[] = [];
  const foreign: Digest[] = [];
  if (imageTypes.has(mediaType)) {
    if (document['manifests'] !== undefined)
      throw new ManifestInvalid('an image manifest must not list manifests');
    checkSchemaVersion(document);
    required.push(descriptor(document['config'], 'config').digest);
    for (const [position, value] of list(document['layers'], 'layers').entries()) {
      const layer = descriptor(value, `layers[${position}]`);
      (isForeign(layer.mediaType) ? foreign : required).push(layer.digest);
    }
  } else if (indexTypes.has(mediaType)) {
    if (document['layers'] !== undefined || document['config'] !== undefined) {
      throw new ManifestInvalid('an index must not have config or layers');
    }
    checkSchemaVersion(document);
    for (const [position, value] of list(document['manifests'], 'manifests').entries()) {
      children.push(descriptor(value, `manifests[${position}]`).digest);
    }
  } else {
    // Other types (OCI 1.0 artifacts, what comes next) are stored as they are; what they name is kept.
    for (const value of Array.isArray(document['blobs']) ? document['blobs'] : []) {
      required.push(descriptor(value, 'blobs').digest);
    }
  }
  const subject = document['subject'];
  return {
    required,
    children,
    references: [...required, ...children, ...foreign],
    subject: subject === undefined || subject === null ? undefined : descriptor(subject, 'subject').digest,
    artifactType: artifactTypeOf(document, mediaType),
    annotations: stringRecord(document['annotations']),
  };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ManifestInvalid('not a JSON document in UTF-8');
  }
  if (!isRecord(document)) throw new ManifestInvalid('not a JSON object');
  return document;
}

function checkSchemaVersion(document: Record<string, unknown>): void {
  if (document['schemaVersion'] !== 2) throw new ManifestInvalid('schemaVersion must be 2');
}

function descriptor(value: unknown, where: string): { readonly digest: Digest; readonly mediaType: string } {
  if (!isRecord(value)) throw new ManifestInvalid(`${where} is not a descriptor`);
  const { digest, mediaType, size } = value;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw new ManifestInvalid(`${where} has no valid digest`);
  if (typeof mediaType !== 'string') throw new ManifestInvalid(`${where} has no mediaType`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new ManifestInvalid(`${where} has no valid size`);
  }
  return { digest, mediaType };
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ManifestInvalid(`${where} is not a list`);
  return value;
}

function isForeign(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.v1.') ||
    mediaType === 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  );
}

function artifactTypeOf(document: Record<string, unknown>, mediaType: string): string | undefined {
  const { artifactType, config } = document;
  if (typeof artifactType === 'string' && artifactType !== '') return artifactType;
  if (imageTypes.has(mediaType) && isRecord(config) && typeof config['mediaType'] === 'string')
    return config['mediaType'];
  return undefined;
}

function stringRecord(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
