import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  type Digest,
  formatReference,
  type LayoutRepository,
  mediaTypes,
  openArchive,
  openLayout,
  type RegistryClient,
  type Repository,
} from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { openImage, pinned } from './client.ts';

/** An image wherever it is: on a registry, in an image layout, in an archive. */
export interface Place {
  /** For people. */
  readonly name: string;
  readonly repository: Repository;
  /** Where what is attached to it is: COSIGN_REPOSITORY, else beside it. */
  readonly signatures: Repository;
  /** Tag or digest to ask the repository for. */
  readonly version: string;
  close(): Promise<void>;
}

const nothingToClose = async (): Promise<void> => {};

/** A place on disk. */
export interface Local {
  readonly kind: 'oci' | 'oci-archive' | 'docker-archive';
  readonly path: string;
  readonly tag: string | undefined;
}

/** `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:TAG]`, or a path that exists; undefined for a reference. */
export function parseLocal(text: string, terminal: Terminal): Local | undefined {
  const match = /^(oci|oci-archive|docker-archive):(.+)$/.exec(text);
  if (match) {
    const [, transport, rest] = match;
    const [, path, tag] = /^(.+?)(?::([^:/]+))?$/.exec(rest!)!;
    return { kind: transport as Local['kind'], path: resolve(terminal.cwd, path!), tag };
  }
  const path = resolve(terminal.cwd, text);
  if (!/^[./~]|\.tar$|\.tgz$/.test(text) || !existsSync(path)) return undefined;
  return { kind: statSync(path).isDirectory() ? 'oci' : 'oci-archive', path, tag: undefined };
}

/** Opens an image for reading. Where a layout or archive holds one image only, its tag need not be named. */
export async function openPlace(
  client: RegistryClient,
  text: string,
  terminal: Terminal,
  options: { readonly gzipLayers?: boolean } = {},
): Promise<Place> {
  const local = parseLocal(text, terminal);
  if (!local) {
    // No reference starts like this, and who names an archive alone means no repository of Docker Hub.
    if (/^[./~]|^[^/:@]+\.(?:tar|tgz)$/.test(text)) throw noSuchFile(text);
    const { reference, ...image } = openImage(client, text, terminal);
    return { ...image, name: formatReference(reference), close: nothingToClose };
  }
  if (local.kind === 'oci') {
    const repository = await openLayout(local.path);
    return {
      name: text,
      repository,
      signatures: repository,
      version: local.tag ?? (await onlyImage(repository, text)),
      close: nothingToClose,
    };
  }
  // What kind of archive it is, it says itself.
  const archive = await openArchive(local.path, options);
  try {
    return {
      name: text,
      repository: archive,
      signatures: archive,
      version: local.tag ?? (await onlyImage(archive, text)),
      close: () => archive.close(),
    };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

function noSuchFile(text: string) {
  return cliErrors.error('FILE_UNREADABLE', {
    message: `there is no file or directory ${printable(text)}`,
    expected: 'an archive, an OCI image layout, or the reference of an image',
  });
}

/** What `verify` needs of an image. */
export interface VerifiablePlace extends Place {
  /** `docker-reference` that is printed for bundles, which carry none. */
  readonly claimedName: string;
  /** The name that cannot move. */
  pinned(digest: Digest): string;
}

export async function openForVerification(
  client: RegistryClient,
  text: string,
  layout: boolean,
  terminal: Terminal,
): Promise<VerifiablePlace> {
  if (layout) {
    const path = resolve(terminal.cwd, text.replace(/^oci:/, ''));
    const directory = existsSync(join(path, 'oci-layout'));
    const place = await openPlace(
      client,
      directory ? `oci:${path}` : `oci:${text.replace(/^oci:/, '')}`,
      terminal,
    );
    return {
      ...place,
      claimedName: text,
      pinned: (digest) => `${text}@${digest}`,
    };
  }
  const { reference, repository, version, signatures } = openImage(client, text, terminal);
  const name = formatReference(reference.digest === undefined ? { ...reference, tag: version } : reference);
  return {
    name,
    repository,
    version,
    signatures,
    claimedName: name,
    pinned: (digest) => pinned(reference, digest),
    close: nothingToClose,
  };
}

/** Tags that hold what is attached to an image, not an image: cosign's, and the referrers fallback. */
const attachmentTag = /(^|-)sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$/;
const refName = 'org.opencontainers.image.ref.name';

async function onlyImage(repository: LayoutRepository, text: string): Promise<string> {
  // crane says of an image, too, what type it is: that of its configuration.
  const ofImages: readonly (string | undefined)[] = [
    undefined,
    mediaTypes.ociConfig,
    mediaTypes.dockerConfig,
  ];
  const entries = (await repository.entries()).filter(({ artifactType }) => ofImages.includes(artifactType));
  const tagged = entries.filter(({ annotations }) => annotations?.[refName] !== undefined);
  const named = tagged.filter(({ annotations }) => !attachmentTag.test(annotations?.[refName] ?? ''));
  const images = named.length > 0 ? named : entries.filter((entry) => !tagged.includes(entry));
  const digests = new Set(images.map(({ digest }) => digest));
  if (digests.size === 1) return images[0]!.digest;
  const tags = images.flatMap(({ annotations }) => annotations?.[refName] ?? []);
  const where = text.slice(0, 200);
  throw cliErrors.error('USAGE', {
    message: digests.size === 0 ? `${where} holds no image` : `${where} holds ${digests.size} images`,
    expected:
      digests.size === 0 || tags.length === 0
        ? 'one image, or tags to name one by'
        : `one of the tags ${tags.join(', ')}, as oci:DIRECTORY:TAG`,
    found: digests.size === 0 ? 'none' : 'no tag',
    remedy: 'Name the tag behind a colon: oci:DIRECTORY:TAG.',
  });
}
