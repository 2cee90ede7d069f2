import { printable } from '@pratique/errors';
import {
  isZeroBlock,
  parseTarHeader,
  paxNumber,
  paxRecords,
  tarBlock,
  tarText,
  unsafeArchive,
} from './tar-header.ts';

/** Where an entry's content lies in the archive. */
export interface TarFile {
  readonly offset: number;
  readonly size: number;
}

/** The files of a tar archive by normalised path, and its links by path. */
export interface TarIndex {
  readonly files: ReadonlyMap<string, TarFile>;
  /** Symbolic links by where they lead, normalised; hard links too. */
  readonly links: ReadonlyMap<string, string>;
}

/** Reads `length` bytes at `offset`, fewer at the end of the archive. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

const limits = { entries: 100_000, pathBytes: 4096, paxBytes: 1024 * 1024 } as const;

/**
 * Finds the entries of a tar archive (POSIX ustar and pax, GNU long names) by reading its headers only. It has to be
 * unambiguous: checksums must be right, paths stay inside, no file may be there twice, and it must end as tar ends.
 *
 * @throws OCI_ARCHIVE_UNSAFE
 */
export async function indexTar(read: ReadAt, archiveSize: number): Promise<TarIndex> {
  const files = new Map<string, TarFile>();
  const links = new Map<string, string>();
  let next: { path?: string; link?: string; size?: number } = {};
  let count = 0;
  for (let at = 0; ; ) {
    const block = await read(at, tarBlock);
    if (block.length < tarBlock) throw unsafeArchive('is cut off');
    if (isZeroBlock(block)) return { files, links };
    if (++count > limits.entries) throw unsafeArchive(`has more than ${limits.entries} entries`);
    const header = parseTarHeader(block);
    const { type } = header;
    const size = next.size ?? header.size;
    const offset = at + tarBlock;
    const end = offset + Math.ceil(size / tarBlock) * tarBlock;
    if (size < 0 || offset + size > archiveSize) throw unsafeArchive('is cut off');

    if (type === 'x' || type === 'L' || type === 'K') {
      // The size of an extension is its own; one a pax record announced is for the entry after it.
      const own = header.size;
      if (own < 0 || own > limits.paxBytes)
        throw unsafeArchive('has an extended header of unreasonable size');
      const body = await read(offset, own);
      if (body.length !== own) throw unsafeArchive('is cut off');
      if (type === 'x') next = { ...next, ...paxOf(body) };
      else if (type === 'L') next = { ...next, path: tarText(body) };
      else next = { ...next, link: tarText(body) };
      at = offset + Math.ceil(own / tarBlock) * tarBlock;
      continue;
    }
    const path = pathOf(next.path ?? header.path);
    if (type === '0' || type === '\0' || type === '7') {
      if (path === '' || files.has(path) || links.has(path))
        throw unsafeArchive(`has "${printable(path)}" twice`);
      files.set(path, { offset, size });
    } else if (type === '1' || type === '2') {
      if (files.has(path) || links.has(path)) throw unsafeArchive(`has "${printable(path)}" twice`);
      const target = next.link ?? header.linkname;
      const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      links.set(path, type === '1' ? pathOf(target) : resolveLink(directory, target));
    } else if (type !== '5' && type !== 'g') {
      throw unsafeArchive(`has an entry of type "${printable(type)}", which no image archive has`);
    }
    next = {};
    at = end;
  }
}

/** The content an entry or a link leads to; undefined where there is none. */
export function lookUp(index: TarIndex, path: string): TarFile | undefined {
  let at = pathOf(path);
  for (let hops = 0; hops < 8; hops++) {
    const file = index.files.get(at);
    if (file !== undefined) return file;
    const target = index.links.get(at);
    if (target === undefined) return undefined;
    at = target;
  }
  throw unsafeArchive('has links that lead in a circle');
}

/** Normalised relative path; `./` in front is common. */
function pathOf(path: string): string {
  if (path.length > limits.pathBytes) throw unsafeArchive('has a path of unreasonable length');
  if (!path.isWellFormed()) throw unsafeArchive('has a name that is not UTF-8');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    throw unsafeArchive(`has the path "${printable(path)}", which leads out of it`);
  }
  return parts.join('/');
}

/** Where a symbolic link leads; one out of the archive leads nowhere, and is refused. */
function resolveLink(directory: string, target: string): string {
  if (target.startsWith('/')) throw unsafeArchive(`has a link to "${printable(target)}", out of it`);
  const parts: string[] = [];
  for (const part of `${directory}${target}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined)
      throw unsafeArchive(`has a link to "${printable(target)}", out of it`);
  }
  return parts.join('/');
}

function paxOf(body: Uint8Array): { path?: string; link?: string; size?: number } {
  const found: { path?: string; link?: string; size?: number } = {};
  for (const [name, value] of paxRecords(body)) {
    if (name === 'path') found.path = tarText(value);
    else if (name === 'linkpath') found.link = tarText(value);
    else if (name === 'size') found.size = paxNumber(value);
  }
  return found;
}
