import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '@pratique/errors';
import {
  type BuiltManifest,
  buildGoImageManifest,
  buildImageManifest,
  type Descriptor,
  type Digest,
  fileConfig,
  type ImageManifest,
  isNotFound,
  type ManifestContent,
  mediaTypes as ociTypes,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import { defaultEvidenceLimits } from '../limits.ts';

/** Shortest time after which the tag is read again: another signer may have read it before we wrote. */
const settleMilliseconds = 150;
const maxAttempts = 100;
/** Looks at a tag that others keep changing, before our layer is taken to have stayed. */
const maxLooks = 6;
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
  /** Written into the image that holds the layers. Default: no time, so that equal signatures are equal images. */
  readonly created?: Date | undefined;
  /** Where nothing has the tag yet: an image of Docker's media types (`COSIGN_DOCKER_MEDIA_TYPES`), for registries without OCI's. */
  readonly dockerMediaTypes?: boolean | undefined;
}

/**
 * Adds a layer to one of Cosign's tags (`sha256-….sig`, `.att`), keeping every layer that is there.
 *
 * A registry has no compare-and-swap, so two signers at the same moment can overwrite each other. Therefore: read, make
 * the new image, check that nobody wrote meanwhile, write, wait well longer than that took, and look again. Whoever
 * overwrote us had read before we wrote, so their write is over by then; if our layer is gone it is added again, and as
 * long as others write we keep looking.
 *
 * @throws SIGNING_CONFLICT when that does not end, EVIDENCE_LIMIT when the tag is full, EVIDENCE_TYPE_UNKNOWN when
 * something else than an image has the tag
 */
export async function appendLayer(
  repository: Repository,
  tag: string,
  { descriptor: layer, bytes, isSame, replaces = () => false, created, dockerMediaTypes = false }: NewLayer,
  options: ReadOptions,
): Promise<AppendedLayer> {
  const { annotations: _, ...blob } = layer;
  await repository.putBlob(blob, bytes, options);
  let written = false;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const started = performance.now();
    const current = await read(repository, tag, options);
    const layers = current?.image.layers ?? [];
    if (current !== null && layers.some(isSame) && !written) {
      return { manifest: current.descriptor, existed: true };
    }
    // Ours may be back after it was gone, when somebody wrote who had read it: written again it does no harm.
    const kept = layers.filter((other) => !replaces(other) && !isSame(other));
    checkRoom(kept.length, tag);
    const isDocker =
      current === null ? dockerMediaTypes : current.descriptor.mediaType === ociTypes.dockerManifest;
    const made = { previous: current?.image, layers: [...kept, layer], created, isDocker };
    const manifest = await makeImage(repository, made, options);
    if ((await digestOf(repository, tag, options)) === (current?.descriptor.digest ?? null)) {
      await repository.putManifest(manifest.bytes, manifest.descriptor.mediaType, { ...options, tag });
      written = true;
      const stayed = await keptManifest(repository, tag, isSame, performance.now() - started, options);
      if (stayed !== null) return { manifest: stayed, existed: false };
    }
    await pause(Math.random() * Math.min(maxPauseMilliseconds, settleMilliseconds * 2 ** attempt), options);
  }
  throw sigstoreErrors.error('SIGNING_CONFLICT', { message: `other signers kept replacing ${tag}` });
}

/** The image that holds the layer once the tag has come to rest; null when the layer is gone. */
async function keptManifest(
  repository: Repository,
  tag: string,
  isSame: NewLayer['isSame'],
  tookMilliseconds: number,
  options: ReadOptions,
): Promise<Descriptor | null> {
  let seen: Descriptor | null = null;
  for (let look = 0; look < maxLooks; look++) {
    await pause(Math.max(settleMilliseconds, tookMilliseconds * 3) * (1 + Math.random() / 2), options);
    const now = await read(repository, tag, options);
    if (now === null || !now.image.layers.some(isSame)) return null;
    if (now.descriptor.digest === seen?.digest) return seen;
    seen = now.descriptor;
  }
  return seen;
}

async function digestOf(repository: Repository, tag: string, options: ReadOptions): Promise<Digest | null> {
  return (await read(repository, tag, options))?.descriptor.digest ?? null;
}

function pause(milliseconds: number, { signal }: ReadOptions): Promise<void> {
  return sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
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

/**
 * Adds a layer as a manifest of its own that refers to the image, as Cosign's experimental OCI 1.1 mode has it. Signers
 * cannot disturb each other.
 */
export async function attachLayer(
  repository: Repository,
  subject: Descriptor,
  artifactType: string,
  { descriptor: layer, bytes, created }: Pick<NewLayer, 'descriptor' | 'bytes' | 'created'>,
  options: ReadOptions,
): Promise<Descriptor> {
  const { annotations: _, ...blob } = layer;
  await repository.putBlob(blob, bytes, options);
  const config = await makeConfig(repository, artifactType, [layer], created, options);
  const { mediaType, digest, size } = subject;
  const manifest = buildImageManifest({ config, layers: [layer], subject: { mediaType, digest, size } });
  return await repository.putManifest(manifest.bytes, manifest.descriptor.mediaType, options);
}

interface NewImage {
  readonly previous: ImageManifest | undefined;
  readonly layers: readonly Descriptor[];
  readonly created: Date | undefined;
  readonly isDocker: boolean;
}

async function makeImage(
  repository: Repository,
  { previous, layers, created, isDocker }: NewImage,
  options: ReadOptions,
): Promise<BuiltManifest> {
  const configType = isDocker ? ociTypes.dockerConfig : ociTypes.ociConfig;
  const mediaType = isDocker ? ociTypes.dockerManifest : ociTypes.ociManifest;
  const config = await makeConfig(repository, configType, layers, created, options);
  return buildGoImageManifest({ config, layers, annotations: previous?.annotations ?? {}, mediaType });
}

async function makeConfig(
  repository: Repository,
  mediaType: string,
  layers: readonly Descriptor[],
  created: Date | undefined,
  options: ReadOptions,
): Promise<Descriptor> {
  const { descriptor, bytes } = fileConfig(layers, mediaType, created);
  await repository.putBlob(descriptor, bytes, options);
  return descriptor;
}
