import { isNotFound, ociErrors } from '../errors.ts';
import { pause } from '../http/retry.ts';
import { buildIndex } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { maxManifestEntries } from '../manifest/parse.ts';
import type { Descriptor, Digest, ManifestContent } from '../types.ts';
import type { RepositoryContext } from './context.ts';
import { pushManifest, resolveManifest } from './manifests.ts';
import { readFallback, referrersTag } from './referrers.ts';

/** A change of the list of referrers that can be made again on whatever the list has become. */
export interface ListChange {
  apply(entries: readonly Descriptor[]): readonly Descriptor[];
  isMade(entries: readonly Descriptor[]): boolean;
}

const maxTries = 12;
/** Looks at a list that others keep changing, before ours is taken to have stayed. */
const maxLooks = 6;

/** Changes of the same list from this process wait for each other. */
const underWay = new Map<string, Promise<void>>();

/**
 * Changes the fallback index of `digest` (distribution-spec §Pushing Manifests with Subject). Registries offer no
 * compare-and-swap to rely on, so: read, change, check that nobody wrote meanwhile, write, wait well longer than that
 * took, and look again. Whoever overwrote ours had read before we wrote, so their write is over by then; if ours is
 * gone it is made again, and as long as others write we keep looking.
 *
 * @throws OCI_REFERRERS_CONTENDED
 */
export async function updateFallback(
  context: RepositoryContext,
  digest: Digest,
  change: ListChange,
  signal: AbortSignal | undefined,
): Promise<void> {
  const tag = referrersTag(digest);
  const key = `${context.name}:${tag}`;
  const run = (underWay.get(key) ?? Promise.resolve())
    .catch(() => {})
    .then(() => changeUntilKept(context, tag, change, signal));
  underWay.set(key, run);
  try {
    await run;
  } finally {
    if (underWay.get(key) === run) underWay.delete(key);
  }
}

async function changeUntilKept(
  context: RepositoryContext,
  tag: string,
  change: ListChange,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    const started = performance.now();
    const current = await readFallback(context, tag, signal);
    if (change.isMade(current?.entries ?? [])) return;
    const next = changedIndex(context, tag, change, current);
    if ((await digestNow(context, tag, signal)) === current?.content.descriptor.digest) {
      const { descriptor } = await pushManifest(context, next, mediaTypes.ociIndex, tag, signal);
      if (await isKept(context, tag, change, descriptor.digest, performance.now() - started, signal)) return;
    }
    await pause(Math.random() * 20 * 2 ** Math.min(attempt, 6), signal);
  }
  throw ociErrors.error('OCI_REFERRERS_CONTENDED', { message: `${context.name}:${tag} kept changing` });
}

function changedIndex(
  context: RepositoryContext,
  tag: string,
  change: ListChange,
  current: { content: ManifestContent; entries: readonly Descriptor[] } | undefined,
): Uint8Array {
  const manifests = change.apply(current?.entries ?? []);
  if (manifests.length > maxManifestEntries) {
    throw ociErrors.error('OCI_SIZE_EXCEEDED', {
      message: `${context.name}:${tag} holds ${manifests.length - 1} referrers already`,
      expected: `at most ${maxManifestEntries}`,
    });
  }
  const annotations = current?.content.manifest.annotations ?? {};
  return buildIndex({ manifests, ...(Object.keys(annotations).length > 0 && { annotations }) }).bytes;
}

/** Whether the change is still there once the list has come to rest. */
async function isKept(
  context: RepositoryContext,
  tag: string,
  change: ListChange,
  written: Digest,
  tookMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let seen = written;
  for (let look = 0; look < maxLooks; look++) {
    await pause(Math.max(context.retry.settleMs, tookMs * 3) * (1 + Math.random() / 2), signal);
    const now = await readFallback(context, tag, signal);
    if (!change.isMade(now?.entries ?? [])) return false;
    const digest = now?.content.descriptor.digest ?? written;
    if (digest === seen) return true;
    seen = digest;
  }
  return true;
}

async function digestNow(
  context: RepositoryContext,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  try {
    return (await resolveManifest(context, tag, signal === undefined ? {} : { signal })).digest;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
