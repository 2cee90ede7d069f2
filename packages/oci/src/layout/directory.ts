import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectories } from '@pratique/storage';
import { collect } from '../http/collect.ts';
import { maxManifestBytes, parseManifest } from '../manifest/parse.ts';
import { digestAlgorithm, digestHex, isDigest } from '../reference/digest.ts';
import type { Descriptor, Digest } from '../types.ts';
import { checkMarker, formatIndexJson, layoutMarker, parseIndexJson } from './documents.ts';
import { closing, fileFault, isMissing, openRegular } from './files.ts';
import { createLayoutRepository, type LayoutRepository } from './repository.ts';
import type { LayoutStore, WritableStore } from './store.ts';

/** Changes of one layout's `index.json` from this process wait for each other. */
const updates = new Map<string, Promise<unknown>>();

/**
 * Opens an OCI image layout directory (image-spec §Image Layout) as a repository; tags are the
 * `org.opencontainers.image.ref.name` of its `index.json`. Files appear whole or not at all: they are written beside
 * their place, flushed and renamed. One process at a time may write.
 *
 * @param options.create make the directory a layout where it is not one yet
 * @param options.unlisted find referrers that `index.json` does not list as well: Cosign's `save` leaves them out
 * @throws OCI_LAYOUT_INVALID, OCI_FILE_UNREADABLE
 */
export async function openLayout(
  path: string,
  options: { readonly create?: boolean; readonly unlisted?: boolean } = {},
): Promise<LayoutRepository> {
  const root = resolve(path);
  const marker = await readSmall(join(root, 'oci-layout'));
  if (marker === undefined && options.create) {
    await replaceFile(root, join(root, 'oci-layout'), ReadableStream.from([layoutMarker]));
  } else {
    checkMarker(marker, path);
  }
  const store = directoryStore(path, root);
  if (!options.unlisted) return createLayoutRepository(store, store);
  const listed = await store.entries();
  const others = await unlistedReferrers(store, root, listed);
  return createLayoutRepository({ ...store, entries: async () => [...listed, ...others] }, undefined);
}

/** Files that are looked into; more than any honest layout has blobs of the size of a manifest. */
const maxFiles = 10_000;

/** Manifests among the blobs that have a subject. What is found is verified by whoever reads it, like any other blob. */
async function unlistedReferrers(
  store: LayoutStore,
  root: string,
  listed: readonly Descriptor[],
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  const files = await readdir(join(root, 'blobs', 'sha256')).catch(() => []);
  for (const file of files.slice(0, maxFiles)) {
    const digest = `sha256:${file}`;
    if (!isDigest(digest) || listed.some((entry) => entry.digest === digest)) continue;
    const blob = await store.blob(digest);
    if (blob === undefined || blob.size > maxManifestBytes) continue;
    try {
      const { mediaType, subject } = parseManifest(await collect(blob.chunks()));
      if (subject !== undefined) found.push({ mediaType, digest, size: blob.size });
    } catch {
      // A layer or a configuration.
    }
  }
  return found;
}

async function readSmall(path: string): Promise<Uint8Array | undefined> {
  const file = await openRegular(path);
  if (file === undefined) return undefined;
  return await collect(closing({ ...file, size: Math.min(file.size, maxManifestBytes + 1) }));
}

/** Writes beside the target and renames: a reader, or the next start after a crash, never sees half a file. */
async function replaceFile(
  directory: string,
  target: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    makeDirectories(directory);
    const handle = await open(temporary, 'wx', 0o644);
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncDirectory(directory);
  } catch (error) {
    // Where there is no directory it cannot be looked for either; what went wrong first is told.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : fileFault(target, error);
  }
}

/** Makes a rename survive a power cut; not every system can open a directory. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Then the file system does not need it.
  } finally {
    await handle?.close();
  }
}

function directoryStore(name: string, root: string): WritableStore {
  const blobDirectory = (digest: Digest) => join(root, 'blobs', digestAlgorithm(digest));
  const blobPath = (digest: Digest) => join(blobDirectory(digest), digestHex(digest));
  const indexPath = join(root, 'index.json');

  async function entries(): Promise<readonly Descriptor[]> {
    const bytes = await readSmall(indexPath);
    return bytes === undefined ? [] : parseIndexJson(bytes, name);
  }

  return {
    name,
    entries,
    async blob(digest) {
      const file = await openRegular(blobPath(digest));
      if (file === undefined) return undefined;
      // Closed at once and opened when read: whoever only asks whether it is there must not keep it open.
      await file.handle.close();
      return {
        size: file.size,
        async *chunks() {
          const opened = await openRegular(blobPath(digest));
          if (opened !== undefined) yield* closing(opened);
        },
      };
    },
    async write(digest, chunks) {
      await replaceFile(blobDirectory(digest), blobPath(digest), chunks);
    },
    async remove(digest) {
      await rm(blobPath(digest)).catch((error: unknown) => {
        if (!isMissing(error)) throw fileFault(blobPath(digest), error);
      });
    },
    async update(change) {
      const before = updates.get(root) ?? Promise.resolve();
      const run = before
        .catch(() => {})
        .then(async () => {
          const next = formatIndexJson(change(await entries()));
          await replaceFile(root, indexPath, ReadableStream.from([next]));
        });
      updates.set(root, run);
      try {
        await run;
      } finally {
        if (updates.get(root) === run) updates.delete(root);
      }
    },
  };
}
