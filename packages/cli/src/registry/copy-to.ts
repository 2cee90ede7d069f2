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
import { cosignTag } from '@pratique/sigstore';
import type { Terminal } from '../program/terminal.ts';
import { openImage } from './client.ts';
import { type Local, type Place, parseLocal } from './places.ts';

export interface CopyToOptions {
  /** Copy what is attached too: referrers, and cosign's tags. */
  readonly attached: boolean;
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
  const local = parseLocal(text, terminal);
  if (local !== undefined && local.kind !== 'oci') return await archiveTo(source, local, options);
  const { repository, tag } =
    local === undefined ? registryTarget(client, text, terminal) : await layoutTarget(local);
  const { signal } = options;
  const copied = await copyImage(source.repository, source.version, repository, {
    ...(tag === undefined ? {} : { tag }),
    referrers: options.attached,
    signal,
  });
  if (options.attached) await copyCosignTags(source.repository, copied, repository, signal);
  return copied.digest;
}

interface Target {
  readonly repository: Repository;
  readonly tag: string | undefined;
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
  { attached, signal }: CopyToOptions,
): Promise<Digest> {
  const docker = kind === 'docker-archive';
  await saveArchive(repository, version, path, {
    format: docker ? 'docker' : 'oci',
    ...(tag === undefined ? {} : { name: docker ? `${basename(path, '.tar')}:${tag}` : tag }),
    referrers: !docker && attached,
    signal,
  });
  return (await repository.resolve(version, { signal })).digest;
}

/** Copies the tags cosign keeps signatures, attestations and SBOMs under, of an image and of the images in an index. */
async function copyCosignTags(
  source: Repository,
  copied: Descriptor,
  target: Repository,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = await source.getManifest(copied.digest, { signal });
  const subjects = [copied, ...(manifest.kind === 'index' ? manifest.manifests : [])];
  for (const { digest } of subjects) {
    for (const suffix of ['sig', 'att', 'sbom'] as const) {
      const tag = cosignTag(digest, suffix);
      try {
        await copyImage(source, tag, target, { tag, signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}
