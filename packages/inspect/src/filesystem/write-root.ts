import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { FileNode, FileSystem } from './types.ts';

/**
 * Writes a file system whose contents were kept whole into an empty directory of ours: directories, files, links. Its
 * nodes lie below directories and never below links, so nothing is written anywhere else. Owners, devices, times and
 * the bits that give rights to whoever runs a program are left out.
 */
export function writeRoot(fileSystem: FileSystem, directory: string): void {
  const first = new Map<number, Buffer>();
  const modes: (readonly [path: Buffer, mode: number])[] = [];
  modes.push([Buffer.from(directory), fileSystem.get('')!.mode & 0o777]);
  for (const node of fileSystem.nodes()) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), nameBytes(node.path)]);
    const same = first.get(node.inode);
    if (same !== undefined) linkSync(same, path);
    else writeNode(node, path);
    first.set(node.inode, path);
    if (node.type === 'directory') modes.push([path, node.mode & 0o1777]);
  }
  // Last, as nothing can be written below a directory that may not be.
  for (const [path, mode] of modes) chmodSync(path, mode);
}

function writeNode(node: FileNode, path: Buffer): void {
  if (node.type === 'directory') mkdirSync(path, 0o700);
  else if (node.type === 'symlink') symlinkSync(nameBytes(node.linkname ?? ''), path);
  else if (node.type === 'file') {
    const content = node.content?.read(0, node.content.size) ?? new Uint8Array();
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 });
    chmodSync(path, node.mode & 0o777);
  }
}

/** The bytes of a name: lone surrogates stand for those that are not UTF-8. */
export function nameBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name);
  return Buffer.from(
    Array.from(name, (character) => {
      const code = character.charCodeAt(0);
      return code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
    }),
  );
}
