import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import type { FileContent } from './content.ts';

interface Owned {
  /** Relative to the image's root, with forward slashes: `usr/bin/tool`. A leading slash is accepted. */
  readonly path: string;
  /** Default 0. */
  readonly uid?: number;
  /** Default 0. */
  readonly gid?: number;
}

/** Something to put into a layer. Directories that are not listed are made, mode 0755. */
export type LayerEntry =
  | (Owned & {
      readonly type: 'file';
      readonly content: FileContent;
      /** Default 0644. */
      readonly mode?: number;
    })
  | (Owned & {
      readonly type: 'directory';
      /** Default 0755. */
      readonly mode?: number;
    })
  | (Owned & { readonly type: 'symlink'; readonly target: string })
  /** Another name of the file at `target`, a path of the same layer that sorts before it. */
  | (Owned & { readonly type: 'hardlink'; readonly target: string });

function invalid(message: string) {
  return ociErrors.error('OCI_BUILD_INPUT_INVALID', { message });
}

/** Path without leading or trailing slash. @throws OCI_BUILD_INPUT_INVALID for what would leave the image's root */
function normalPath(path: string): string {
  const normal = path.replace(/^\/+|\/+$/g, '');
  const parts = normal.split('/');
  if (
    normal === '' ||
    normal.includes('\0') ||
    !normal.isWellFormed() ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw invalid(`"${printable(path)}" is not a path inside an image`);
  }
  return normal;
}

/**
 * Brings entries into the one order in which they are written: by path, byte by byte, parents before children,
 * missing parents added. A path given twice, or one below something that is not a directory, is refused: unpackers
 * disagree about what such a layer means.
 */
export function orderEntries(entries: Iterable<LayerEntry>): LayerEntry[] {
  const byPath = new Map<string, LayerEntry>();
  for (const entry of entries) {
    const path = normalPath(entry.path);
    if (byPath.has(path)) throw invalid(`"${printable(path)}" is given twice`);
    if (entry.type === 'symlink' && (entry.target === '' || entry.target.includes('\0'))) {
      throw invalid(`"${printable(path)}" is a symbolic link to nothing`);
    }
    byPath.set(path, { ...entry, path });
  }
  for (const path of [...byPath.keys()]) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      const known = byPath.get(parent);
      if (known === undefined) byPath.set(parent, { type: 'directory', path: parent });
      else if (known.type !== 'directory')
        throw invalid(`"${printable(parent)}" is not a directory, but "${printable(path)}" is below it`);
      else break;
    }
  }
  for (const entry of byPath.values()) {
    if (entry.type !== 'hardlink') continue;
    const target = byPath.get(normalPath(entry.target));
    if (target?.type !== 'file' || Buffer.compare(Buffer.from(target.path), Buffer.from(entry.path)) >= 0)
      throw invalid(`"${printable(entry.path)}" is a hard link to no file before it`);
  }
  const order = (left: LayerEntry, right: LayerEntry) =>
    Buffer.compare(Buffer.from(left.path), Buffer.from(right.path));
  return [...byPath.values()].sort(order);
}
