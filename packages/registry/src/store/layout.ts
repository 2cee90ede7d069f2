/**
 * The `index.json` of one repository: an OCI image layout (image-spec "image-layout.md"), so that any tool which
 * reads layouts reads our data. A tag is a descriptor with the annotation `org.opencontainers.image.ref.name`; a
 * manifest without a tag stands there without the annotation, which is how we know its media type.
 */
import { type Digest, isDigest, isTag, mediaTypes } from '@pratique/oci';

const refName = 'org.opencontainers.image.ref.name';

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface LayoutIndex {
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly tags: ReadonlyMap<string, Digest>;
}

export const layoutMarker = `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`;

/** Parses `index.json`. Entries that name no usable manifest are skipped; a document that is no index throws. */
export function parseLayoutIndex(text: string): LayoutIndex {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || !Array.isArray(document['manifests'])) throw new TypeError('not an image index');
  const manifests = new Map<Digest, StoredManifest>();
  const tags = new Map<string, Digest>();
  for (const entry of document['manifests'] as unknown[]) {
    if (!isRecord(entry)) continue;
    const { mediaType, digest, size, annotations } = entry;
    if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) continue;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) continue;
    manifests.set(digest, { mediaType, digest, size });
    const tag = isRecord(annotations) ? annotations[refName] : undefined;
    if (typeof tag === 'string' && isTag(tag)) tags.set(tag, digest);
  }
  return { manifests, tags };
}

export function formatLayoutIndex(index: LayoutIndex): Uint8Array {
  const entries: unknown[] = [];
  const tagged = new Set<Digest>();
  for (const [tag, digest] of index.tags) {
    const manifest = index.manifests.get(digest);
    if (manifest === undefined) continue;
    tagged.add(digest);
    entries.push({ ...manifest, annotations: { [refName]: tag } });
  }
  for (const manifest of index.manifests.values()) if (!tagged.has(manifest.digest)) entries.push(manifest);
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries };
  return new TextEncoder().encode(`${JSON.stringify(document)}\n`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
