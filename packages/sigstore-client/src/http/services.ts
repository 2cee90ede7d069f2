import { type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import {
  addressProblem,
  type ConnectionOptions,
  createExchange,
  defaultLimits,
  defaultRetry,
  readAll,
  shownAddress,
  withRetry,
} from '@pratique/oci';
import { sigstoreClientErrors } from '../errors.ts';

export interface ServiceRequest {
  /** For people: `Fulcio`, `Rekor`, `the issuer`. */
  readonly service: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Asking twice changes nothing: it is tried again where the service is busy or the connection breaks. */
  readonly idempotent: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** How services are reached: through the environment's proxy, over kept-alive connections. Redirects are not followed. */
export interface Services {
  /**
   * One exchange; an answer that arrived completely is returned whatever its status.
   *
   * @throws SIGNING_SERVICE_UNREACHABLE
   */
  send(request: ServiceRequest): Promise<ServiceAnswer>;
  /** Ends idle connections. */
  close(): void;
}

const maxAnswerBytes = 16 * 1024 * 1024;
/** Of one exchange with all its tries. A log waits for its next checkpoint, which takes seconds. */
const patienceMs = 120_000;

/**
 * @param connection certificates and names for TLS, where they are not the usual ones
 * @param totalMs how long an exchange may take, however steadily its answer trickles in
 */
export function openServices(
  environment: NodeJS.ProcessEnv,
  connection: Omit<ConnectionOptions, 'environment' | 'insecure'> = {},
  totalMs = patienceMs,
): Services {
  const { exchange, close } = createExchange({ ...connection, environment }, defaultLimits);
  return {
    close,
    async send({ service, method, url, headers = {}, body, idempotent, signal: outer }) {
      const late = AbortSignal.timeout(totalMs);
      const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
      const request = {
        method,
        url,
        headers: { accept: 'application/json', 'user-agent': 'pratique', ...headers },
        ...(body === undefined ? {} : { body: { size: body.byteLength, open: () => body } }),
        signal,
      };
      const policy = idempotent ? defaultRetry : { ...defaultRetry, attempts: 1 };
      try {
        const response = await withRetry(policy, defaultLimits, signal, () => exchange(request));
        const bytes = await readAll(response, defaultLimits, maxAnswerBytes, signal);
        return { status: response.status, headers: response.headers, body: bytes };
      } catch (error) {
        if (!(error instanceof PratiqueError) || error.code === 'OCI_CANCELLED') throw error;
        throw sigstoreClientErrors.error('SIGNING_SERVICE_UNREACHABLE', {
          message: `${service}: ${error.message}`,
          found: error.found,
          cause: error,
        });
      }
    },
  };
}

/**
 * The URL `path` below a service's address. Plain HTTP only on this machine: what is sent may be a token, and what
 * comes back is believed.
 *
 * @throws SIGNING_SERVICE_ADDRESS
 */
export function serviceUrl(service: string, base: string, path = ''): URL {
  const problem = addressProblem(base);
  if (problem === undefined) return new URL(`${base.replace(/\/+$/, '')}${path}`);
  throw sigstoreClientErrors.error('SIGNING_SERVICE_ADDRESS', {
    message: `the address of ${service} ${problem}`,
    found: shownAddress(base),
  });
}

/** The JSON of an answer. @throws SIGNING_SERVICE_ANSWER */
export function jsonAnswer(service: string, { body }: ServiceAnswer): JsonValue {
  try {
    return parseJson(body, `the answer of ${service}`);
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw wrongAnswer(service, cause.message, cause);
  }
}

/** The fault for an answer that cannot be what was asked for. */
export function wrongAnswer(service: string, problem: string, cause?: unknown): PratiqueError {
  return sigstoreClientErrors.error('SIGNING_SERVICE_ANSWER', {
    message: `${service} answered, but ${problem}`,
    cause,
  });
}

/** The fault for a status that is no success, with what the service says about it. Never with `secret` in it. */
export function refused(service: string, answer: ServiceAnswer, secret = ''): PratiqueError {
  return sigstoreClientErrors.error('SIGNING_SERVICE_REFUSED', {
    message: `${service} refused: ${explanation(answer, secret)}`,
    found: `HTTP ${answer.status}`,
  });
}

/** `message`, `error_description` or `error` of a JSON answer, else the start of its text. */
export function explanation({ status, body }: ServiceAnswer, secret = ''): string {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  let said = text;
  try {
    const document = JSON.parse(text) as Record<string, unknown> | null;
    for (const name of ['message', 'error_description', 'error']) {
      const value = document?.[name];
      if (typeof value === 'string' && value !== '') {
        said = value;
        break;
      }
    }
  } catch {
    // Not JSON: the text itself.
  }
  const harmless = secret === '' ? said : said.replaceAll(secret, '…');
  return harmless.trim() === '' ? `status ${status}` : printable(harmless.trim(), 300);
}
