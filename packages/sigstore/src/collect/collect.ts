import { printable } from '@pratique/errors';
import {
  type Descriptor,
  type Digest,
  imageMediaTypes,
  isDigest,
  isNotFound,
  type ManifestContent,
  mapPool,
  mediaTypes as ociTypes,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { defaultEvidenceLimits, type EvidenceLimits } from '../limits.ts';
import { isBundleMediaType, mediaTypes } from '../media-types.ts';
import type { Evidence, EvidenceItem, EvidenceSource, Rejection } from '../types.ts';
import { cosignTag } from './tag-scheme.ts';

export interface CollectOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<EvidenceLimits>;
  /** Put before Cosign's tags (`--attachment-tag-prefix`). */
  readonly tagPrefix?: string;
  /** Requests in flight at once. Default 8. */
  readonly width?: number;
  /** Told how many bytes are about to be read into memory, all at once; reading begins when it resolves. */
  readonly reserve?: (bytes: number) => Promise<void>;
}

/** Evidence before it is known what the image is. */
export type Collected = Omit<Evidence, 'subject'>;

const maxManifestBytes = 4 * 1024 * 1024;

/** One layer that may be a signature, before its bytes are fetched. */
interface Layer {
  readonly kind: EvidenceItem['kind'];
  readonly source: EvidenceSource;
  readonly descriptor: Descriptor;
}

/**
 * Reads everything that claims to be a signature or attestation of `subject`: Cosign's signature and attestation tags,
 * its experimental OCI 1.1 referrers, and Sigstore bundles stored as referrers. Nothing is believed. Three round trips
 * where there is anything (lists, manifests, blobs), one where there is nothing.
 *
 * `repository` is where the signatures are: the image's own, or the one COSIGN_REPOSITORY names.
 *
 * A tag or referrer list that is not there is an answer (none); any other failure is a fault and is thrown, so that a
 * registry in trouble never looks like an unsigned image. What is there but cannot be used ends in `skipped`.
 *
 * @throws EVIDENCE_LIMIT when there is more than `limits` allow, and whatever the repository throws
 */
export async function collectEvidence(
  repository: Repository,
  subject: Descriptor,
  options: CollectOptions = {},
): Promise<Evidence> {
  return { subject, ...(await collectAbout(repository, subject.digest, options)) };
}

/**
 * The same for an image that is yet to be looked for. A digest says already what the signatures are about, so that both
 * are asked for at once: a round trip less. An image that is not there is a fault, whatever is attached to it.
 *
 * @param image where the image is
 * @param version its tag or digest
 * @param signatures where what is attached to it is
 * @throws what `image.resolve` throws, before what `collectEvidence` does
 */
export async function resolveAndCollect(
  image: Repository,
  version: string,
  signatures: Repository,
  options: CollectOptions = {},
): Promise<Evidence> {
  const read = options.signal === undefined ? {} : { signal: options.signal };
  if (!isDigest(version)) {
    return await collectEvidence(signatures, await image.resolve(version, read), options);
  }
  const needless = new AbortController();
  const signal = AbortSignal.any([
    needless.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const collecting = collectAbout(signatures, version, { ...options, signal });
  // Told below, and only where there is an image.
  collecting.catch(() => {});
  try {
    const subject = await image.resolve(version, read);
    return { subject, ...(await collecting) };
  } finally {
    needless.abort();
  }
}

/**
 * What {@link collectEvidence} reads, for a caller who knows the image's digest and is yet to learn whether there is one.
 *
 * @throws what `collectEvidence` does
 */
export async function collectAbout(
  repository: Repository,
  digest: Digest,
  options: CollectOptions,
): Promise<Collected> {
  const limits = { ...defaultEvidenceLimits, ...options.limits };
  const { width = 8 } = options;
  const read: ReadOptions = options.signal === undefined ? {} : { signal: options.signal };
  const skipped: Rejection[] = [];
  const manifestRead = { ...read, maxBytes: maxManifestBytes };

  // Counted as they come: a thousand manifests of thousands of layers each must not be piled up first.
  let seen = 0;
  const count = (layers: readonly Layer[], { manifest }: ManifestContent) => {
    seen += manifest.kind === 'image' ? manifest.layers.length : 1;
    checkCount(seen, limits);
    return layers;
  };
  const tag = async (suffix: 'sig' | 'att') => {
    const content = await orMissing(
      repository.getManifest(cosignTag(digest, suffix, options.tagPrefix), manifestRead),
    );
    return content === null ? [] : count(layersOf(content, 'cosign-tag', skipped), content);
  };
  const referrers = async () => {
    const listed = (await orMissing(repository.referrers(digest, read))) ?? [];
    const candidates = listed.filter(mayBeEvidence);
    checkCount(candidates.length, limits);
    const layers = await mapPool(candidates, width, async (descriptor) => {
      const content = await orMissing(repository.getManifest(descriptor.digest, manifestRead));
      if (content === null) {
        skipped.push(missing({ format: 'sigstore-bundle', manifest: descriptor.digest }));
        return [];
      }
      return isEvidenceManifest(content) ? count(layersOf(content, 'cosign-oci11', skipped), content) : [];
    });
    return layers.flat();
  };
  const layers = (await Promise.all([tag('sig'), tag('att'), referrers()])).flat();
  const total = checkTotal(layers, limits);
  await options.reserve?.(total);

  const items = await mapPool(layers, width, async (layer) => {
    if (layer.descriptor.size > limits.maxItemBytes) {
      skipped.push(tooLarge(layer, limits));
      return [];
    }
    const bytes = await orMissing(
      repository.getBlob(layer.descriptor, { ...read, maxBytes: limits.maxItemBytes }),
    );
    if (bytes === null) {
      skipped.push(missing(layer.source));
      return [];
    }
    return [item(layer, bytes)];
  });
  return { items: items.flat(), skipped };
}

/** Referrers worth fetching. One without an artifact type (old fallback lists have none) must be looked into. */
function mayBeEvidence(descriptor: Descriptor): boolean {
  if (!imageMediaTypes.includes(descriptor.mediaType)) return false;
  const type = descriptor.artifactType ?? '';
  return type === '' || isEvidenceType(type) || type === ociTypes.ociEmpty || type === ociTypes.ociConfig;
}

function isEvidenceType(type: string): boolean {
  return isBundleMediaType(type) || type === mediaTypes.cosignSignatureArtifact || type === mediaTypes.inToto;
}

function isEvidenceManifest({ manifest }: ManifestContent): boolean {
  if (manifest.kind !== 'image') return false;
  const types = [manifest.artifactType, manifest.config.artifactType, manifest.config.mediaType];
  return (
    types.some((type) => type !== undefined && isEvidenceType(type)) ||
    manifest.layers.some((layer) => kindOf(layer) !== null)
  );
}

function kindOf(layer: Descriptor): EvidenceItem['kind'] | null {
  if (isBundleMediaType(layer.mediaType)) return 'bundle';
  if (layer.mediaType === mediaTypes.simpleSigning) return 'simple-signing';
  if (layer.mediaType === mediaTypes.dsseEnvelope) return 'dsse';
  return null;
}

function layersOf(content: ManifestContent, format: EvidenceSource['format'], skipped: Rejection[]): Layer[] {
  const manifest = content.descriptor.digest;
  if (content.manifest.kind !== 'image') {
    skipped.push(unknownType({ format, manifest }, content.manifest.mediaType));
    return [];
  }
  return content.manifest.layers.flatMap((descriptor) => {
    const kind = kindOf(descriptor);
    const source = {
      format: kind === 'bundle' ? ('sigstore-bundle' as const) : format,
      manifest,
      layer: descriptor.digest,
    };
    if (kind !== null) return [{ kind, source, descriptor }];
    skipped.push(unknownType(source, descriptor.mediaType));
    return [];
  });
}

function item({ kind, source, descriptor }: Layer, bytes: Uint8Array): EvidenceItem {
  if (kind === 'bundle') return { kind, source, bytes };
  return { kind, source, payload: bytes, annotations: descriptor.annotations ?? {} };
}

/** Null for "not there"; every other failure stays one. */
async function orMissing<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

function checkCount(count: number, limits: EvidenceLimits): void {
  if (count <= limits.maxItems) return;
  throw sigstoreErrors.error('EVIDENCE_LIMIT', {
    message: 'the image has more signatures than are read',
    expected: `at most ${limits.maxItems}`,
    found: String(count),
  });
}

/** The bytes that will be read. */
function checkTotal(layers: readonly Layer[], limits: EvidenceLimits): number {
  const total = layers
    .filter((layer) => layer.descriptor.size <= limits.maxItemBytes)
    .reduce((sum, layer) => sum + layer.descriptor.size, 0);
  if (total <= limits.maxTotalBytes) return total;
  throw sigstoreErrors.error('EVIDENCE_LIMIT', {
    message: 'the image’s signatures and attestations are larger together than is read',
    expected: `at most ${limits.maxTotalBytes} bytes`,
    found: `${total} bytes`,
  });
}

function skip(
  source: EvidenceSource,
  code: 'EVIDENCE_TYPE_UNKNOWN' | 'EVIDENCE_TOO_LARGE' | 'EVIDENCE_MISSING',
  message: string,
  detail: Pick<Rejection, 'expected' | 'found'> = {},
): Rejection {
  return { source, code, message, ...detail, checks: [] };
}

function missing(source: EvidenceSource): Rejection {
  return skip(source, 'EVIDENCE_MISSING', 'a signature is listed, but the registry does not have it');
}

function unknownType(source: EvidenceSource, mediaType: string): Rejection {
  return skip(
    source,
    'EVIDENCE_TYPE_UNKNOWN',
    'something that is no signature stands where signatures are kept',
    {
      expected: `${mediaTypes.simpleSigning}, ${mediaTypes.dsseEnvelope} or ${mediaTypes.bundle}`,
      found: printable(mediaType),
    },
  );
}

function tooLarge({ source, descriptor }: Layer, limits: EvidenceLimits): Rejection {
  return skip(source, 'EVIDENCE_TOO_LARGE', 'a signature or attestation is larger than is read', {
    expected: `at most ${limits.maxItemBytes} bytes`,
    found: `${descriptor.size} bytes`,
  });
}
