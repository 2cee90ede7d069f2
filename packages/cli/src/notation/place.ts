import { resolve } from 'node:path';
import { type Digest, isDigest, openLayout, type RegistryClient, type Repository } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { openImage, pinned } from '../registry/client.ts';

/** An image as notation names it, on a registry or in an image layout. */
export interface NotationPlace {
  readonly repository: Repository;
  /** Tag or digest to ask for. */
  readonly version: string;
  /** By which trust policies know it. */
  readonly scope: string;
  /** The name that cannot move. */
  pinned(digest: Digest): string;
}

/** Where an image is: with `--oci-layout` the text is `PATH:TAG` or `PATH@DIGEST`. @throws OCI_…, USAGE */
export async function openNotationPlace(
  text: string,
  flags: { readonly 'oci-layout': boolean; readonly scope?: string | undefined },
  client: RegistryClient,
  terminal: Terminal,
): Promise<NotationPlace> {
  const { 'oci-layout': inLayout, scope } = flags;
  if (!inLayout) {
    if (scope !== undefined)
      throw usage('--scope is about image layouts', '--scope SCOPE with --oci-layout', 'no --oci-layout');
    const { reference, repository, version } = openImage(client, text, terminal);
    // Docker Hub by the name that people write.
    const registry = reference.registry === 'index.docker.io' ? 'docker.io' : reference.registry;
    return {
      repository,
      version,
      scope: `${registry}/${reference.repository}`,
      pinned: (digest) => pinned(reference, digest),
    };
  }
  const [, path, tag, digest] = /^(.+?)(?::([\w][\w.-]{0,127})|@(sha\d+:[0-9a-f]+))$/.exec(text) ?? [];
  const version = digest ?? tag;
  if (path === undefined || version === undefined || (digest !== undefined && !isDigest(digest)))
    throw usage('an image in a layout is named by its tag or digest', 'PATH:TAG or PATH@DIGEST', text);
  return {
    repository: await openLayout(resolve(terminal.cwd, path)),
    version,
    scope: scope ?? '',
    pinned: (name) => `${path}@${name}`,
  };
}

function usage(message: string, expected: string, found: string) {
  return cliErrors.error('USAGE', { message, expected, found });
}
