import { PratiqueError } from '@pratique/errors';
import { tufErrors } from '../errors.ts';
import { type Cache, sha256 } from './cache.ts';
import type { Mirror } from './mirror.ts';
import { memoryStore, stage } from './store.ts';
import { readTarget } from './target.ts';
import { openKept, type Repository, updateFrom } from './update.ts';

/** Targets of a repository, each verified. */
export interface TufClient {
  /**
   * @throws TUF_TARGET_NOT_FOUND where the repository has no such target; the other codes where it cannot be believed
   */
  read(target: string): Promise<Uint8Array>;
}

export interface OpenOptions {
  readonly cache: Cache;
  readonly mirror: Mirror;
  /** The root to begin with; absent: the one that `initialize` left in the cache. */
  readonly bootstrap?: Uint8Array | undefined;
  /** No request at all. What is in the cache must be good and must not have expired. */
  readonly offline: boolean;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
  /** Told when the repository cannot be reached and what was kept is used, which is good until it expires. */
  readonly onStale: (reason: PratiqueError) => void;
}

/** For so long a repository is not asked again. Metadata that expires earlier is asked for earlier. */
const freshMs = 24 * 60 * 60 * 1000;

/**
 * Opens a repository: from the cache without a request when it was updated within a day, else updated. When it cannot
 * be reached, what was kept serves until it expires; anything else that is wrong with the repository is thrown.
 *
 * @throws TUF_NOT_INITIALIZED and every other TUF code
 */
export async function openTuf(options: OpenOptions): Promise<TufClient> {
  const { cache, mirror, bootstrap, offline, now, signal, onStale } = options;
  const store = cache.metadata(mirror.url);
  const targets = cache.targets(mirror.url);
  const keptRoot = store.read('root.json');
  const state = cache.state(mirror.url);
  const begin = bootstrap ?? keptRoot;
  if (begin === undefined) {
    throw tufErrors.error('TUF_NOT_INITIALIZED', { message: `no root of ${mirror.url} is trusted yet` });
  }
  // A kept root stands for a given one only if the update that brought it began with that one.
  const same = bootstrap === undefined || state.bootstrap === sha256(bootstrap);
  const root = same && keptRoot !== undefined ? keptRoot : begin;
  const client = (repository: Repository): TufClient => ({
    read: (target) => readTarget(repository, targets, target),
  });

  if (offline) return client(await openKept(root, store, now));
  const age = now.getTime() - state.updated.getTime();
  if (same && age >= 0 && age < freshMs) {
    const kept = await openKept(root, store, now).catch(nothingUsable);
    if (kept !== undefined) return client({ ...kept, mirror, signal });
  }
  try {
    // What a new beginning brings replaces what was kept only when all of it is good.
    const staged = stage(store, store);
    const repository = await updateFrom(mirror, root, same ? store : staged, now, signal);
    staged.commit();
    cache.setState(mirror.url, now, bootstrap ?? root);
    return client(repository);
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code !== 'TUF_UNREACHABLE') throw error;
    const kept = await openKept(root, store, now).catch(nothingUsable);
    if (kept === undefined) throw error;
    onStale(error);
    return client({ ...kept, mirror, signal });
  }
}

/** A cache that is not whole is no news: the repository is asked. */
function nothingUsable(error: unknown): undefined {
  if (error instanceof PratiqueError) return undefined;
  throw error;
}

/**
 * Begins anew with a root: everything is fetched and verified first, and only then the cache is replaced, so that a
 * failure leaves it as it was.
 *
 * @param targets fetched too, so that commands work offline afterwards
 */
export async function initializeTuf(
  options: Pick<OpenOptions, 'cache' | 'mirror' | 'now' | 'signal'> & { readonly root: Uint8Array },
  targets: readonly string[],
): Promise<TufClient> {
  const { cache, mirror, root, now, signal } = options;
  const metadata = stage(cache.metadata(mirror.url));
  const contents = stage(cache.targets(mirror.url));
  const repository = await updateFrom(mirror, root, metadata, now, signal);
  for (const target of targets) await readTarget(repository, contents, target);
  metadata.commit();
  contents.commit();
  cache.setState(mirror.url, now, root);
  cache.setMirror(mirror.url);
  return { read: (target) => readTarget(repository, cache.targets(mirror.url), target) };
}

/**
 * A target of a repository of which nothing is kept: one that is at hand whole. What was seen before cannot be the floor
 * under which nothing falls, so that an older copy is believed as long as it has not expired.
 *
 * @throws as `openTuf`
 */
export async function readTargetOnce(
  {
    mirror,
    root,
    now,
    signal,
  }: Pick<OpenOptions, 'mirror' | 'now' | 'signal'> & { readonly root: Uint8Array },
  target: string,
): Promise<Uint8Array> {
  const repository = await updateFrom(mirror, root, memoryStore(), now, signal);
  return await readTarget(repository, memoryStore(), target);
}
