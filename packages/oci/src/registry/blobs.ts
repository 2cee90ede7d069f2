import { ociErrors } from '../errors.ts';
import { contentLength, discard, readBody } from '../http/body.ts';
import { collect } from '../http/collect.ts';
import { retryBroken } from '../http/retry.ts';
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

interface OpenedBlob {
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Ends the connection of chunks nobody wants. */
  readonly release: () => void;
}

/** GET of a blob; the chunks end only if size and digest are right. */
async function getBlob(
  context: RepositoryContext,
  descriptor: Named,
  signal: AbortSignal | undefined,
): Promise<OpenedBlob> {
  const what = `${context.name}: blob ${descriptor.digest}`;
  const response = await sendTo(context, {
    method: 'GET',
    target: `blobs/${descriptor.digest}`,
    action: 'pull',
    signal,
  });
  if (response.status !== 200) throw await statusFault(response, what, context.limits, signal);
  const announced = contentLength(response);
  if (announced !== undefined && announced !== descriptor.size) {
    response.body.destroy();
    throw wrongSize(descriptor, what, `${announced} bytes`);
  }
  const body = readBody(response, context.limits, descriptor.size + 1, signal);
  return { chunks: verified(body, descriptor, what), release: () => response.body.destroy() };
}

/** The whole blob in memory. */
export async function fetchBlob(
  context: RepositoryContext,
  descriptor: Named,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  checkSize(descriptor, options.maxBytes ?? defaultMaxBlobBytes, context.name);
  return await retryBroken(context.retry, options.signal, async () => {
    return await collect((await getBlob(context, descriptor, options.signal)).chunks);
  });
}

/** The blob as a stream. Without `maxBytes` any size is accepted: the reader decides what it keeps. */
export async function openBlob(
  context: RepositoryContext,
  descriptor: Named,
  options: ReadOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  checkSize(descriptor, options.maxBytes ?? Number.POSITIVE_INFINITY, context.name);
  const { chunks, release } = await getBlob(context, descriptor, options.signal);
  return streamOf(chunks, release);
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
