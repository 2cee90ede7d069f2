import { printable } from '@pratique/errors';
import {
  type Descriptor,
  type Digest,
  imageMediaTypes,
  isNotFound,
  type ManifestContent,
  mapPool,
  mediaTypes as ociTypes,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { notationErrors } from '../errors.ts';
import { defaultNotationLimits, type NotationLimits } from '../limits.ts';
import { type EnvelopeFormat, formatOf, notationMediaTypes } from '../media-types.ts';
import type { NotationEvidence, NotationItem, NotationRejection, NotationSource } from '../types.ts';

export interface CollectNotationOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<NotationLimits>;
  /** Told how many bytes are about to be read into memory, all at once; reading begins when it resolves. */
  readonly reserve?: (bytes: number) => Promise<void>;
}

const maxManifestBytes = 4 * 1024 * 1024;
const width = 8;

/** The one layer of a signature manifest, before its bytes are fetched. */
interface Layer {
  readonly source: NotationSource;
  readonly envelope: EnvelopeFormat;
  readonly descriptor: Descriptor;
}

/**
 * Reads everything that claims to be a signature of the Notary Project about a digest (signature-specification.md,
 * "Storage"): manifests that refer to it and are of its artifact type, or have it as the media type of their config, as
 * older ones do. Nothing is believed.
 *
 * No referrers are an answer (none); any other failure is a fault and is thrown. What is there but cannot be used ends
 * in `skipped`.
 *
 * @throws NOTATION_EVIDENCE_LIMIT when there is more than `limits` allow, and whatever the repository throws
 */
export async function collectNotation(
  repository: Repository,
  digest: Digest,
  options: CollectNotationOptions = {},
): Promise<NotationEvidence> {
  const limits = { ...defaultNotationLimits, ...options.limits };
  const read: ReadOptions = options.signal === undefined ? {} : { signal: options.signal };
  const skipped: NotationRejection[] = [];
  const listed = ((await orMissing(repository.referrers(digest, read))) ?? []).filter(mayBeSignature);
  const certain = listed.filter(({ artifactType }) => artifactType === notationMediaTypes.signature);
  checkCount(certain.length, limits);
  // Those that do not say what they are have to be looked into: as many as Cosign's are.
  if (listed.length > 1000) throw tooMany(listed.length, 1000);
  const found = await mapPool(listed, width, async (descriptor): Promise<Layer[]> => {
    const content = await orMissing(
      repository.getManifest(descriptor.digest, { ...read, maxBytes: maxManifestBytes }),
    );
    const source: NotationSource = { format: 'notation', manifest: descriptor.digest };
    if (content === null) {
      if (descriptor.artifactType === notationMediaTypes.signature) skipped.push(missing(source));
      return [];
    }
    return isSignatureManifest(content) ? layerOf(content, digest, source, skipped) : [];
  });
  const layers = found.flat();
  checkCount(layers.length, limits);
  const readable = layers.filter(({ descriptor, source }) => {
    if (descriptor.size <= limits.maxEnvelopeBytes) return true;
    skipped.push(
      skip(source, 'NOTATION_ENVELOPE_TOO_LARGE', 'a signature envelope is larger than is read', {
        expected: `at most ${limits.maxEnvelopeBytes} bytes`,
        found: `${descriptor.size} bytes`,
      }),
    );
    return false;
  });
  const total = readable.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  if (total > limits.maxTotalBytes) {
    throw notationErrors.error('NOTATION_EVIDENCE_LIMIT', {
      message: 'the signatures of the image are larger together than is read',
      expected: `at most ${limits.maxTotalBytes} bytes`,
      found: `${total} bytes`,
    });
  }
  await options.reserve?.(total);
  const items = await mapPool(
    readable,
    width,
    async ({ source, envelope, descriptor }): Promise<NotationItem[]> => {
      const bytes = await orMissing(
        repository.getBlob(descriptor, { ...read, maxBytes: limits.maxEnvelopeBytes }),
      );
      if (bytes !== null) return [{ source, envelope, bytes }];
      skipped.push(missing(source));
      return [];
    },
  );
  return { items: items.flat(), skipped };
}

/** One without an artifact type may be of the older form: old lists do not say what the config is. */
function mayBeSignature({ mediaType, artifactType = '' }: Descriptor): boolean {
  return (
    imageMediaTypes.includes(mediaType) &&
    [notationMediaTypes.signature, ociTypes.ociEmpty, ociTypes.ociConfig, ''].includes(artifactType)
  );
}

function isSignatureManifest({ manifest }: ManifestContent): boolean {
  return (
    manifest.kind === 'image' &&
    (manifest.artifactType === notationMediaTypes.signature ||
      manifest.config.mediaType === notationMediaTypes.signature)
  );
}

function layerOf(
  { manifest }: ManifestContent,
  digest: Digest,
  source: NotationSource,
  skipped: NotationRejection[],
): Layer[] {
  if (manifest.kind !== 'image') return [];
  const [descriptor, ...more] = manifest.layers;
  if (descriptor === undefined || more.length > 0 || manifest.subject?.digest !== digest) {
    skipped.push(
      skip(source, 'NOTATION_MANIFEST_INVALID', 'a signature manifest is not well formed', {
        expected: `one envelope, and the subject ${digest}`,
        found: printable(
          `${manifest.layers.length} layers, the subject ${manifest.subject?.digest ?? 'none'}`,
        ),
      }),
    );
    return [];
  }
  const whole = { ...source, layer: descriptor.digest };
  const envelope = formatOf(descriptor.mediaType);
  if (envelope !== null) return [{ source: whole, envelope, descriptor }];
  skipped.push(
    skip(whole, 'NOTATION_ENVELOPE_UNSUPPORTED', 'a signature is in an envelope of another kind', {
      expected: `${notationMediaTypes.jws} or ${notationMediaTypes.cose}`,
      found: printable(descriptor.mediaType),
    }),
  );
  return [];
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

function checkCount(count: number, { maxSignatures }: NotationLimits): void {
  if (count > maxSignatures) throw tooMany(count, maxSignatures);
}

function tooMany(count: number, limit: number) {
  return notationErrors.error('NOTATION_EVIDENCE_LIMIT', {
    message: 'the image has more signatures than are read',
    expected: `at most ${limit}`,
    found: String(count),
  });
}

function skip(
  source: NotationSource,
  code: string,
  message: string,
  detail: Pick<NotationRejection, 'expected' | 'found'>,
): NotationRejection {
  return { source, code, message, ...detail, checks: [] };
}

function missing(source: NotationSource): NotationRejection {
  return skip(
    source,
    'NOTATION_ENVELOPE_MISSING',
    'a signature is listed, but the registry does not have it',
    {},
  );
}
