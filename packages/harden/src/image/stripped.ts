import type { FileNode, FileSystem } from '@pratique/inspect';
import type { LayerEntry } from '@pratique/oci';
import type { StripPlan } from '../strip/plan.ts';

/**
 * The file system of an image after a strip, as entries of one new layer: removed bytes are truly gone, none lies in a
 * layer below. Devices and pipes are left out: a container gets its own. Setuid, setgid bits and capabilities are taken.
 */
export function strippedEntries(fileSystem: FileSystem, plan: StripPlan): readonly LayerEntry[] {
  const removed = new Set(plan.removals.map(({ path }) => path));
  const database = databaseEntries(fileSystem, plan);
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
    return [{ type, path, uid, gid, mode, content: database.get(path) ?? node.content ?? new Uint8Array() }];
  });
}

/** The package database without the packages that are gone. */
function databaseEntries(
  fileSystem: FileSystem,
  { database, kept }: StripPlan,
): ReadonlyMap<string, Uint8Array> {
  const written = new Map<string, Uint8Array>();
  if (database === null) return written;
  const names = new Set(kept.map(({ name }) => name));
  const path = database.manager === 'dpkg' ? 'var/lib/dpkg/status' : 'lib/apk/db/installed';
  const nameOf = database.manager === 'dpkg' ? /^Package: *(\S+)/m : /^P:(\S+)/m;
  const node = fileSystem.resolve(path);
  if (node?.content === undefined) return written;
  const text = new TextDecoder().decode(node.content.read(0, node.content.size));
  const blocks = text.split(/\n{2,}/).filter((block) => names.has(nameOf.exec(block)?.[1] ?? ''));
  written.set(node.path, new TextEncoder().encode(blocks.map((block) => `${block.trimEnd()}\n\n`).join('')));
  return written;
}
