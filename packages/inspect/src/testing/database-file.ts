import type { DatabaseFile } from '../packages/database-content.ts';

/** A file of a package database that lies in memory. */
export function databaseFile(bytes: Uint8Array, path = 'var/lib/database'): DatabaseFile {
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const content = { name: path, size: bytes.length, read };
  return { path, type: 'file', size: bytes.length, content };
}
