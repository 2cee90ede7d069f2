import { basename } from 'node:path';
import {
  copyImage,
  type Descriptor,
  type Digest,
  isNotFound,
  openLayout,
  type RegistryClient,
  type Repository,
  saveArchive,
} from '@pratique/oci';
import { type AttachedKind, cosignTag, listAttached } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { openImage } from './client.ts';
import { type Local, type Place, parseLocal } from './places.ts';

export interface CopyToOptions {
  /** `everything`: the image and what is attached, referrers and cosign's tags. A list: of what is attached only that. */
  readonly what: 'everything' | 'image' | readonly AttachedKind[];
  /** Let a tag of the target name another image from now on. */
  readonly force: boolean;
  /** What stands before Cosign's tags, on both sides. */
  readonly tagPrefix: string;
  readonly signal: AbortSignal;
}

/** Copies an image to a place; returns its digest. */
export async function copyTo(
  client: RegistryClient,
  source: Place,
  text: string,
  options: CopyToOptions,
  terminal: Terminal,
): Promise<Digest> {
  const { what, signal, tagPrefix } = options;
  const local = parseLocal(text, terminal);
  if (local !== undefined && local.kind !== 'oci') return await archiveTo(source, local, options);
  const { repository, tag } = await openTarget(client, text, terminal);
  const image = await source.repository.resolve(source.version, { signal });
  if (typeof what !== 'string') {
    await copyAttached({ ...source, tagPrefix }, image, { signatures: repository, tagPrefix }, what, options);
    return image.digest;
  }
  if (tag !== undefined) await checkFree(repository, tag, image.digest, options);
  const named = tag === undefined ? {} : { tag };
  const copied =
    what === 'everything'
      ? await copyEverything(
          { ...source, tagPrefix },
          image.digest,
          { repository, signatures: repository, tagPrefix },
          { ...options, ...named },
        )
      : await copyImage(source.repository, image.digest, repository, { ...named, signal });
  return copied.digest;
}

/** Where an image and what is attached to it are: in two repositories where COSIGN_REPOSITORY says so. */
export interface Homes extends Pick<Place, 'repository' | 'signatures'> {
  /** What stands before Cosign's tags there. */
  readonly tagPrefix?: string;
}

const everyKind: readonly AttachedKind[] = ['signature', 'attestation', 'sbom', 'other'];

/** Copies an image with everything that is attached to it, which need not be beside it on either side. */
export async function copyEverything(
  source: Homes,
  digest: Digest,
  target: Homes,
  options: TagOptions & { readonly tag?: string },
): Promise<Descriptor> {
  const together = source.signatures === source.repository && target.signatures === target.repository;
  const { tag, signal } = options;
  const named = tag === undefined ? {} : { tag };
  const copied = await copyImage(source.repository, digest, target.repository, {
    ...named,
    referrers: together,
    signal,
  });
  if (together) await copyAttachedTags(source, copied, target, options);
  else await copyAttached(source, copied, target, everyKind, options);
  return copied;
}

/** Where an image goes: a repository, and the tag it gets there. */
export interface Target {
  readonly repository: Repository;
  readonly tag: string | undefined;
}

/** Opens what is written to: a registry reference, or `oci:DIRECTORY[:TAG]`, which is made where it is missing. */
export async function openTarget(client: RegistryClient, text: string, terminal: Terminal): Promise<Target> {
  const local = parseLocal(text, terminal);
  if (local === undefined) return registryTarget(client, text, terminal);
  if (local.kind === 'oci') return await layoutTarget(local);
  throw cliErrors.error('USAGE', {
    message: 'an archive cannot be written to in steps',
    expected: 'a registry reference or oci:DIRECTORY:TAG',
    found: text.slice(0, 200),
  });
}

function registryTarget(client: RegistryClient, text: string, terminal: Terminal): Target {
  const { reference, repository, version } = openImage(client, text, terminal);
  return { repository, tag: reference.digest === undefined ? version : reference.tag };
}

async function layoutTarget({ path, tag = 'latest' }: Local): Promise<Target> {
  return { repository: await openLayout(path, { create: true }), tag };
}

async function archiveTo(
  { repository, version }: Place,
  { kind, path, tag }: Local,
  { what, signal }: CopyToOptions,
): Promise<Digest> {
  const docker = kind === 'docker-archive';
  if (typeof what !== 'string') {
    throw cliErrors.error('USAGE', {
      message: 'an archive holds an image, and only what is attached was asked for',
      expected: 'a registry or oci:DIRECTORY',
      found: kind,
    });
  }
  await saveArchive(repository, version, path, {
    format: docker ? 'docker' : 'oci',
    ...(tag === undefined ? {} : { name: docker ? `${basename(path, '.tar')}:${tag}` : tag }),
    referrers: !docker && what === 'everything',
    signal,
  });
  return (await repository.resolve(version, { signal })).digest;
}

type TagOptions = Pick<CopyToOptions, 'force' | 'signal'>;

/** Copies the tags cosign keeps signatures, attestations and SBOMs under, of an image and of the images in an index. */
async function copyAttachedTags(
  source: Homes,
  image: Descriptor,
  target: Homes,
  options: TagOptions,
): Promise<void> {
  for (const digest of await withImages(source.repository, image, options)) {
    for (const suffix of ['sig', 'att', 'sbom'] as const) {
      await copyTag(source, cosignTag(digest, suffix, source.tagPrefix), target, options);
    }
  }
}

type AttachedHome = Omit<Homes, 'repository'>;

async function copyTag(
  { signatures: source, tagPrefix: before = '' }: AttachedHome,
  sourceTag: string,
  { signatures: target, tagPrefix = '' }: AttachedHome,
  options: TagOptions,
): Promise<void> {
  const { signal } = options;
  const tag = `${tagPrefix}${sourceTag.slice(before.length)}`;
  try {
    const { digest } = await source.resolve(sourceTag, { signal });
    await checkFree(target, tag, digest, options);
    await copyImage(source, digest, target, { tag, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Copies of what is attached to an image, and to the images in an index, the kinds that are asked for. */
async function copyAttached(
  source: Homes,
  image: Descriptor,
  target: AttachedHome,
  kinds: readonly AttachedKind[],
  options: TagOptions,
): Promise<void> {
  const { signal } = options;
  const { repository, signatures, tagPrefix = '' } = source;
  for (const digest of await withImages(repository, image, options)) {
    for (const { kind, tag, descriptor } of await listAttached(signatures, digest, { signal, tagPrefix })) {
      if (!kinds.includes(kind)) continue;
      if (tag === undefined)
        await copyImage(signatures, descriptor.digest, target.signatures, { referrers: true, signal });
      else await copyTag(source, tag, target, options);
    }
  }
}

async function withImages(
  source: Repository,
  image: Descriptor,
  { signal }: TagOptions,
): Promise<readonly Digest[]> {
  const { manifest } = await source.getManifest(image.digest, { signal });
  const images = manifest.kind === 'index' ? manifest.manifests : [];
  return [image.digest, ...images.map(({ digest }) => digest)];
}

/** @throws IMAGE_EXISTS where the tag names something else and may not be moved */
async function checkFree(
  target: Repository,
  tag: string,
  digest: Digest,
  { force, signal }: TagOptions,
): Promise<void> {
  if (force) return;
  let found: Digest;
  try {
    found = (await target.resolve(tag, { signal })).digest;
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (found === digest) return;
  throw cliErrors.error('IMAGE_EXISTS', {
    message: `${target.name}:${tag} is another image`,
    expected: digest,
    found,
  });
}
