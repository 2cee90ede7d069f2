import type { IncomingMessage } from 'node:http';
import type { BudgetShare } from '@pratique/storage';
import { admissionErrors } from '../errors.ts';
import { tooLarge } from '../review/parse.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** From the first byte of the request's headers to the last byte of its body. */
  readonly timeoutMs: number;
  /** Takes what is held of it. */
  readonly share: BudgetShare;
}

/**
 * Reads a request body, no more than `maxBytes` of it, no longer than `timeoutMs`, and as long as `share` takes it.
 *
 * @throws REVIEW_TOO_LARGE, REVIEW_TOO_SLOW, REVIEW_OVERLOADED
 */
export function readBody(incoming: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const announced = Number(incoming.headers['content-length'] ?? 0);
  if (announced > limits.maxBytes) return Promise.reject(tooLarge(limits.maxBytes, String(announced)));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const timer = setTimeout(() => end(slow('it did not arrive in time')), limits.timeoutMs);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      if (error === undefined) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
      else {
        incoming.pause();
        reject(error);
      }
    };
    const onData = (chunk: Uint8Array): void => {
      size += chunk.byteLength;
      if (size > limits.maxBytes) end(tooLarge(limits.maxBytes, `more than ${limits.maxBytes}`));
      else if (!limits.share.take(chunk.byteLength)) end(overloaded());
      else chunks.push(chunk);
    };
    const onEnd = (): void => end();
    const onBroken = (): void => end(slow('the connection broke before its end'));
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

function overloaded() {
  return admissionErrors.error('REVIEW_OVERLOADED', {
    message: 'the request body was not read: the bodies under way take all the memory that there is for them',
  });
}

function slow(found: string) {
  return admissionErrors.error('REVIEW_TOO_SLOW', {
    message: `the request body was not read: ${found}`,
    found,
  });
}
