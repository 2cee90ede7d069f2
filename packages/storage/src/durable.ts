import { randomUUID } from 'node:crypto';
import { renameSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the names in a directory (links, renames) survive a power cut. Windows has no such call, and needs none. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file below `directory` whose bytes are on disk when this returns, and returns its path. */
export async function writeTemporary(directory: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, randomUUID());
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return path;
  } catch (error) {
    removeQuietly(path);
    throw error;
  }
}

/** Replaces `target` with `bytes`, such that after a crash it holds either the old content or the new. */
export async function replaceDurably(
  temporaryDirectory: string,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = await writeTemporary(temporaryDirectory, bytes);
  try {
    renameSync(temporary, join(directory, name));
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  await syncDirectory(directory);
}

export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // A leftover temporary file is removed at the next start.
  }
}
