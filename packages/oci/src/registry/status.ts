import { isJsonObject, parseJson } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { readErrorBody } from '../http/body.ts';
import type { HttpResponse } from '../http/exchange.ts';
import type { HttpLimits } from '../http/options.ts';

/** The first error of a distribution error body (distribution-spec §Error Codes): its code, and both made safe to print. */
interface Reason {
  readonly code?: string;
  readonly text?: string;
}

function reasonOf(body: Uint8Array): Reason {
  let document: unknown;
  try {
    document = parseJson(body, 'the error');
  } catch {
    return {};
  }
  const errors = isJsonObject(document) ? document.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (!isJsonObject(first)) return {};
  const { code, message } = first;
  const parts = [code, message].filter((part) => typeof part === 'string');
  return {
    ...(typeof code === 'string' && { code }),
    ...(parts.length > 0 && { text: printable(parts.join(': ')) }),
  };
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
  return faultOf(response, what, reasonOf(await readErrorBody(response, limits, signal)));
}

function faultOf(response: HttpResponse, what: string, { text }: Reason): PratiqueError {
  const { status } = response;
  const retryAfter = status === 429 ? response.headers['retry-after'] : undefined;
  return ociErrors.error(codeOf(status), {
    message: `${what}: status ${status}${text === undefined ? '' : ` (${text})`}`,
    found: `status ${status}`,
    remedy:
      retryAfter === undefined
        ? undefined
        : `Wait ${printable(retryAfter, 40)} (seconds) and try again, or log in.`,
  });
}

/** What a registry that did not take something said. */
export interface PushRefusal {
  readonly error: PratiqueError;
  /** The registry's own code, where its answer had one. */
  readonly code: string | undefined;
}

/** Like `statusFault` for uploads, where a 4xx is the registry's verdict on the content. */
export async function pushRefusal(
  response: HttpResponse,
  what: string,
  limits: HttpLimits,
  signal: AbortSignal | undefined,
): Promise<PushRefusal> {
  const reason = reasonOf(await readErrorBody(response, limits, signal));
  const fault = faultOf(response, what, reason);
  const rejected = [400, 404, 409, 411, 412, 413, 415, 416, 422].includes(response.status);
  const error = rejected
    ? ociErrors.error('OCI_PUSH_REJECTED', { message: fault.message, found: fault.found })
    : fault;
  return { error, code: reason.code };
}
