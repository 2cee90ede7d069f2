import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { contentLength, discard, readAll } from '../http/body.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { backOffMs, pause, retryAfterBreak } from '../http/retry.ts';
import { wrongDigest } from '../http/verify.ts';
import { manifestMediaTypes, manifestTypeOf } from '../manifest/media-types.ts';
import { maxManifestBytes, parseManifest } from '../manifest/parse.ts';
import { digestAlgorithm, digestOf, isDigest } from '../reference/digest.ts';
import { isTag } from '../reference/reference.ts';
import type { Descriptor, Digest, ManifestContent, ReadOptions, StoredManifest } from '../types.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { pushRefusal, statusFault } from './status.ts';

const accept = manifestMediaTypes.join(', ');

/** @throws OCI_REFERENCE_INVALID: anything else would become part of a URL path */
export function checkTagOrDigest(text: string): void {
  if (isDigest(text) || isTag(text)) return;
  throw ociErrors.error('OCI_REFERENCE_INVALID', {
    message: `"${printable(text)}" is neither a tag nor a digest`,
    found: printable(text),
  });
}

/** `Docker-Content-Digest`, if it is a digest. */
function claimedDigest(response: HttpResponse): Digest | undefined {
  const header = response.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

/**
 * HEAD, and GET where HEAD does not tell type, size and digest (distribution-spec §Checking if content exists). For a
 * tag the digest is the registry's claim, as every tag is; whoever fetches by it has the content checked.
 */
export async function resolveManifest(
  context: RepositoryContext,
  tagOrDigest: string,
  options: ReadOptions = {},
): Promise<Descriptor> {
  checkTagOrDigest(tagOrDigest);
  const { signal } = options;
  const response = await sendTo(context, {
    method: 'HEAD',
    target: `manifests/${tagOrDigest}`,
    action: 'pull',
    headers: { accept },
    signal,
  });
  await discard(response, context.limits);
  const what = `${context.name}: resolving ${tagOrDigest}`;
  if (
    response.status === 404 ||
    response.status === 401 ||
    response.status === 403 ||
    response.status === 429
  ) {
    throw await statusFault(response, what, context.limits, signal);
  }
  if (response.status >= 500) throw await statusFault(response, what, context.limits, signal);
  const mediaType = manifestTypeOf(response.headers['content-type']);
  const digest = claimedDigest(response);
  const size = contentLength(response);
  if (response.status !== 200 || mediaType === undefined || digest === undefined || !size) {
    return (await fetchManifest(context, tagOrDigest, options)).descriptor;
  }
  if (!manifestMediaTypes.includes(mediaType)) {
    // Names the type, and catches what hides behind a wrong one.
    return (await fetchManifest(context, tagOrDigest, options)).descriptor;
  }
  if (isDigest(tagOrDigest) && digest !== tagOrDigest) throw wrongDigest(tagOrDigest, digest, what);
  return { mediaType, digest, size };
}

/** GET of a manifest, its digest computed and compared with what was asked for and what the registry says. */
export async function fetchManifest(
  context: RepositoryContext,
  tagOrDigest: string,
  options: ReadOptions = {},
): Promise<ManifestContent> {
  const { digest, bytes, mediaType } = await fetchManifestBytes(context, tagOrDigest, options);
  const manifest = parseManifest(bytes, mediaType);
  return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.length }, bytes, manifest };
}

/** The same, whatever it is. */
export async function fetchManifestBytes(
  context: RepositoryContext,
  tagOrDigest: string,
  options: ReadOptions = {},
): Promise<StoredManifest> {
  checkTagOrDigest(tagOrDigest);
  const { signal, maxBytes = maxManifestBytes } = options;
  const what = `${context.name}: manifest ${tagOrDigest}`;
  const get = () =>
    sendTo(context, {
      method: 'GET',
      target: `manifests/${tagOrDigest}`,
      action: 'pull',
      headers: { accept },
      signal,
    });
  return await retryAfterBreak(context.retry, signal, get, async (response) => {
    if (response.status !== 200) throw await statusFault(response, what, context.limits, signal);
    const bytes = await readAll(response, context.limits, Math.min(maxBytes, maxManifestBytes), signal);
    const claimed = claimedDigest(response);
    const wanted = isDigest(tagOrDigest) ? tagOrDigest : undefined;
    for (const digest of [wanted, claimed]) {
      const computed = digest && digestOf(bytes, digestAlgorithm(digest));
      if (digest && computed !== digest) throw wrongDigest(digest, computed!, what);
    }
    const digest = wanted ?? claimed ?? digestOf(bytes);
    return { digest, bytes, mediaType: response.headers['content-type'] };
  });
}

/** What a registry said about a manifest it took. */
export interface PushedManifest {
  readonly descriptor: Descriptor;
  /** `OCI-Subject`: the registry says it keeps referrers by itself. Some say so and do not. */
  readonly subjectHandled: boolean;
}

/** PUT of a manifest by tag or digest (distribution-spec §Pushing Manifests). */
export async function pushManifest(
  context: RepositoryContext,
  bytes: Uint8Array,
  mediaType: string,
  tagOrDigest: string,
  signal: AbortSignal | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<PushedManifest> {
  checkTagOrDigest(tagOrDigest);
  const what = `${context.name}: pushing manifest ${tagOrDigest}`;
  const response = await putManifest(
    context,
    bytes,
    { 'content-type': mediaType, ...headers },
    tagOrDigest,
    what,
    signal,
  );
  const claimed = claimedDigest(response);
  const algorithm = isDigest(tagOrDigest)
    ? digestAlgorithm(tagOrDigest)
    : claimed
      ? digestAlgorithm(claimed)
      : 'sha256';
  const digest = digestOf(bytes, algorithm);
  if (claimed !== undefined && digestOf(bytes, digestAlgorithm(claimed)) !== claimed)
    throw wrongDigest(digest, claimed, what);
  return {
    descriptor: { mediaType, digest, size: bytes.length },
    subjectHandled: response.headers['oci-subject'] !== undefined,
  };
}

/**
 * The PUT itself, made again after `DIGEST_INVALID`, for the bytes are what the digest says: docker-registry answers it
 * while somebody else uploads a blob the manifest names, because it writes the link to a blob in two steps and then
 * reads an empty one.
 */
async function putManifest(
  context: RepositoryContext,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
  tagOrDigest: string,
  what: string,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    const response = await sendTo(context, {
      method: 'PUT',
      target: `manifests/${tagOrDigest}`,
      action: 'push',
      headers,
      body: { size: bytes.length, open: () => bytes },
      signal,
    });
    if (response.status >= 200 && response.status <= 299) {
      await discard(response, context.limits);
      return response;
    }
    const { error, code } = await pushRefusal(response, what, context.limits, signal);
    if (code !== 'DIGEST_INVALID' || attempt >= context.retry.attempts) throw error;
    await pause(backOffMs(context.retry, attempt), signal);
  }
}
