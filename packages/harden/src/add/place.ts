import { printable } from '@pratique/errors';
import type { FileNode, FileSystem, LayerEntry } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { directoryOf } from '../reach/resolve.ts';

/** How what is placed differs from what it was. */
export interface Placing {
  /** Path in the tree; a link is followed. Of a directory what is in it is placed, as `COPY` does. Default: all. */
  readonly from?: string | undefined;
  /** Absolute. A slash at the end: into that directory, under its own name. */
  readonly to: string;
  /** `uid:gid` for everything. Default: as it was. */
  readonly owner?: string | undefined;
  /** Permission bits of files. Default: as they were. */
  readonly mode?: number | undefined;
}

/**
 * Part of a tree, as entries at other places. The tree is merged already, so that no path of it leads through a link and
 * nothing can leave `to`. Devices and pipes are left out: a container gets its own.
 *
 * @throws HARDEN_ADD_UNUSABLE where there is nothing at `from`
 */
export function placeTree(tree: FileSystem, { from = '/', to, owner, mode }: Placing): readonly LayerEntry[] {
  const start = tree.resolve(from);
  if (start === undefined) {
    throw hardenErrors.error('HARDEN_ADD_UNUSABLE', {
      message: `there is nothing at ${printable(from, 200)}`,
      expected: 'a file or directory that is there',
    });
  }
  const target = to.replace(/^\/+|\/+$/g, '');
  const owned = ownerOf(owner);
  const names = new Map<number, string>();
  const entryAt = (node: FileNode, path: string): readonly LayerEntry[] => {
    const { layer: _, inode, ...entry } = { ...node, ...owned, path };
    if (node.type === 'directory') return [entry];
    if (node.type === 'symlink') return [entry];
    if (node.type !== 'file') return [];
    const first = names.get(inode);
    if (first !== undefined) return [{ ...entry, type: 'hardlink', linkname: first }];
    names.set(inode, path);
    return [mode === undefined ? entry : { ...entry, mode }];
  };
  if (start.type !== 'directory') {
    const name = from.slice(from.lastIndexOf('/') + 1);
    const path = to.endsWith('/') ? join(target, name) : target;
    return [...parentsOf(path, owned), ...entryAt(start, path)];
  }
  const below = (node: FileNode): readonly LayerEntry[] =>
    tree.list(node.path).flatMap((child) => {
      const path = join(target, child.path.slice(start.path === '' ? 0 : start.path.length + 1));
      return [...entryAt(child, path), ...(child.type === 'directory' ? below(child) : [])];
    });
  const own = target === '' ? [] : entryAt(start, target);
  return [...parentsOf(target, owned), ...own, ...below(start)];
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Directories above a path, for where they are not there. */
function parentsOf(path: string, owned: Partial<Owned>): readonly LayerEntry[] {
  const parents: LayerEntry[] = [];
  for (let above = directoryOf(path); above !== ''; above = directoryOf(above))
    parents.unshift({
      path: above,
      type: 'directory',
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
      ...owned,
    });
  return parents;
}

interface Owned {
  readonly uid: number;
  readonly gid: number;
}

function ownerOf(owner: string | undefined): Partial<Owned> {
  if (owner === undefined) return {};
  const [uid, gid] = owner.split(':').map(Number);
  return { uid: uid!, gid: gid! };
}
