import type { FileNode, FileSystem } from '@pratique/inspect';
import type { LayerEntry } from '@pratique/oci';
import type { StripPlan } from '../strip/plan.ts';
import { strippedDatabase } from './database.ts';
import { loaderCache, loaderCachePath } from './loader-cache.ts';

/**
 * The file system of an image after a strip, as entries of one new layer: removed bytes are truly gone, none lies in a
 * layer below, and the package database and the loader’s cache, where there is one, say what is left. Devices and pipes are
 * left out: a container gets its own. Setuid, setgid bits and capabilities are taken.
 */
export function strippedEntries(fileSystem: FileSystem, plan: StripPlan): readonly LayerEntry[] {
  const removed = new Set(plan.removals.map(({ path }) => path));
  const rewritten = new Map(strippedDatabase(fileSystem, plan));
  const cache = loaderCache(fileSystem, (path) => !removed.has(path));
  if (cache === null) removed.add(loaderCachePath);
  else rewritten.set(loaderCachePath, cache);
  const byPath = (a: FileNode, b: FileNode) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  const nodes = [...fileSystem.nodes()].filter(({ path }) => !removed.has(path)).sort(byPath);
  const names = new Map<number, string>();
  return nodes.flatMap((node): readonly LayerEntry[] => {
    const { path, uid, gid, type } = node;
    const mode = node.mode & 0o1777;
    if (type === 'directory') return [{ type, path, uid, gid, mode }];
    if (type === 'symlink') return [{ type, path, uid, gid, target: node.linkname ?? '' }];
    if (type !== 'file') return [];
    const first = names.get(node.inode);
    if (first !== undefined) return [{ type: 'hardlink', path, uid, gid, target: first }];
    names.set(node.inode, path);
    return [{ type, path, uid, gid, mode, content: rewritten.get(path) ?? node.content ?? new Uint8Array() }];
  });
}
