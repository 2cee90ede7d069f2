/**
 * One repository: an OCI image layout directory, with its index held in memory. The index changes by group commit:
 * a change is seen by readers, and acknowledged, only when `index.json` with it is on disk.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { printable } from '@pratique/errors';
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '@pratique/oci';
import { replaceDurably, syncDirectory } from '@pratique/storage';
import { registryErrors } from '../errors.ts';
import { type InspectedManifest, inspectManifest } from '../manifest/inspect.ts';
import { algorithms, blobPath, statBlob } from './blobs.ts';
import { groupCommit } from './group-commit.ts';
import { formatLayoutIndex, type LayoutIndex, parseLayoutIndex, type StoredManifest } from './layout.ts';
import { type Referrer, ReferrersIndex } from './referrers.ts';

type Change =
  | {
      readonly kind: 'put';
      readonly manifest: StoredManifest;
      readonly inspected: InspectedManifest;
      readonly tags: readonly string[];
    }
  | { readonly kind: 'delete'; readonly digest: Digest }
  | { readonly kind: 'untag'; readonly tag: string };

export class RepositoryStore {
  readonly name: string;
  readonly directory: string;
  readonly #temporaryDirectory: string;
  #manifests = new Map<Digest, StoredManifest>();
  #tags = new Map<string, Digest>();
  readonly #referrers = new ReferrersIndex();
  readonly #asked = new Map<Digest, number>();
  readonly #pins = new Map<Digest, number>();
  #sortedTags: readonly string[] | undefined;
  #pending: Change[] = [];
  readonly #commit: () => Promise<void>;
  readonly #syncBlobs: Readonly<Record<DigestAlgorithm, () => Promise<void>>>;

  private constructor(name: string, directory: string, temporaryDirectory: string) {
    this.name = name;
    this.directory = directory;
    this.#temporaryDirectory = temporaryDirectory;
    this.#commit = groupCommit(() => this.#write());
    this.#syncBlobs = {
      sha256: groupCommit(() => syncDirectory(join(directory, 'blobs', 'sha256'))),
      sha512: groupCommit(() => syncDirectory(join(directory, 'blobs', 'sha512'))),
    };
  }

  /** Reads a layout directory, ours or one another tool wrote: manifests below a listed index count as listed. */
  static async load(name: string, directory: string, temporaryDirectory: string): Promise<RepositoryStore> {
    const repository = new RepositoryStore(name, directory, temporaryDirectory);
    // A layout another tool wrote has only the directories it needed.
    for (const algorithm of algorithms) mkdirSync(join(directory, 'blobs', algorithm), { recursive: true });
    let index: LayoutIndex;
    try {
      index = parseLayoutIndex(readFileSync(join(directory, 'index.json'), 'utf8'));
    } catch (cause) {
      throw registryErrors.error('REGISTRY_INDEX_UNREADABLE', {
        message: `index.json of repository ${printable(name)} cannot be read`,
        cause,
      });
    }
    repository.#tags = new Map(index.tags);
    const queue = [...index.manifests.values()];
    let sinceYield = 0;
    for (let manifest = queue.pop(); manifest !== undefined; manifest = queue.pop()) {
      if (repository.#manifests.has(manifest.digest)) continue;
      repository.#manifests.set(manifest.digest, manifest);
      for (const child of repository.#readRelations(manifest)) queue.push(child);
      sinceYield += 1;
      // Thousands of signatures must not hold up every other client while they are read.
      if (sinceYield % 256 === 0) await setImmediate();
    }
    return repository;
  }

  resolve(reference: { readonly tag: string } | { readonly digest: Digest }): StoredManifest | undefined {
    const digest = 'tag' in reference ? this.#tags.get(reference.tag) : reference.digest;
    return digest === undefined ? undefined : this.#manifests.get(digest);
  }

  get manifests(): ReadonlyMap<Digest, StoredManifest> {
    return this.#manifests;
  }

  /** Every tag, in the order of the specification. */
  tags(): readonly string[] {
    this.#sortedTags ??= [...this.#tags.keys()].sort();
    return this.#sortedTags;
  }

  /** Manifests whose subject is `digest`, ordered by digest so that a page can be continued. */
  referrers(digest: Digest): readonly Referrer[] {
    return this.#referrers.of(digest);
  }

  /** Size of a blob of this repository, and a note that somebody relies on it being there. */
  blobSize(digest: Digest): number | undefined {
    const stats = statBlob(this.directory, digest);
    if (stats === undefined) return undefined;
    this.#asked.set(digest, performance.now());
    return stats.size;
  }

  blobPath(digest: Digest): string {
    return blobPath(this.directory, digest);
  }

  /** Makes links made into this repository's blobs survive a power cut. */
  syncBlobs(digest: Digest): Promise<void> {
    return this.#syncBlobs[digestAlgorithm(digest)]();
  }

  /** Keeps garbage collection away from `digests` while `work` runs. */
  async pinned<T>(digests: readonly Digest[], work: () => Promise<T>): Promise<T> {
    for (const digest of digests) this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
    try {
      return await work();
    } finally {
      for (const digest of digests) {
        const left = this.#pins.get(digest)! - 1;
        if (left === 0) this.#pins.delete(digest);
        else this.#pins.set(digest, left);
      }
    }
  }

  /** True when a collection that began at `now` may not take the blob. */
  isInUse(digest: Digest, now: number, graceMs: number): boolean {
    if (this.#pins.has(digest) || this.#manifests.has(digest)) return true;
    const asked = this.#asked.get(digest);
    if (asked === undefined) return false;
    if (now - asked < graceMs) return true;
    this.#asked.delete(digest);
    return false;
  }

  /** Lists a manifest whose bytes are already on disk. */
  putManifest(
    manifest: StoredManifest,
    inspected: InspectedManifest,
    tags: readonly string[],
  ): Promise<void> {
    this.#pending.push({ kind: 'put', manifest, inspected, tags });
    return this.#commit();
  }

  /** Unlists a manifest and every tag that points at it. The bytes stay until garbage collection. */
  deleteManifest(digest: Digest): Promise<void> {
    this.#pending.push({ kind: 'delete', digest });
    return this.#commit();
  }

  deleteTag(tag: string): Promise<void> {
    this.#pending.push({ kind: 'untag', tag });
    return this.#commit();
  }

  async #write(): Promise<void> {
    const changes = this.#pending;
    this.#pending = [];
    const manifests = new Map(this.#manifests);
    const tags = new Map(this.#tags);
    let changed = false;
    for (const change of changes) changed = apply(change, manifests, tags) || changed;
    if (changed) {
      const bytes = formatLayoutIndex({ manifests, tags });
      await replaceDurably(this.#temporaryDirectory, this.directory, 'index.json', bytes);
    }
    this.#manifests = manifests;
    this.#tags = tags;
    this.#sortedTags = undefined;
    for (const change of changes) {
      if (change.kind === 'put') this.#referrers.add(change.manifest, change.inspected);
      else if (change.kind === 'delete' && !manifests.has(change.digest))
        this.#referrers.remove(change.digest);
    }
  }

  /** Notes the manifest's subject; returns the manifests it lists that are here. */
  #readRelations(manifest: StoredManifest): readonly StoredManifest[] {
    let inspected: InspectedManifest;
    try {
      inspected = inspectManifest(readFileSync(this.blobPath(manifest.digest)), manifest.mediaType);
    } catch {
      // A damaged or missing manifest fails when it is asked for, and must not take the repository with it.
      return [];
    }
    this.#referrers.add(manifest, inspected);
    return inspected.children.filter((child) => statBlob(this.directory, child.digest) !== undefined);
  }
}

/** Applies one change; false when it changed nothing. */
function apply(change: Change, manifests: Map<Digest, StoredManifest>, tags: Map<string, Digest>): boolean {
  if (change.kind === 'untag') return tags.delete(change.tag);
  if (change.kind === 'delete') {
    for (const [tag, digest] of tags) if (digest === change.digest) tags.delete(tag);
    return manifests.delete(change.digest);
  }
  const { manifest } = change;
  let changed = manifests.get(manifest.digest)?.mediaType !== manifest.mediaType;
  manifests.set(manifest.digest, manifest);
  for (const tag of change.tags) {
    changed ||= tags.get(tag) !== manifest.digest;
    tags.set(tag, manifest.digest);
  }
  return changed;
}
