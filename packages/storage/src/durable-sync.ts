import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { removeQuietly } from './durable.ts';

/**
 * Writes a file such that after a crash its name holds either the old content or all of the new, both on disk when this
 * returns. Readable by its owner only when `secret`.
 */
export function replaceFile(path: string, content: string | Uint8Array, secret = false): void {
  const directory = dirname(path);
  makeDirectorySync(directory);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = openSync(temporary, 'wx', secret ? 0o600 : 0o644);
    try {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncDirectorySync(directory);
}

/**
 * Makes a directory, and those above it that are missing. Node's own (`recursive`) goes round for ever where a directory that
 * is there takes no others, as `/proc`.
 *
 * @returns the first that was made
 */
export function makeDirectories(path: string, mode = 0o777): string | undefined {
  const directory = resolve(path);
  if (isDirectory(directory)) return undefined;
  const above = dirname(directory);
  const first = above === directory ? undefined : makeDirectories(above, mode);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Somebody else was faster.
    if (isDirectory(directory)) return first;
    throw error;
  }
  return first ?? directory;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The same, with names that survive a power cut. */
export function makeDirectorySync(path: string, mode?: number): void {
  const first = makeDirectories(path, mode);
  if (first === undefined) return;
  let made = resolve(path);
  for (; made !== first; made = dirname(made)) syncDirectorySync(dirname(made));
  syncDirectorySync(dirname(first));
}

/** Makes the names in a directory survive a power cut. Windows has no such call, and needs none. */
export function syncDirectorySync(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The text of a file, which is made by `create` and stored the first time. */
export function readOrCreate(path: string, create: () => string, secret = false): string {
  if (!existsSync(path)) replaceFile(path, create(), secret);
  return readFileSync(path, 'utf8');
}
