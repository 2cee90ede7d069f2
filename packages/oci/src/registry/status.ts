import { isJsonObject, parseJson } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { readErrorBody } from '../http/body.ts';
import type { HttpResponse } from '../http/exchange.ts';
import type { HttpLimits } from '../http/options.ts';

/** The first error of a distribution error body (distribution-spec §Error Codes), made safe to print. */
function reasonOf(body: Uint8Array): string | undefined {
  let document: unknown;
  try {
    document = parseJson(body, 'the error');
  } catch {
    return undefined;
  }
  const errors = isJsonObject(document) ? document.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (!isJsonObject(first)) return undefined;
  const parts = [first.code, first.message].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : printable(parts.join(': '));
}

function codeOf(status: number) {
  if (status === 401) return 'OCI_UNAUTHORIZED';
  if (status === 403) return 'OCI_FORBIDDEN';
  if (status === 404) return 'OCI_NOT_FOUND';
  if (status === 405 || status === 501) return 'OCI_OPERATION_UNSUPPORTED';
  if (status === 408) return 'OCI_TIMEOUT';
  if (status === 429) return 'OCI_RATE_LIMITED';
  if (status >= 500) return 'OCI_SERVER_ERROR';
  return 'OCI_RESPONSE_INVALID';
}

/**
 * Turns an answer that is not the wanted one into its error; reads and closes the body. `Retry-After` is shown where
 * a rate limit was hit.
 *
 * @param what what was being done, to start the message with
 */
export async function statusFault(
  response: HttpResponse,
  what: string,
  limits: HttpLimits,
  signal: AbortSignal | undefined,
): Promise<PratiqueError> {
  const { status } = response;
  const reason = reasonOf(await readErrorBody(response, limits, signal));
  const retryAfter = status === 429 ? response.headers['retry-after'] : undefined;
  return ociErrors.error(codeOf(status), {
    message: `${what}: status ${status}${reason === undefined ? '' : ` (${reason})`}`,
    found: `status ${status}`,
    remedy:
      retryAfter === undefined
        ? undefined
        : `Wait ${printable(retryAfter, 40)} (seconds) and try again, or log in.`,
  });
}

/** Like `statusFault` for uploads, where a 4xx is the registry's verdict on the content. */
export async function pushFault(
  response: HttpResponse,
  what: string,
  limits: HttpLimits,
  signal: AbortSignal | undefined,
): Promise<PratiqueError> {
  const fault = await statusFault(response, what, limits, signal);
  const rejected = [400, 404, 409, 411, 412, 413, 415, 416, 422].includes(response.status);
  return rejected
    ? ociErrors.error('OCI_PUSH_REJECTED', { message: fault.message, found: fault.found })
    : fault;
}
