import { ociErrors } from '../errors.ts';
import { collect } from './collect.ts';
import type { HttpResponse } from './exchange.ts';
import { connectionFault } from './faults.ts';
import type { HttpLimits } from './options.ts';

/** Largest body that is read only to reuse the connection or to explain an error. */
const maxErrorBytes = 64 * 1024;

/** A clock for durations. Not `performance`, whose module takes 2 ms to load in a command that reads one manifest. */
const monotonicMs = (): number => process.uptime() * 1000;

/** `Content-Length` as a number, undefined where absent or not a number. */
export function contentLength(response: HttpResponse): number | undefined {
  const text = response.headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Streams a response body. Only time spent waiting for the registry counts, so that a slow reader is not mistaken
 * for a slow registry.
 *
 * @throws OCI_TIMEOUT when nothing comes for `inactivityMs` or too little over `rateWindowMs`; OCI_UNREACHABLE when
 *   the connection breaks; OCI_SIZE_EXCEEDED past `maxBytes`
 */
export async function* readBody(
  response: HttpResponse,
  limits: HttpLimits,
  maxBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { body } = response;
  const what = `reading from ${response.url.origin}${response.url.pathname}`;
  const announced = contentLength(response);
  let total = 0;
  let windowBytes = 0;
  let windowMs = 0;
  const chunks = body[Symbol.asyncIterator]();
  try {
    if (announced !== undefined && announced > maxBytes) throw tooLarge(what, maxBytes, `${announced} bytes`);
    for (;;) {
      const started = monotonicMs();
      const timer = setTimeout(
        () =>
          body.destroy(
            ociErrors.error('OCI_TIMEOUT', { message: `${what}: nothing for ${limits.inactivityMs} ms` }),
          ),
        limits.inactivityMs,
      );
      const { done, value } = await chunks.next().finally(() => clearTimeout(timer));
      if (done) return;
      total += value.length;
      if (total > maxBytes) throw tooLarge(what, maxBytes, `more than ${maxBytes} bytes`);
      windowBytes += value.length;
      windowMs += monotonicMs() - started;
      if (windowMs >= limits.rateWindowMs) {
        if (windowBytes < (limits.minBytesPerSecond * windowMs) / 1000) {
          throw ociErrors.error('OCI_TIMEOUT', {
            message: `${what}: only ${windowBytes} bytes in ${Math.round(windowMs)} ms`,
            expected: `at least ${limits.minBytesPerSecond} bytes a second`,
          });
        }
        windowBytes = 0;
        windowMs = 0;
      }
      yield value;
    }
  } catch (error) {
    throw connectionFault(error, what, signal);
  } finally {
    // A body that was not read to its end must not keep its connection.
    if (!body.readableEnded) body.destroy();
  }
}

function tooLarge(what: string, maxBytes: number, found: string) {
  return ociErrors.error('OCI_SIZE_EXCEEDED', {
    message: `${what}: larger than ${maxBytes} bytes`,
    expected: `at most ${maxBytes} bytes`,
    found,
  });
}

/** The whole body in memory, at most `maxBytes`. */
export async function readAll(
  response: HttpResponse,
  limits: HttpLimits,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return await collect(readBody(response, limits, maxBytes, signal));
}

/** The start of a body that explains an error; whatever goes wrong with it does not matter. */
export async function readErrorBody(
  response: HttpResponse,
  limits: HttpLimits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readAll(response, limits, maxErrorBytes, signal);
  } catch {
    return new Uint8Array();
  }
}

/** Reads and forgets a small body so that its connection can be used again; a large one is cut off. */
export async function discard(response: HttpResponse, limits: HttpLimits): Promise<void> {
  await readErrorBody(response, limits);
}
