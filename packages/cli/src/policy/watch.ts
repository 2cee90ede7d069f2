import { existsSync, type FSWatcher, statSync, watch as watchPath } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Editors write a file in several steps: what follows within this time is the same change. */
const SETTLE_MS = 50;

/** Files and directories that are looked at for changes. */
export interface Watch {
  /** Resolves to true after the next change, those since the last call included; to false once it is aborted. */
  next(): Promise<boolean>;
  close(): void;
}

/** Begins to watch, until `signal` is aborted or what it returns is closed. Paths that are not there are passed over. */
export function watch(paths: readonly string[], directory: string, signal: AbortSignal): Watch {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const watchers = paths
    .map((path) => resolve(directory, path))
    .filter((path) => existsSync(path))
    .map((path) => watchOne(path, wake));
  signal.addEventListener('abort', wake, { once: true });
  return {
    async next() {
      if (!signal.aborted) await changed.promise;
      if (signal.aborted) return false;
      await delay(SETTLE_MS);
      changed = Promise.withResolvers();
      return !signal.aborted;
    },
    close() {
      signal.removeEventListener('abort', wake);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** A file is watched by its name in its directory: editors put a new one in its place. */
function watchOne(path: string, changed: () => void): FSWatcher {
  if (statSync(path).isDirectory()) return watchPath(path, { recursive: true }, changed);
  const name = basename(path);
  return watchPath(dirname(path), (_event, file) => {
    if (file === null || file === name) changed();
  });
}
