import { readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Digest, isDigest } from '@pratique/oci';
import { inspectManifest } from '../manifest/inspect.ts';
import type { GarbageReport } from '../options.ts';
import { algorithms } from './blobs.ts';
import type { RepositoryStore } from './repository.ts';
import type { Store } from './store.ts';

/**
 * Removes blobs nobody needs. A blob stays while a manifest of its repository names it, while a push under way does,
 * or when it came or was asked about less than `graceMs` ago: a client that was told "I have it" will soon push a
 * manifest which names it. What was asked before a restart is not remembered, so a server younger than `graceMs`
 * removes nothing.
 */
export async function collectGarbage(
  store: Store,
  { graceMs, startedAt }: { readonly graceMs: number; readonly startedAt: number },
): Promise<GarbageReport> {
  const skipped: string[] = [];
  if (performance.now() - startedAt < graceMs) return { blobs: 0, bytes: 0, skipped };
  for (const name of store.names()) {
    try {
      const repository = await store.find(name);
      // Clients get their turn in between.
      await setImmediate();
      if (repository !== undefined) await collectRepository(store, repository, graceMs);
    } catch {
      // What a manifest that cannot be read names is not known, so nothing beside it is garbage.
      skipped.push(name);
    }
  }
  await setImmediate();
  return { ...store.sweep(), skipped };
}

async function collectRepository(store: Store, repository: RepositoryStore, graceMs: number): Promise<void> {
  const inspected = new Set<Digest>();
  const referenced = new Set<Digest>();
  const inspectNew = (most: number): boolean => {
    let count = 0;
    for (const { digest, mediaType } of repository.manifests.values()) {
      if (inspected.has(digest)) continue;
      if (count === most) return false;
      count += 1;
      inspected.add(digest);
      const bytes = store.manifestBytes(repository, digest);
      for (const named of inspectManifest(bytes, mediaType).references) referenced.add(named);
    }
    return true;
  };
  while (!inspectNew(256)) await setImmediate();
  for (const algorithm of algorithms) {
    const directory = join(repository.directory, 'blobs', algorithm);
    // From here to the last unlink nothing else runs: a push either pinned its blobs before, or does not find them after.
    for (const hex of readdirSync(directory)) {
      const digest = `${algorithm}:${hex}`;
      if (
        !isDigest(digest) ||
        referenced.has(digest) ||
        repository.isInUse(digest, performance.now(), graceMs)
      )
        continue;
      const path = join(directory, hex);
      // The change time of the file is when it was last linked: uploaded or mounted somewhere.
      if (Date.now() - statSync(path).ctimeMs >= graceMs) unlinkSync(path);
    }
  }
}
