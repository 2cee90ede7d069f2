import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { createDigester } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import { FileKeeper, type LayerOptions } from './layer.ts';
import { Spool } from './spool.ts';
import type { LayerContents, LayerEntry, NodeType } from './types.ts';

/**
 * Reads a root file system that lies unpacked in a directory of this machine, as one layer. No symbolic link in it is
 * followed. Extended attributes are not read: Node cannot.
 *
 * @throws INSPECT_DIRECTORY_UNREADABLE, INSPECT_LIMIT
 */
export function readDirectoryLayer(root: string, options: LayerOptions): LayerContents {
  const spool = new Spool(options.limits.keptBytes);
  const entries: LayerEntry[] = [];
  const linked = new Map<string, string>();
  const visit = (path: string) => {
    const real = join(root, path);
    const stat = lstatSync(real);
    const type = typeOf(stat);
    // Sockets are of running programs, not of an image.
    if (type === undefined) return;
    if (entries.length >= options.limits.entries)
      throw inspectErrors.error('INSPECT_LIMIT', {
        message: `the directory has more than ${options.limits.entries} files`,
      });
    const entry = entryOf(path, type, stat, real);
    const inode = `${stat.dev}:${stat.ino}`;
    const first = type === 'file' && stat.nlink > 1 ? linked.get(inode) : undefined;
    if (first !== undefined) entries.push({ ...entry, type: 'hardlink', linkname: first });
    else if (type === 'file') entries.push(readFile(entry, real, options, spool));
    else entries.push(entry);
    linked.set(inode, path);
    if (type === 'directory')
      for (const name of readdirSync(real).sort()) visit(path === '' ? name : `${path}/${name}`);
  };
  try {
    visit('');
  } catch (error) {
    spool.close();
    const { code } = error as NodeJS.ErrnoException;
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw inspectErrors.error('INSPECT_DIRECTORY_UNREADABLE', {
      message: `${printable(root)}: ${printable((error as Error).message)}`,
      found: code,
      cause: error,
    });
  }
  return { size: 0, entries, close: () => spool.close() };
}

function typeOf(stat: Stats): NodeType | undefined {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character-device';
  if (stat.isBlockDevice()) return 'block-device';
  return stat.isFIFO() ? 'fifo' : undefined;
}

function entryOf(path: string, type: NodeType, stat: Stats, real: string): LayerEntry {
  const device = type === 'character-device' || type === 'block-device';
  // makedev(3) of Linux.
  const major = (stat.rdev >> 8) & 0xfff;
  const minor = (stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00);
  return {
    path,
    type,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: type === 'file' ? stat.size : 0,
    mtime: stat.mtimeMs / 1000,
    ...(type === 'symlink' ? { linkname: readlinkSync(real) } : {}),
    ...(device ? { device: { major, minor } } : {}),
  };
}

const chunk = Buffer.allocUnsafeSlow(1024 * 1024);

function readFile(entry: LayerEntry, real: string, options: LayerOptions, spool: Spool): LayerEntry {
  if (options.keep === undefined && !options.digests) return entry;
  const keeper = options.keep === undefined ? undefined : new FileKeeper(entry, options.keep, spool);
  const digester = options.digests ? createDigester() : undefined;
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let left = entry.size; left > 0; ) {
      const length = readSync(descriptor, chunk, 0, Math.min(left, chunk.length), null);
      if (length === 0) break;
      left -= length;
      keeper?.write(chunk.subarray(0, length));
      digester?.update(chunk.subarray(0, length));
      // Without digests only files that are kept are read further than their first bytes.
      if (digester === undefined && !keeper?.wantsMore) break;
    }
  } finally {
    closeSync(descriptor);
  }
  return {
    ...entry,
    ...(digester === undefined ? {} : { digest: digester.digest() }),
    ...keeper?.finish(),
  };
}
