import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories, replaceFile } from '@pratique/storage';

/** Where verified files are kept between runs, by name. What is read back is verified like anything else. */
export interface FileStore {
  read(name: string): Uint8Array | undefined;
  write(name: string, bytes: Uint8Array): void;
}

/**
 * Files in a directory that only its owner can enter. A name becomes one file name, whatever is in it. Where nothing
 * can be written (a read-only home), `onFailure` is told and the next run fetches again.
 */
export function directoryStore(directory: string, onFailure: (error: Error) => void): FileStore {
  const path = (name: string) => join(directory, encodeURIComponent(name));
  return {
    read(name) {
      try {
        return readFileSync(path(name));
      } catch {
        return undefined;
      }
    },
    write(name, bytes) {
      try {
        makeDirectories(directory, 0o700);
        replaceFile(path(name), bytes);
      } catch (error) {
        onFailure(error as Error);
      }
    },
  };
}

/** Files that are in memory until they are committed to a store. */
export interface StagedFiles extends FileStore {
  commit(): void;
}

/** @param seen what of the store is there already: nothing, for who begins anew */
export function stage(
  store: FileStore,
  seen: Pick<FileStore, 'read'> = { read: () => undefined },
): StagedFiles {
  const files = new Map<string, Uint8Array>();
  return {
    read: (name) => files.get(name) ?? seen.read(name),
    write: (name, bytes) => void files.set(name, bytes),
    commit() {
      for (const [name, bytes] of files) store.write(name, bytes);
    },
  };
}

/** Files that are forgotten. */
export function memoryStore(): FileStore {
  return stage({ read: () => undefined, write: () => {} });
}
