import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '@pratique/errors';
import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  type ImageManifest,
  isNotFound,
  type ManifestContent,
  mediaTypes as ociTypes,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { defaultEvidenceLimits } from '../limits.ts';

/** Time in which another signer, who read the tag before we wrote it, writes over us; then the tag is read again. */
const settleMilliseconds = 150;
const maxAttempts = 50;
/** Upper bound of the random pause before trying again: signers that collided must not collide again. */
const maxPauseMilliseconds = 3000;

export interface AppendedLayer {
  readonly manifest: Descriptor;
  /** True when the tag already held the layer, or one as good, so that nothing was written. */
  readonly existed: boolean;
}

export interface NewLayer {
  /** With the annotations of the signature. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** True for a layer that makes this one superfluous. */
  readonly isSame: (other: Descriptor) => boolean;
  /** Layers that this one takes the place of. */
  readonly replaces?: (other: Descriptor) => boolean;
}

/**
 * Adds a layer to one of Cosign's tags (`sha256-….sig`, `.att`), keeping every layer that is there.
 *
 * A registry has no compare-and-swap, so two signers at the same moment can overwrite each other. Therefore the tag is
 * read again after writing, at once and after a pause, and written again as long as our layer is not in it.
 *
 * @throws SIGNING_CONFLICT when that does not end, EVIDENCE_LIMIT when the tag is full, EVIDENCE_TYPE_UNKNOWN when
 * something else than an image has the tag
 */
export async function appendLayer(
  repository: Repository,
  tag: string,
  { descriptor: layer, bytes, isSame, replaces = () => false }: NewLayer,
  options: ReadOptions,
): Promise<AppendedLayer> {
  const { annotations: _, ...blob } = layer;
  await repository.putBlob(blob, bytes, options);
  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, options.signal === undefined ? {} : { signal: options.signal });
  const stored = async () => {
    const content = await read(repository, tag, options);
    const layers = content?.image.layers ?? [];
    const there = layers.some(isSame);
    return { image: content?.image, layers, manifest: there && content !== null ? content.descriptor : null };
  };
  let written = false;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    let current = await stored();
    if (current.manifest === null) {
      const kept = current.layers.filter((other) => !replaces(other));
      checkRoom(kept.length, tag);
      await write(repository, tag, current.image, [...kept, layer], options);
      written = true;
      current = await stored();
    } else if (!written) {
      return { manifest: current.manifest, existed: true };
    }
    if (current.manifest !== null) {
      await pause(settleMilliseconds);
      current = await stored();
      if (current.manifest !== null) return { manifest: current.manifest, existed: false };
    }
    await pause(Math.random() * Math.min(maxPauseMilliseconds, settleMilliseconds * 2 ** attempt));
  }
  throw sigstoreErrors.error('SIGNING_CONFLICT', { message: `other signers kept replacing ${tag}` });
}

function checkRoom(count: number, tag: string): void {
  if (count < defaultEvidenceLimits.maxItems) return;
  throw sigstoreErrors.error('EVIDENCE_LIMIT', {
    message: `${tag} already holds as many signatures as are read`,
    expected: `fewer than ${defaultEvidenceLimits.maxItems}`,
    found: String(count),
  });
}

/** What the tag holds; null for nothing. Something else than an image is not ours to replace. */
async function read(
  repository: Repository,
  tag: string,
  options: ReadOptions,
): Promise<{ readonly descriptor: Descriptor; readonly image: ImageManifest } | null> {
  let content: ManifestContent;
  try {
    content = await repository.getManifest(tag, options);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  const { descriptor, manifest } = content;
  if (manifest.kind === 'image') return { descriptor, image: manifest };
  throw sigstoreErrors.error('EVIDENCE_TYPE_UNKNOWN', {
    message: `${tag} is not a signature image and is left as it is`,
    expected: ociTypes.ociManifest,
    found: printable(manifest.mediaType),
  });
}

/** Image and configuration as Cosign makes them: a history entry and a diff id for every layer, times zero. */
async function write(
  repository: Repository,
  tag: string,
  previous: ImageManifest | undefined,
  layers: readonly Descriptor[],
  options: ReadOptions,
): Promise<void> {
  const zero = '0001-01-01T00:00:00Z';
  const configBytes = new TextEncoder().encode(
    JSON.stringify({
      architecture: '',
      created: zero,
      history: layers.map(() => ({ created: zero })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
      config: {},
    }),
  );
  const config = describeBytes(configBytes, ociTypes.ociConfig);
  await repository.putBlob(config, configBytes, options);
  const annotations = previous?.annotations ?? {};
  const kept = Object.keys(annotations).length === 0 ? {} : { annotations };
  const manifest = buildImageManifest({ config, layers, ...kept });
  await repository.putManifest(manifest.bytes, manifest.descriptor.mediaType, { ...options, tag });
}
