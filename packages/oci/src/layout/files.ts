import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';

const chunkBytes = 1024 * 1024;

/** A stretch of an open file. */
export interface FileRange {
  readonly handle: FileHandle;
  readonly offset: number;
  readonly size: number;
}

/** The fault for what the file system refused. */
export function fileFault(path: string, error: unknown) {
  const code = (error as NodeJS.ErrnoException).code ?? 'cannot be used';
  return ociErrors.error('OCI_FILE_UNREADABLE', {
    message: `${printable(path)}: ${printable(String(code))}`,
    cause: error,
  });
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Opens a regular file for reading; undefined where there is none. A named pipe does not make us wait. */
export async function openRegular(path: string): Promise<FileRange | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileFault(path, error);
  }
  const stat = await handle.stat();
  if (stat.isFile()) return { handle, offset: 0, size: stat.size };
  await handle.close();
  throw ociErrors.error('OCI_LAYOUT_INVALID', { message: `${printable(path)}: not a regular file` });
}

/** The bytes of a range in chunks. */
export async function* rangeChunks(range: FileRange): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < range.size; ) {
    const length = Math.min(chunkBytes, range.size - at);
    const { bytesRead, buffer } = await range.handle.read(
      Buffer.allocUnsafeSlow(length),
      0,
      length,
      range.offset + at,
    );
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Passes a file's chunks on and closes the file in the end, also when the reader stops early. */
export async function* closing(range: FileRange): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* rangeChunks(range);
  } finally {
    await range.handle.close();
  }
}
