import { hash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { printable } from '@pratique/errors';
import { type FileSystem, readRootArchive, readRootDirectory } from '@pratique/inspect';
import { buildLayer } from '@pratique/oci';
import { hardenErrors } from '../errors.ts';
import { DecompressionError } from '../fetch/decompress.ts';
import type { Contents } from './addition.ts';
import { openArchive } from './archive.ts';
import { type Placing, placeTree } from './place.ts';

const everything = { id: 'everything-1', keep: () => 'whole' as const };
const wanted = { keep: everything, digests: true };
const root = '0:0';

/** A file of this machine, as it is now: what changes later does not matter. */
export async function addFile(path: string, name: string, placing: Placing): Promise<Contents> {
  const layer = await buildLayer([{ type: 'file', path: 'file', content: { file: path } }]);
  const tree = await readRootArchive(layer.open(), wanted);
  const hex = tree.get('file')!.digest!.slice('sha256:'.length);
  const entries = placeTree(tree, { owner: root, ...placing, from: '/file' });
  return contents('file', name, hex, 'sha256', placing.to, tree, entries);
}

/**
 * A directory of this machine with all that is in it. No link in it is followed. Modes say only what can be run, so that
 * a checkout gives the same image whatever the umask was.
 */
export function addDirectory(path: string, name: string, placing: Placing): Contents {
  let tree: FileSystem;
  try {
    tree = readRootDirectory(realpathSync(path), wanted);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw unusable(name, (cause as NodeJS.ErrnoException).code ?? 'unreadable', cause);
  }
  const entries = placeTree(tree, { owner: root, ...placing }).map((entry) => ({
    ...entry,
    mode: entry.type === 'directory' || (entry.mode & 0o111) !== 0 ? 0o755 : (placing.mode ?? 0o644),
    mtime: 0,
  }));
  return contents('directory', name, directoryHash(tree), 'dirHash', placing.to, tree, entries);
}

/**
 * A tar archive of this machine: plain, gzip, zstd or xz. Its digest is that of the file, compressed as it is.
 *
 * @param sha256 what it must have, where the settings say
 * @throws PACKAGES_UNTRUSTED where it has another, HARDEN_ADD_UNUSABLE, and what reading archives throws
 */
export async function addTar(
  path: string,
  name: string,
  sha256: string | undefined,
  placing: Placing,
): Promise<Contents> {
  const archive = openArchive(path);
  const tree = await readRootArchive(archive.chunks, wanted).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof DecompressionError) throw unusable(name, cause.message, cause);
    if (cause.syscall === undefined) throw cause;
    throw unusable(name, cause.code ?? 'unreadable', cause);
  });
  const found = archive.sha256();
  if (sha256 !== undefined && sha256 !== found) {
    tree.close();
    throw hardenErrors.error('PACKAGES_UNTRUSTED', {
      message: `${printable(name, 200)} is not what the settings name`,
      expected: `sha256 ${sha256}`,
      found: `sha256 ${found}`,
    });
  }
  return contents('tar', name, found, 'sha256', placing.to, tree, placeTree(tree, placing));
}

function contents(
  kind: 'file' | 'directory' | 'tar',
  name: string,
  hex: string,
  algorithm: string,
  to: string,
  tree: FileSystem,
  entries: Contents['entries'],
): Contents {
  const uri = `file:${name.split('/').map(encodeURIComponent).join('/')}`;
  return {
    additions: [{ kind, name, uri, digest: { [algorithm]: hex }, to }],
    entries,
    skipped: [],
    close: () => tree.close(),
  };
}

/** `h1` of Go’s dirhash: the digest over digests and paths of all files, sorted by path. Links count as where they lead. */
function directoryHash(tree: FileSystem): string {
  const lines = [...tree.nodes()]
    .filter(({ type }) => type === 'file' || type === 'symlink')
    .map(({ path, digest, linkname = '' }) => ({
      path,
      hex: digest === undefined ? hash('sha256', linkname) : digest.slice('sha256:'.length),
    }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    .map(({ path, hex }) => `${hex}  ${path}\n`);
  return hash('sha256', lines.join(''));
}

function unusable(name: string, found: string, cause: unknown) {
  return hardenErrors.error('HARDEN_ADD_UNUSABLE', {
    message: `${printable(name, 200)} cannot be read`,
    found,
    cause,
  });
}
