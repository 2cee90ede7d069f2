import { printable } from '@pratique/errors';
import { unsafeLayer } from './layer.ts';
import type { FileNode, FileSystem, LayerContents, LayerEntry } from './types.ts';

/** A node and, where it is a directory, what is in it. */
interface Branch {
  node: FileNode;
  readonly children: Map<string, Branch> | undefined;
}

/** Linux follows as many links for one path (path_resolution(7)). */
const maxLinks = 40;
const maxComponents = 10_000;

type Walk = { readonly found: Branch } | { readonly missing: true } | { readonly loop: true };

/**
 * Puts layers on each other, lowest first, as a container runtime does (image-spec §Applying Changesets). A layer's
 * whiteouts remove what lower layers have, never what the layer itself brings. A path through a symbolic link lands
 * where the link leads inside the image, nowhere else.
 *
 * @throws INSPECT_LAYER_UNSAFE for a layer that no runtime could apply: a file below a file, a link that never ends,
 * a hard link to nothing or to a directory; the layers are closed then
 */
export function mergeLayers(layers: readonly LayerContents[]): FileSystem {
  const tree = new Tree();
  const close = () => {
    for (const layer of new Set(layers)) layer.close();
  };
  try {
    for (const [index, layer] of layers.entries()) tree.apply(layer.entries, index);
  } catch (error) {
    close();
    throw error;
  }
  return {
    layers,
    get: (path) => tree.exact(path)?.node,
    resolve: (path) => tree.find(path, true)?.node,
    list: (path) => sorted(tree.find(path, true)).map(({ node }) => node),
    nodes: () => tree.nodes(),
    close,
  };
}

function sorted(branch: Branch | undefined): Branch[] {
  return [...(branch?.children ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, child]) => child);
}

const parts = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.');

class Tree {
  private inodes = 0;
  private all: readonly FileNode[] | undefined;
  private readonly root: Branch = { node: this.directory(''), children: new Map() };

  private directory(path: string): FileNode {
    const inode = this.inodes++;
    return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, layer: -1, inode };
  }

  apply(entries: readonly LayerEntry[], layer: number): void {
    for (const { type, path } of entries) {
      if (type === 'whiteout') this.remove(path);
      else if (type === 'opaque') this.find(path, true)?.children?.clear();
    }
    for (const entry of entries) {
      if (entry.type !== 'whiteout' && entry.type !== 'opaque') this.add(entry, entry.type, layer);
    }
  }

  private remove(path: string): void {
    const { directory, name } = split(path);
    this.find(directory, true)?.children?.delete(name);
  }

  private add(entry: LayerEntry, type: FileNode['type'] | 'hardlink', layer: number): void {
    if (entry.path === '') {
      if (type !== 'directory') throw unsafeLayer('replaces the root by something else');
      this.root.node = { ...entry, path: '', type, layer, inode: this.root.node.inode };
      return;
    }
    const { directory, name } = split(entry.path);
    const parent = this.walk(directory, true, true);
    if ('loop' in parent) throw unsafeLayer(`has "${printable(entry.path)}" behind links that never end`);
    if ('missing' in parent || parent.found.children === undefined)
      throw unsafeLayer(`has "${printable(entry.path)}" below something that is no directory`);
    const siblings = parent.found.children;
    const above = parent.found.node.path;
    const path = above === '' ? name : `${above}/${name}`;
    if (type === 'hardlink') {
      const { node } = this.linked(entry);
      siblings.set(name, { node: { ...node, path, layer }, children: undefined });
      return;
    }
    const before = siblings.get(name);
    const kept = type === 'directory' ? before?.children : undefined;
    const node: FileNode = { ...entry, path, type, layer, inode: this.inodes++ };
    siblings.set(name, { node, children: kept ?? (type === 'directory' ? new Map() : undefined) });
  }

  /** What a hard link is another name of. Links on the way are followed, one at the end is not (linkat(2)). */
  private linked(entry: LayerEntry): Branch {
    const target = entry.linkname ?? '';
    const found = this.find(target, false);
    if (found === undefined)
      throw unsafeLayer(
        `has the hard link "${printable(entry.path)}" to "${printable(target)}", which is not there`,
      );
    if (found.children !== undefined)
      throw unsafeLayer(`has the hard link "${printable(entry.path)}" to a directory`);
    return found;
  }

  find(path: string, followLast: boolean): Branch | undefined {
    const walk = this.walk(path, followLast, false);
    return 'found' in walk ? walk.found : undefined;
  }

  /** Without following any link. */
  exact(path: string): Branch | undefined {
    let at: Branch | undefined = this.root;
    for (const part of parts(path)) at = at?.children?.get(part);
    return at;
  }

  /** @param create makes directories that are missing on the way, as runtimes do for an entry's parents */
  private walk(path: string, followLast: boolean, create: boolean): Walk {
    const rest = parts(path).reverse();
    const way: Branch[] = [this.root];
    for (let links = 0; rest.length > 0; ) {
      const part = rest.pop()!;
      const current = way.at(-1)!;
      if (current.children === undefined) return { missing: true };
      if (part === '..') {
        if (way.length > 1) way.pop();
        continue;
      }
      let child = current.children.get(part);
      if (child === undefined) {
        if (!create) return { missing: true };
        const above = current.node.path;
        const node = this.directory(above === '' ? part : `${above}/${part}`);
        child = { node, children: new Map() };
        current.children.set(part, child);
      }
      if (child.node.type === 'symlink' && (rest.length > 0 || followLast)) {
        const target = child.node.linkname ?? '';
        rest.push(...parts(target).reverse());
        if (++links > maxLinks || rest.length > maxComponents) return { loop: true };
        if (target.startsWith('/')) way.length = 1;
        continue;
      }
      way.push(child);
    }
    return { found: way.at(-1)! };
  }

  /** The tree does not change any more once it is asked for. */
  nodes(): ArrayIterator<FileNode> {
    if (this.all === undefined) {
      const all: FileNode[] = [];
      // Links lead entries to any depth, layer by layer: no recursion.
      const next = sorted(this.root).reverse();
      for (let branch = next.pop(); branch !== undefined; branch = next.pop()) {
        all.push(branch.node);
        if (branch.children !== undefined) for (const child of sorted(branch).reverse()) next.push(child);
      }
      this.all = all;
    }
    return this.all.values();
  }
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}
