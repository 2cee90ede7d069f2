import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Digest, type FileContent, formatReference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { readFile, unreadable } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';
import { type NamedImage, pinned } from './client.ts';

/** A file to push, read when it is needed. What can be read only once, such as a pipe, is held in memory. @throws FILE_UNREADABLE */
export function openContent(file: string, terminal: Terminal): FileContent {
  const path = resolve(terminal.cwd, file);
  try {
    if (statSync(path).isFile()) return { file: path };
  } catch (cause) {
    throw unreadable(file, cause);
  }
  return readFile(file, terminal.cwd, 'artifact');
}

/** The reference as cosign prints it: with the tag that is meant, or with the digest. */
export function targetName({ reference, version }: NamedImage): string {
  const { registry, repository, digest } = reference;
  return digest === undefined
    ? formatReference({ registry, repository, tag: version })
    : pinned(reference, digest);
}

/** The tag to push under; none where a digest is named, which must be that of what is pushed. @throws USAGE */
export function targetTag({ reference, version }: NamedImage, digest: Digest): { readonly tag?: string } {
  if (reference.digest === undefined) return { tag: version };
  if (reference.digest === digest) return {};
  throw cliErrors.error('USAGE', {
    message: 'what would be pushed has another digest than the reference',
    expected: reference.digest,
    found: digest,
    remedy: 'Name a tag: its digest is printed once it is pushed.',
  });
}
