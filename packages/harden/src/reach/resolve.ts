import type { FileNode, FileSystem } from '@pratique/inspect';

/** Where a path leads in an image, and the symbolic links on the way, which it needs as much. */
export interface Resolved {
  readonly node: FileNode;
  readonly links: readonly FileNode[];
}

/** As Linux does (path_resolution(7)). */
const maxLinks = 40;

/**
 * Follows a path one component at a time, as the kernel would inside the image. A relative path is one below `from`.
 * Undefined where nothing is there.
 */
export function resolveWithLinks(
  fileSystem: Pick<FileSystem, 'get'>,
  path: string,
  from = '',
): Resolved | undefined {
  const rest = [...(path.startsWith('/') ? [] : parts(from)), ...parts(path)].reverse();
  const links: FileNode[] = [];
  const way: string[] = [];
  while (rest.length > 0) {
    const part = rest.pop()!;
    if (part === '..') {
      way.pop();
      continue;
    }
    const node = fileSystem.get([...way, part].join('/'));
    if (node === undefined) return undefined;
    if (node.type !== 'symlink') {
      if (rest.length > 0 && node.type !== 'directory') return undefined;
      way.push(part);
      continue;
    }
    links.push(node);
    if (links.length > maxLinks) return undefined;
    const target = node.linkname ?? '';
    if (target.startsWith('/')) way.length = 0;
    rest.push(...parts(target).reverse());
  }
  const node = fileSystem.get(way.join('/'));
  return node === undefined ? undefined : { node, links };
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** The directory a path is in: `usr/bin` of `usr/bin/perl`. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
