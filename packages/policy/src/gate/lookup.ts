import {
  type Digest,
  type Keychain,
  type ManifestContent,
  type NamespaceSecrets,
  parseReference,
  type Reference,
} from '@pratique/oci';
import type { PolicyEngine } from '../engine/types.ts';
import { policyErrors } from '../errors.ts';
import { buildFacts } from '../facts/build.ts';
import { readConfig } from '../facts/config.ts';
import { readConfigFiles } from '../facts/config-files.ts';
import { canonicalRegistry } from '../trust/registry-name.ts';
import type { PullSecrets, Trust } from '../trust/types.ts';
import type { RequirementFact } from '../types.ts';
import type { DecisionCache, ImageVerdict, VerdictKey } from './cache.ts';
import type { Progress } from './deadline.ts';
import { type MemoryBudget, MemoryShare } from './memory.ts';
import { placesFor } from './places.ts';
import { mergeResults, type OpenRepository, type Station } from './stations.ts';
import type { TagCache } from './tags.ts';

/** An image as asked for. */
export interface ImageName {
  /** As written. */
  readonly text: string;
  readonly reference: Reference;
  /** In its one spelling: `canonicalRegistry`. */
  readonly registry: string;
  /** `registry/repository`, by which trust, policies and the cache know it. */
  readonly name: string;
}

/** An image, and what is asked of it where it is used. */
export interface AskedImage extends ImageName {
  readonly requirements: readonly RequirementFact[];
  /** Where the pull secrets are that authorities may name. */
  readonly namespace: string | null;
}

/** @throws OCI_REFERENCE_INVALID */
export function parseImage(text: string): ImageName {
  const reference = parseReference(text);
  const registry = canonicalRegistry(reference.registry);
  return { text, reference, registry, name: `${registry}/${reference.repository}` };
}

/** What `lookup` works with: everything that decides about an image. */
export interface Lookup {
  readonly trust: Trust;
  readonly engine: PolicyEngine;
  readonly openRepository: OpenRepository;
  readonly namespaceSecrets: NamespaceSecrets | undefined;
  readonly stations: readonly Station[];
  readonly cache: DecisionCache;
  readonly tags: TagCache | undefined;
  /** Of evidence, over all images that are looked up. */
  readonly memory: MemoryBudget;
  /** Milliseconds the work on one image may take, however long those who asked for it wait. */
  readonly gatherTimeoutMs: number;
  readonly clock: () => number;
}

/** The verdict for an image that needs no I/O: named by digest (or by a tag kept), and kept. */
export function keptVerdict(lookup: Lookup, image: AskedImage): ImageVerdict | undefined {
  const digest = image.reference.digest ?? lookup.tags?.get(image);
  return digest === undefined ? undefined : lookup.cache.get(keyOf(lookup, image, digest));
}

/**
 * The verdict for one image: its tag is resolved once, and everything after that is about the digest. Faults are
 * thrown. The work is shared with other callers and has its own time-out, so that a caller who gives up costs
 * nothing to the others.
 */
export async function findVerdict(
  lookup: Lookup,
  image: AskedImage,
  progress: Progress,
): Promise<ImageVerdict> {
  const digest = image.reference.digest ?? (await resolveTag(lookup, image, progress));
  progress.step = `the signatures of ${image.name}`;
  return lookup.cache.getOrCompute(keyOf(lookup, image, digest), () =>
    gather(lookup, image, digest, progress),
  );
}

/** `localhost:5000/app:1` and `localhost:5000/app:1@sha256:…` are the same image once resolved. */
function keyOf(
  { engine, trust }: Lookup,
  { name, reference, requirements, namespace }: AskedImage,
  digest: Digest,
): VerdictKey {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return {
    reference: `${name}${tag}@${digest}`,
    requirements: JSON.stringify(
      readsSecrets(trust, requirements) ? [namespace, ...requirements] : requirements,
    ),
    policyDigest: engine.digest,
    trustDigest: trust.digest,
  };
}

async function resolveTag(lookup: Lookup, image: ImageName, progress: Progress): Promise<Digest> {
  const kept = lookup.tags?.get(image);
  if (kept !== undefined) return kept;
  progress.step = `${image.reference.registry} to resolve ${image.name}:${tagOf(image)}`;
  const signal = AbortSignal.timeout(lookup.gatherTimeoutMs);
  const repository = await lookup.openRepository(image.reference);
  const { digest } = await repository.resolve(tagOf(image), { signal });
  lookup.tags?.set(image, digest);
  return digest;
}

/** A reference with neither tag nor digest means the tag `latest`, as everywhere. */
export function tagOf({ reference }: ImageName): string {
  return reference.tag ?? 'latest';
}

async function gather(
  lookup: Lookup,
  { reference, registry, name, requirements, namespace }: AskedImage,
  digest: Digest,
  progress: Progress,
): Promise<ImageVerdict> {
  const { trust, engine, stations, openRepository, gatherTimeoutMs } = lookup;
  const finished = new AbortController();
  const signal = AbortSignal.any([AbortSignal.timeout(gatherTimeoutMs), finished.signal]);
  const share = new MemoryShare(lookup.memory, signal);
  const reserve = (bytes: number) => share.reserve(bytes);
  const now = new Date(lookup.clock());
  progress.step = `the manifest of ${name}`;
  const repository = await openRepository(reference);
  // What is said of the digest is asked for beside the image: a round trip less, and it counts only where there is one.
  const needed = new Set(requirements.flatMap(({ of }) => of));
  const collecting = Promise.all(
    placesFor(trust, requirements).flatMap((place) =>
      stations.map(async (station) => {
        const { repository: elsewhere, tagPrefix, pullSecrets } = place.source;
        const where =
          elsewhere === null && pullSecrets === null
            ? repository
            : await openRepository(elsewhere ?? reference, keychainOf(lookup, pullSecrets, namespace));
        const asked = [...place.trust.authorities.values()].filter(({ name }) => needed.has(name));
        const context = { signal, now, image: reference, tagPrefix, trust: place.trust, asked, reserve };
        return await station.collect(where, digest, context);
      }),
    ),
  );
  // Told below: a fault of the image comes before one of what is attached to it.
  collecting.catch(() => {});
  try {
    const manifest = await repository.getManifest(digest, { signal });
    progress.step = `the signatures of ${name}`;
    const [config, configFiles, all] = await Promise.all([
      readConfig(repository, manifest, signal),
      requirements.some(({ policy }) => policy?.include.includes('config'))
        ? readConfigFiles(repository, manifest, signal)
        : undefined,
      collecting,
    ]);
    const subject = manifest.descriptor;
    const results = await Promise.all(all.map((found) => found.verify(subject, now)));
    progress.step = `the policies about ${name}`;
    const facts = buildFacts(trust, {
      reference: { ...reference, registry },
      manifest,
      config,
      configFiles,
      verification: mergeResults(results),
      requirements,
      now,
    });
    const evidence = all.reduce((sum, { bytes }) => sum + bytes, 0);
    const bytes = evidence + sizeOfImage(manifest, configFiles);
    return { facts, findings: await engine.evaluate('image', { image: facts }), bytes };
  } finally {
    finished.abort();
    share.close();
  }
}

/** Whether what is found depends on the namespace: on secrets in it. */
function readsSecrets(trust: Trust, requirements: readonly RequirementFact[]): boolean {
  return requirements.some(({ of }) =>
    of.some((name) =>
      trust.authorities.get(name)?.sources?.some(({ pullSecrets }) => pullSecrets?.keychain === null),
    ),
  );
}

function keychainOf(
  { namespaceSecrets }: Lookup,
  pullSecrets: PullSecrets | null,
  namespace: string | null,
): Keychain | undefined {
  if (pullSecrets === null) return undefined;
  const { keychain, names } = pullSecrets;
  if (keychain !== null) return keychain;
  if (namespaceSecrets !== undefined && namespace !== null) return namespaceSecrets(namespace, names);
  throw policyErrors.error('PULL_SECRETS_UNKNOWN', {
    message: `signatures are read with the pull secrets ${names.join(', ')} of the namespace, and ${namespace === null ? 'there is none' : 'no cluster is asked here'}`,
    expected: 'a Secret of each name beside the ClusterImagePolicy; or a request in a namespace',
  });
}

/** A list of short texts takes so many times its JSON: an image may have megabytes of them in its configuration. */
const jsonExpansion = 4;

/** About what the facts made of the image itself take to keep; whoever built it chose how large they are. */
function sizeOfImage({ bytes, manifest }: ManifestContent, configFiles: object | undefined): number {
  const config = manifest.kind === 'image' ? manifest.config.size : 0;
  const files = configFiles === undefined ? 0 : JSON.stringify(configFiles).length;
  return jsonExpansion * (bytes.byteLength + config + files);
}
