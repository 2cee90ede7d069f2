import { open } from 'node:fs/promises';
import { printable } from '@pratique/errors';
import type { ByteSource } from '../elf/parse.ts';
import { ociErrors } from '../errors.ts';

/** Bytes at hand; or a local file, or bytes that lie elsewhere, read when needed and never held whole in memory. */
export type FileContent = Uint8Array | { readonly file: string } | ByteSource;

const chunkBytes = 1024 * 1024;

/** Size in bytes. */
export async function contentSize(content: FileContent): Promise<number> {
  if (content instanceof Uint8Array) return content.length;
  if ('read' in content) return content.size;
  const handle = await openFile(content.file);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(content.file, 'not a regular file');
    return stat.size;
  } finally {
    await handle.close();
  }
}

/** The content in chunks that are not changed afterwards. */
export async function* contentChunks(content: FileContent): AsyncGenerator<Uint8Array, void, undefined> {
  if (content instanceof Uint8Array) {
    if (content.length > 0) yield content;
    return;
  }
  if ('read' in content) {
    for (let at = 0; at < content.size; at += chunkBytes)
      yield content.read(at, Math.min(chunkBytes, content.size - at));
    return;
  }
  const handle = await openFile(content.file);
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function openFile(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'cannot be opened';
    throw unreadable(path, code === 'ENOENT' ? 'there is no such file' : code, error);
  }
}

function unreadable(path: string, why: string, cause?: unknown) {
  return ociErrors.error('OCI_FILE_UNREADABLE', { message: `${printable(path)}: ${why}`, cause });
}
