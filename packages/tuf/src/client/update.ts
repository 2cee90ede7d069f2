import { PratiqueError } from '@pratique/errors';
import { tufErrors } from '../errors.ts';
import type { MetadataInfo, RoleKeys, Targets } from '../metadata/types.ts';
import type { Mirror } from './mirror.ts';
import type { FileStore } from './store.ts';
import { TrustedMetadata } from './trusted-metadata.ts';

/** Bytes that are read of a file whose length no metadata gives; the numbers of other clients. */
const maxBytes = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 };
/** Roots that are walked in one update, as in other clients: more rotations than a repository has in a century. */
const maxRootRotations = 256;

/** A repository whose top-level metadata was verified. */
export interface Repository {
  readonly metadata: TrustedMetadata;
  readonly targets: Targets;
  readonly store: FileStore;
  /** Absent: nothing is fetched. */
  readonly mirror?: Mirror | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The client workflow of the specification (§5.3–5.6): newest root, timestamp, snapshot, targets, each verified, then
 * kept.
 *
 * @param bootstrap the root that is trusted to begin with
 */
export async function updateFrom(
  mirror: Mirror,
  bootstrap: Uint8Array,
  store: FileStore,
  now: Date,
  signal?: AbortSignal,
): Promise<Repository> {
  const metadata = new TrustedMetadata(bootstrap, now);
  const source = { metadata, store, mirror, signal };
  await updateRoot(source, bootstrap);
  await updateTimestamp(source);
  await updateSnapshot(source);
  return { ...source, targets: await loadTargets(source, 'targets', metadata.root.roles.targets) };
}

/**
 * What was kept from the last update, verified anew and without a request.
 *
 * @throws TUF_NOT_INITIALIZED where nothing was kept; TUF_EXPIRED, TUF_MISMATCH and whatever else is wrong with it
 */
export async function openKept(root: Uint8Array, store: FileStore, now: Date): Promise<Repository> {
  const timestamp = keptFile(store, 'timestamp.json');
  const snapshot = keptFile(store, 'snapshot.json');
  const metadata = new TrustedMetadata(root, now);
  metadata.checkRootExpiry();
  metadata.updateTimestamp(timestamp, 'fetched');
  metadata.updateSnapshot(snapshot, 'fetched');
  const source = { metadata, store };
  return { ...source, targets: await loadTargets(source, 'targets', metadata.root.roles.targets) };
}

type Source = Omit<Repository, 'targets'>;
type OnlineSource = Source & { readonly mirror: Mirror };

async function updateRoot(source: OnlineSource, bootstrap: Uint8Array): Promise<void> {
  const { metadata, store, mirror, signal } = source;
  let newest = bootstrap;
  for (let rotations = 0; rotations < maxRootRotations; rotations++) {
    const bytes = await mirror.fetch([`${metadata.root.version + 1}.root.json`], maxBytes.root, signal);
    if (bytes === undefined) break;
    metadata.updateRoot(bytes);
    newest = bytes;
  }
  metadata.checkRootExpiry();
  store.write('root.json', newest);
}

async function updateTimestamp({ metadata, store, mirror, signal }: OnlineSource): Promise<void> {
  usable(store.read('timestamp.json'), (bytes) => metadata.updateTimestamp(bytes, 'cached'));
  const bytes = await mirror.fetch(['timestamp.json'], maxBytes.timestamp, signal);
  if (bytes === undefined) throw missing(mirror, 'timestamp.json');
  if (metadata.updateTimestamp(bytes, 'fetched')) store.write('timestamp.json', bytes);
}

async function updateSnapshot({ metadata, store, mirror, signal }: OnlineSource): Promise<void> {
  const before = store.read('snapshot.json');
  usable(before, (bytes) => metadata.updateSnapshot(bytes, 'cached'));
  if (usable(before, (bytes) => metadata.updateSnapshot(bytes, 'fetched'))) return;
  const info = metadata.timestamp.snapshot;
  const name = metadataPath('snapshot', info, metadata.root.consistentSnapshot);
  const bytes = await mirror.fetch([name], info.length ?? maxBytes.snapshot, signal);
  if (bytes === undefined) throw missing(mirror, name);
  metadata.updateSnapshot(bytes, 'fetched');
  store.write('snapshot.json', bytes);
}

/**
 * The targets of a role, kept or fetched. What was kept is verified against who delegates to the role now: that it was
 * good under another delegator says nothing.
 */
export async function loadTargets(
  { metadata, store, mirror, signal }: Source,
  role: string,
  delegator: RoleKeys,
): Promise<Targets> {
  const name = `${role}.json`;
  const before = store.read(name);
  if (mirror === undefined) return metadata.checkTargets(keptFile(store, name), role, delegator);
  const kept = usable(before, (bytes) => metadata.checkTargets(bytes, role, delegator));
  if (kept !== undefined) return kept;
  const info = metadata.snapshot.meta.get(name);
  if (info === undefined) throw missing(mirror, name);
  const path = metadataPath(role, info, metadata.root.consistentSnapshot);
  const bytes = await mirror.fetch([path], info.length ?? maxBytes.targets, signal);
  if (bytes === undefined) throw missing(mirror, path);
  const targets = metadata.checkTargets(bytes, role, delegator);
  store.write(name, bytes);
  return targets;
}

function metadataPath(role: string, { version }: MetadataInfo, consistent: boolean): string {
  return consistent ? `${version}.${role}.json` : `${role}.json`;
}

/** Offers a file from before; one that is no good any more is as if it was not there. */
function usable<T>(bytes: Uint8Array | undefined, offer: (bytes: Uint8Array) => T): T | undefined {
  if (bytes === undefined) return undefined;
  try {
    return offer(bytes);
  } catch (error) {
    if (error instanceof PratiqueError) return undefined;
    throw error;
  }
}

function keptFile(store: FileStore, name: string): Uint8Array {
  const bytes = store.read(name);
  if (bytes !== undefined) return bytes;
  throw tufErrors.error('TUF_NOT_INITIALIZED', {
    message: `${name} of the repository is not on this machine`,
  });
}

export function missing(mirror: Mirror, name: string) {
  return tufErrors.error('TUF_UNREACHABLE', {
    message: `${mirror.url} is no complete TUF repository`,
    expected: name,
    found: 'status 404',
  });
}
