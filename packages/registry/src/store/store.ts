/**
 * The data directory:
 *
 * ```
 * DIR/blobs/sha256/<hex>                each content once
 * DIR/repositories/team+app/            an OCI image layout per repository, "/" in the name written as "+"
 *     oci-layout  index.json  blobs/sha256/<hex>   (hard links into DIR/blobs)
 * DIR/temporary/                        uploads under way; emptied at start
 * ```
 *
 * The layouts are flat because `a/blobs` and `a/index.json` are repository names too, and would fall into the layout of `a`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { type Digest, digestAlgorithm, digestOf, isRepositoryName } from '@pratique/oci';
import {
  lockDirectory,
  makeDirectories,
  removeQuietly,
  syncDirectory,
  writeTemporary,
} from '@pratique/storage';
import { registryErrors } from '../errors.ts';
import type { InspectedManifest } from '../manifest/inspect.ts';
import { algorithms, SharedBlobs, statBlob } from './blobs.ts';
import { formatLayoutIndex, layoutMarker, type StoredManifest } from './layout.ts';
import { ManifestCache } from './manifest-cache.ts';
import { RepositoryStore } from './repository.ts';

export class Store {
  readonly directory: string;
  readonly temporaryDirectory: string;
  readonly #blobs: SharedBlobs;
  readonly #unlock: () => Promise<void>;
  readonly #repositories = new Map<string, Promise<RepositoryStore>>();
  #sortedNames: readonly string[] | undefined;
  readonly #cache = new ManifestCache(64 * 1024 * 1024);

  private constructor(directory: string, unlock: () => Promise<void>) {
    this.directory = directory;
    this.temporaryDirectory = join(directory, 'temporary');
    this.#blobs = new SharedBlobs(directory);
    this.#unlock = unlock;
  }

  /** Opens (or makes) a data directory for this process alone, and removes what a crash left half done. */
  static async open(directory: string): Promise<Store> {
    try {
      makeDirectories(directory);
    } catch (cause) {
      throw registryErrors.error('REGISTRY_DIRECTORY_UNUSABLE', {
        message: `cannot make the data directory ${printable(directory)}`,
        cause,
      });
    }
    const unlock = await lockDirectory(directory, 'registry');
    if (unlock === undefined) {
      throw registryErrors.error('REGISTRY_DIRECTORY_IN_USE', {
        message: `another process serves ${printable(directory)}`,
      });
    }
    try {
      const store = new Store(directory, unlock);
      rmSync(store.temporaryDirectory, { recursive: true, force: true });
      for (const name of [
        'temporary',
        'repositories',
        ...algorithms.map((algorithm) => join('blobs', algorithm)),
      ]) {
        mkdirSync(join(directory, name), { recursive: true });
      }
      await syncDirectory(directory);
      return store;
    } catch (cause) {
      await unlock();
      throw registryErrors.error('REGISTRY_DIRECTORY_UNUSABLE', {
        message: `cannot prepare the data directory ${printable(directory)}`,
        cause,
      });
    }
  }

  /** The repository, or undefined when nothing was ever pushed to it. */
  async find(name: string): Promise<RepositoryStore | undefined> {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    const directory = this.#directoryOf(name);
    if (!existsSync(join(directory, 'index.json'))) return undefined;
    return this.#keep(name, RepositoryStore.load(name, directory, this.temporaryDirectory));
  }

  /** The repository, made if it is new. */
  async findOrCreate(name: string): Promise<RepositoryStore> {
    return (await this.find(name)) ?? this.#repositories.get(name) ?? this.#keep(name, this.#create(name));
  }

  /** Names of all repositories, sorted. */
  names(): readonly string[] {
    this.#sortedNames ??= readdirSync(join(this.directory, 'repositories'))
      .map((entry) => entry.replaceAll('+', '/'))
      .filter(isRepositoryName)
      .sort();
    return this.#sortedNames;
  }

  /** The manifest's bytes, checked against its digest when they come from the disk. */
  manifestBytes(repository: RepositoryStore, digest: Digest): Uint8Array {
    const cached = this.#cache.get(digest);
    if (cached !== undefined) return cached;
    const bytes = readFileSync(repository.blobPath(digest));
    const found = digestOf(bytes, digestAlgorithm(digest));
    if (found !== digest) {
      throw registryErrors.error('REGISTRY_BLOB_DAMAGED', {
        message: `manifest ${digest} of repository ${printable(repository.name)} is damaged`,
        expected: digest,
        found,
      });
    }
    this.#cache.set(digest, bytes);
    return bytes;
  }

  /** Stores and lists a manifest; when this returns it survives a crash. */
  async putManifest(
    repository: RepositoryStore,
    manifest: StoredManifest,
    inspected: InspectedManifest,
    bytes: Uint8Array,
    tags: readonly string[],
  ): Promise<void> {
    await repository.pinned([manifest.digest], async () => {
      const temporary = await writeTemporary(this.temporaryDirectory, bytes);
      await this.adopt(repository.name, manifest.digest, temporary);
      await repository.putManifest(manifest, inspected, tags);
    });
    this.#cache.set(manifest.digest, bytes);
  }

  /**
   * Gives a repository the content of a temporary file, which is consumed. Its bytes must be on disk and have the
   * digest; when this returns the repository has them even after a crash.
   */
  async adopt(name: string, digest: Digest, temporary: string): Promise<void> {
    try {
      const repository = await this.findOrCreate(name);
      await repository.pinned([digest], async () => {
        this.#blobs.adopt(temporary, repository.directory, digest);
        await repository.syncBlobs(digest);
      });
    } finally {
      removeQuietly(temporary);
    }
  }

  /** Gives a repository a blob that another directory (a repository's, or the shared one) has; false if it has not. */
  async mount(name: string, sourceDirectory: string, digest: Digest): Promise<boolean> {
    if (statBlob(sourceDirectory, digest) === undefined) return false;
    const repository = await this.findOrCreate(name);
    if (!this.#blobs.mount(sourceDirectory, repository.directory, digest)) return false;
    await repository.syncBlobs(digest);
    return true;
  }

  /** Removes content no repository has any more. */
  sweep(): { readonly blobs: number; readonly bytes: number } {
    return this.#blobs.sweep();
  }

  /** Lets another process have the directory. Nothing may be under way. */
  async close(): Promise<void> {
    await this.#unlock();
  }

  #directoryOf(name: string): string {
    return join(this.directory, 'repositories', name.replaceAll('/', '+'));
  }

  /** Made whole beside its place and then renamed, so that a repository directory is always a complete layout. */
  async #create(name: string): Promise<RepositoryStore> {
    const directory = this.#directoryOf(name);
    const fresh = join(this.temporaryDirectory, `${randomUUID()}-layout`);
    for (const algorithm of algorithms) mkdirSync(join(fresh, 'blobs', algorithm), { recursive: true });
    writeFileSync(join(fresh, 'oci-layout'), layoutMarker, { flush: true });
    const empty = formatLayoutIndex({ manifests: new Map(), tags: new Map() });
    writeFileSync(join(fresh, 'index.json'), empty, { flush: true });
    await Promise.all([syncDirectory(fresh), syncDirectory(join(fresh, 'blobs'))]);
    renameSync(fresh, directory);
    this.#sortedNames = undefined;
    await syncDirectory(join(this.directory, 'repositories'));
    return RepositoryStore.load(name, directory, this.temporaryDirectory);
  }

  #keep(name: string, loading: Promise<RepositoryStore>): Promise<RepositoryStore> {
    this.#repositories.set(name, loading);
    // A repository that could not be read is tried again at the next request, after somebody repaired it.
    loading.catch(() => this.#repositories.delete(name));
    return loading;
  }
}
