import { ociErrors } from '../errors.ts';
import { contentLength, discard, readBody } from '../http/body.ts';
import { collect } from '../http/collect.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { retryAfterBreak } from '../http/retry.ts';
import { streamOf } from '../http/stream.ts';
import { verified, wrongSize } from '../http/verify.ts';
import type { Descriptor, Digest, ReadOptions } from '../types.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { statusFault } from './status.ts';

/** Largest blob read into memory unless the caller says otherwise. */
export const defaultMaxBlobBytes = 64 * 1024 * 1024;

type Named = Pick<Descriptor, 'digest' | 'size'>;

/** @throws OCI_SIZE_EXCEEDED before anything is read */
export function checkSize(descriptor: Named, maxBytes: number, from: string): void {
  if (descriptor.size <= maxBytes) return;
  throw ociErrors.error('OCI_SIZE_EXCEEDED', {
    message: `${from}: ${descriptor.digest} is too large`,
    expected: `at most ${maxBytes} bytes`,
    found: `${descriptor.size} bytes`,
  });
}

function requestBlob(context: RepositoryContext, { digest }: Named, signal: AbortSignal | undefined) {
  return sendTo(context, { method: 'GET', target: `blobs/${digest}`, action: 'pull', signal });
}

/** The body of an answer; the chunks end only if size and digest are right. */
async function blobChunks(
  context: RepositoryContext,
  descriptor: Named,
  response: HttpResponse,
  signal: AbortSignal | undefined,
): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
  const what = `${context.name}: blob ${descriptor.digest}`;
  if (response.status !== 200) throw await statusFault(response, what, context.limits, signal);
  const announced = contentLength(response);
  if (announced !== undefined && announced !== descriptor.size) {
    response.body.destroy();
    throw wrongSize(descriptor, what, `${announced} bytes`);
  }
  return verified(readBody(response, context.limits, descriptor.size + 1, signal), descriptor, what);
}

/** The whole blob in memory. */
export async function fetchBlob(
  context: RepositoryContext,
  descriptor: Named,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  checkSize(descriptor, options.maxBytes ?? defaultMaxBlobBytes, context.name);
  const { signal } = options;
  return await retryAfterBreak(
    context.retry,
    signal,
    () => requestBlob(context, descriptor, signal),
    async (response) => await collect(await blobChunks(context, descriptor, response, signal)),
  );
}

/** The blob as a stream. Without `maxBytes` any size is accepted: the reader decides what it keeps. */
export async function openBlob(
  context: RepositoryContext,
  descriptor: Named,
  options: ReadOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  checkSize(descriptor, options.maxBytes ?? Number.POSITIVE_INFINITY, context.name);
  const response = await requestBlob(context, descriptor, options.signal);
  const chunks = await blobChunks(context, descriptor, response, options.signal);
  return streamOf(chunks, () => response.body.destroy());
}

/** HEAD of a blob (distribution-spec §Checking if content exists). */
export async function blobExists(
  context: RepositoryContext,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  const response = await sendTo(context, {
    method: 'HEAD',
    target: `blobs/${digest}`,
    action: 'pull',
    signal,
  });
  if (response.status === 200) {
    await discard(response, context.limits);
    return true;
  }
  const fault = await statusFault(response, `${context.name}: blob ${digest}`, context.limits, signal);
  if (fault.code === 'OCI_NOT_FOUND') return false;
  throw fault;
}
