import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';

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

const block = 512;
const limits = { entries: 100_000, pathBytes: 4096, paxBytes: 1024 * 1024 } as const;
const decoder = new TextDecoder('utf-8', { fatal: true });

function unsafe(why: string) {
  return ociErrors.error('OCI_ARCHIVE_UNSAFE', { message: `the archive ${why}` });
}

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
    const header = await read(at, block);
    if (header.length < block) throw unsafe('is cut off');
    if (header.every((byte) => byte === 0)) return { files, links };
    if (++count > limits.entries) throw unsafe(`has more than ${limits.entries} entries`);
    checkSum(header);
    const type = String.fromCharCode(header[156]!);
    const size = next.size ?? numberAt(header, 124, 12);
    const offset = at + block;
    const end = offset + Math.ceil(size / block) * block;
    if (offset + size > archiveSize) throw unsafe('is cut off');

    if (type === 'x' || type === 'L' || type === 'K') {
      // The size of an extension is its own; one a pax record announced is for the entry after it.
      const own = numberAt(header, 124, 12);
      if (own > limits.paxBytes) throw unsafe('has an extended header of unreasonable size');
      const body = await read(offset, own);
      if (body.length !== own) throw unsafe('is cut off');
      if (type === 'x') next = { ...next, ...paxOf(body) };
      else if (type === 'L') next = { ...next, path: textAt(body, 0, body.length) };
      else next = { ...next, link: textAt(body, 0, body.length) };
      at = offset + Math.ceil(own / block) * block;
      continue;
    }
    const path = pathOf(next.path ?? ustarPath(header));
    if (type === '0' || type === '\0' || type === '7') {
      if (path === '' || files.has(path) || links.has(path)) throw unsafe(`has "${printable(path)}" twice`);
      files.set(path, { offset, size });
    } else if (type === '1' || type === '2') {
      if (files.has(path) || links.has(path)) throw unsafe(`has "${printable(path)}" twice`);
      const target = next.link ?? textAt(header, 157, 100);
      const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      links.set(path, type === '1' ? pathOf(target) : resolveLink(directory, target));
    } else if (type !== '5' && type !== 'g') {
      throw unsafe(`has an entry of type "${printable(type)}", which no image archive has`);
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
  throw unsafe('has links that lead in a circle');
}

/** Normalised relative path; `./` in front is common. */
function pathOf(path: string): string {
  if (path.length > limits.pathBytes) throw unsafe('has a path of unreasonable length');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    throw unsafe(`has the path "${printable(path)}", which leads out of it`);
  }
  return parts.join('/');
}

/** Where a symbolic link leads; one out of the archive leads nowhere, and is refused. */
function resolveLink(directory: string, target: string): string {
  if (target.startsWith('/')) throw unsafe(`has a link to "${printable(target)}", out of it`);
  const parts: string[] = [];
  for (const part of `${directory}${target}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw unsafe(`has a link to "${printable(target)}", out of it`);
  }
  return parts.join('/');
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const zero = field.indexOf(0);
  try {
    return decoder.decode(zero < 0 ? field : field.subarray(0, zero));
  } catch {
    throw unsafe('has a name that is not UTF-8');
  }
}

function ustarPath(header: Uint8Array): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 6) === 'ustar' ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal text, or base 256 where the top bit is set (GNU). */
function numberAt(header: Uint8Array, at: number, length: number): number {
  if (header[at]! & 0x80) {
    let value = header[at]! & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + header[i]!;
    if (!Number.isSafeInteger(value)) throw unsafe('has a number out of range');
    return value;
  }
  const text = textAt(header, at, length).trim();
  if (!/^[0-7]*$/.test(text)) throw unsafe('has a number that is none');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function checkSum(header: Uint8Array): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== numberAt(header, 148, 8)) throw unsafe('is damaged, or not a tar archive');
}

function paxOf(body: Uint8Array): { path?: string; link?: string; size?: number } {
  const found: { path?: string; link?: string; size?: number } = {};
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(textAt(body, at, space - at));
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > body.length)
      throw unsafe('has a damaged extended header');
    const record = textAt(body, space + 1, at + length - space - 2);
    const equals = record.indexOf('=');
    const value = record.slice(equals + 1);
    switch (record.slice(0, equals)) {
      case 'path':
        found.path = value;
        break;
      case 'linkpath':
        found.link = value;
        break;
      case 'size':
        if (!/^\d{1,15}$/.test(value)) throw unsafe('has a number that is none');
        found.size = Number(value);
        break;
    }
    at += length;
  }
  return found;
}
