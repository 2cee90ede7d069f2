import { BundleError } from './errors.ts';
import type { BundleLimits } from './limits.ts';

/** One regular file of an archive or directory. The path has no leading slash, and no `.` or `..` segments. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const text = new TextDecoder();

/**
 * The regular files of a tar archive (POSIX.1-1988 ustar, with pax and GNU long names). Refused: links, devices, paths
 * that leave the archive, one path twice, wrong checksums, an end in the middle of a file.
 */
export function readTar(tar: Uint8Array, limits: BundleLimits): BundleFile[] {
  const files = new Map<string, BundleFile>();
  let longName: string | undefined;
  let entries = 0;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (++entries > limits.files) throw limit(`more than ${limits.files} entries`);
    checkSum(header);
    const size = octal(header.subarray(124, 136));
    const type = String.fromCharCode(header[156]!);
    if (size > limits.fileBytes) throw limit(`a file has more than ${limits.fileBytes} bytes`);
    if (at + BLOCK + size > tar.length) throw invalid('the archive ends in the middle of a file');
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'L') longName = cString(bytes);
    else if (type === 'x') longName = paxPath(bytes) ?? longName;
    else if (type === 'g' || type === '5') longName = undefined;
    else if (type === '0' || type === '\0') {
      const path = checkedPath(longName ?? headerName(header), limits);
      longName = undefined;
      if (files.has(path)) throw invalid(`'${shown(path)}' is in the archive twice`);
      files.set(path, { path, bytes });
    } else throw invalid(`'${shown(headerName(header))}' is not a regular file (type '${shown(type)}')`);
  }
  if (entries === 0) throw invalid('the archive is empty or not a tar archive');
  return [...files.values()];
}

/** Leading `/` and `./` are removed, as OPA does. Throws for whatever would leave the bundle. */
export function checkedPath(name: string, limits: BundleLimits): string {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  // A control character or a backslash in a name has no use but to deceive.
  if (segments.length === 0 || segments.includes('..') || /[\u0000-\u001f\u007f\\]/.test(name)) {
    throw invalid(`'${shown(name)}' is not a path within the bundle`);
  }
  if (segments.length > limits.depth) throw limit(`'${shown(name)}' has more than ${limits.depth} segments`);
  return segments.join('/');
}

/** A tar archive of files, in the order given. The same files give the same bytes: mode 0600, no owner, no time. */
export function writeTar(files: readonly BundleFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, bytes } of files) {
    const name = new TextEncoder().encode(`/${path}`);
    if (name.length > 100) {
      const record = paxRecord('path', `/${path}`);
      parts.push(ustarHeader(name.subarray(0, 100), record.length, 'x'), record, padding(record.length));
    }
    parts.push(ustarHeader(name.subarray(0, 100), bytes.length, '0'), bytes, padding(bytes.length));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return concat(parts);
}

function ustarHeader(name: Uint8Array, size: number, type: string): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, value: string): void => header.set(new TextEncoder().encode(value), at);
  header.set(name, 0);
  put(100, '0000600\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(156, type);
  put(257, 'ustar\x0000');
  put(148, `${sumOf(header).toString(8).padStart(6, '0')}\0 `);
  return header;
}

function paxRecord(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  const bytes = new TextEncoder().encode(rest).length;
  let length = bytes + 1;
  while (String(length).length + bytes !== length) length = String(length).length + bytes;
  return new TextEncoder().encode(`${length}${rest}`);
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The sum of a header's bytes, its checksum field taken as spaces. */
function sumOf(header: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at]!;
  return sum;
}

function checkSum(header: Uint8Array): void {
  if (octal(header.subarray(148, 156)) !== sumOf(header)) throw invalid('not a tar archive: wrong checksum');
}

function octal(field: Uint8Array): number {
  const digits = cString(field).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw invalid('not a tar archive: a number of its header is not octal');
  return Number.parseInt(digits, 8);
}

function headerName(header: Uint8Array): string {
  const name = cString(header.subarray(0, 100));
  const isPosix = cString(header.subarray(257, 263)) === 'ustar' && header[263] === 0x30;
  const prefix = isPosix ? cString(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxPath(bytes: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space === -1 ? Number.NaN : Number(text.decode(bytes.subarray(at, space)));
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > bytes.length) {
      throw invalid('a pax header of the archive is damaged');
    }
    const record = text.decode(bytes.subarray(space + 1, at + length - 1));
    if (record.startsWith('path=')) path = record.slice(5);
    if (record.startsWith('size=')) throw invalid('a file of the archive has its size in a pax header');
    at += length;
  }
  return path;
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return text.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function invalid(message: string): BundleError {
  return new BundleError('bundle_invalid', message);
}

function limit(message: string): BundleError {
  return new BundleError('bundle_limit', message);
}

/** Text from outside, for a message. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200)).slice(1, -1);
}
