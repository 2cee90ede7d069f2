import type { IncomingMessage } from 'node:http';
import type { BudgetShare } from '@pratique/storage';
import { ApiError } from '../api-error.ts';

/** The declared length of a body, or undefined for a chunked one. */
export function contentLength(incoming: IncomingMessage): number | undefined {
  const header = incoming.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

/**
 * Reads a whole body into memory, refusing more than `maxBytes`, at once when the length is declared, else as it comes,
 * and what `share` does not take.
 */
export async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  share: BudgetShare,
): Promise<Uint8Array> {
  const tooLarge = () => new ApiError(413, 'SIZE_INVALID', `the body may have at most ${maxBytes} bytes`);
  if ((contentLength(incoming) ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(incoming)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    if (!share.take(chunk.length)) throw tooMuch();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooMuch(): ApiError {
  const message = 'too many large manifests at the same time';
  return new ApiError(429, 'TOOMANYREQUESTS', message, [], { 'Retry-After': '5' });
}

/** The body as it comes. Leaving the loop early does not destroy the connection, so the reason can still be answered. */
export function chunksOf(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
  return incoming.iterator({ destroyOnReturn: false });
}
