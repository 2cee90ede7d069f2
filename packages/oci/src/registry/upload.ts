import { ociErrors } from '../errors.ts';
import { discard } from '../http/body.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { safeTarget } from '../http/redirect.ts';
import { retryAfterBreak } from '../http/retry.ts';
import { verified } from '../http/verify.ts';
import type { Descriptor, Digest } from '../types.ts';
import { blobExists } from './blobs.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { pushRefusal } from './status.ts';

type Named = Pick<Descriptor, 'digest' | 'size'>;
type Content = Uint8Array | ReadableStream<Uint8Array>;

/** Where the upload goes on: the `Location` of the last answer. */
async function locationOf(context: RepositoryContext, response: HttpResponse): Promise<URL> {
  const { location } = response.headers;
  if (location === undefined) {
    throw ociErrors.error('OCI_RESPONSE_INVALID', {
      message: `${context.name}: the registry began an upload without a Location`,
    });
  }
  return safeTarget(location, response.url, await context.transport.origin());
}

async function expectStatus(
  context: RepositoryContext,
  response: HttpResponse,
  statuses: readonly number[],
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!statuses.includes(response.status))
    throw (await pushRefusal(response, what, context.limits, signal)).error;
  await discard(response, context.limits);
}

/** POST: begins an upload, or mounts where `from` holds the blob already. */
async function begin(
  context: RepositoryContext,
  query: string,
  signal: AbortSignal | undefined,
  moreScopes: readonly string[] = [],
): Promise<{ mounted: boolean; location: URL | undefined }> {
  const response = await sendTo(context, {
    method: 'POST',
    target: `blobs/uploads/${query}`,
    action: 'push',
    headers: { 'content-length': '0' },
    // An upload session nobody uses is removed by the registry: beginning one twice does no harm.
    idempotent: true,
    moreScopes,
    signal,
  });
  await expectStatus(context, response, [201, 202], `${context.name}: beginning an upload`, signal);
  if (response.status === 201) return { mounted: true, location: undefined };
  return { mounted: false, location: await locationOf(context, response) };
}

function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url;
}

/**
 * Uploads a blob (distribution-spec §Pushing Blobs): nothing if it is there, in one PUT up to `chunkBytes`, in
 * chunks of that size beyond.
 */
export async function pushBlob(
  context: RepositoryContext,
  descriptor: Named,
  content: Content,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await blobExists(context, descriptor.digest, signal)) {
    if (!(content instanceof Uint8Array)) await content.cancel();
    return;
  }
  if (descriptor.size > chunkBytes)
    return await pushInChunks(context, descriptor, content, chunkBytes, signal);
  // A stream cannot be sent a second time.
  const retry = content instanceof Uint8Array ? context.retry : { ...context.retry, attempts: 1 };
  await retryAfterBreak(
    retry,
    signal,
    () => begin(context, '', signal),
    ({ location }) => pushWhole(context, location!, descriptor, content, signal),
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function pushWhole(
  context: RepositoryContext,
  location: URL,
  descriptor: Named,
  content: Content,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = content instanceof Uint8Array ? once(content) : content;
  const response = await sendTo(context, {
    method: 'PUT',
    target: withDigest(location, descriptor.digest),
    action: 'push',
    headers: { 'content-type': 'application/octet-stream' },
    // Checked on our side too: a registry would wait for missing bytes, or blame itself for wrong ones.
    body: { size: descriptor.size, open: () => verified(source, descriptor, 'the content to upload') },
    idempotent: false,
    signal,
  });
  await expectStatus(
    context,
    response,
    [201, 204],
    `${context.name}: uploading ${descriptor.digest}`,
    signal,
  );
}

/** Cuts a stream into pieces of exactly `size` bytes, the last one shorter. */
async function* pieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield piece;
      piece = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

async function pushInChunks(
  context: RepositoryContext,
  descriptor: Named,
  content: Content,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let location = (await begin(context, '', signal)).location!;
  const source = content instanceof Uint8Array ? once(content) : content;
  let start = 0;
  for await (const piece of pieces(verified(source, descriptor, 'the content to upload'), chunkBytes)) {
    const end = start + piece.length - 1;
    const response = await sendTo(context, {
      method: 'PATCH',
      target: location,
      action: 'push',
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${start}-${end}` },
      body: { size: piece.length, open: () => piece },
      idempotent: false,
      signal,
    });
    await expectStatus(
      context,
      response,
      [202],
      `${context.name}: uploading ${descriptor.digest} from byte ${start}`,
      signal,
    );
    location = await locationOf(context, response);
    start = end + 1;
  }
  const response = await sendTo(context, {
    method: 'PUT',
    target: withDigest(location, descriptor.digest),
    action: 'push',
    headers: { 'content-length': '0' },
    idempotent: false,
    signal,
  });
  await expectStatus(
    context,
    response,
    [201, 204],
    `${context.name}: finishing ${descriptor.digest}`,
    signal,
  );
}

/**
 * Takes a blob over from another repository of the same registry (distribution-spec §Mounting a blob from another
 * repository). False where the registry would rather have it uploaded.
 */
export async function mountBlob(
  context: RepositoryContext,
  digest: Digest,
  from: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  const { mounted, location } = await begin(context, query, signal, [`repository:${from}:pull`]);
  if (location !== undefined) {
    // The registry opened an upload instead; it is not needed, and not every registry can cancel one.
    const response = await sendTo(context, {
      method: 'DELETE',
      target: location,
      action: 'push',
      signal,
    }).catch(() => undefined);
    if (response !== undefined) await discard(response, context.limits);
  }
  return mounted;
}
