import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import {
  addressProblem,
  createExchange,
  defaultLimits,
  defaultRetry,
  readAll,
  shownAddress,
  withRetry,
} from '@pratique/oci';
import { keysErrors } from '../errors.ts';

/** A service that holds keys, over HTTP with JSON. */
export interface KeyService {
  /**
   * One exchange. Statuses of 400 and more are refusals, but `absent` ones (404, 409), which are answers.
   *
   * @throws KEY_SERVICE_UNREACHABLE, KEY_SERVICE_REFUSED, KEY_SERVICE_ANSWER
   */
  send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: JsonObject,
  ): Promise<{ readonly status: number; readonly document: JsonObject }>;
  close(): void;
}

export interface ServiceOptions {
  /** For people: `Vault`, `Kubernetes`. */
  readonly name: string;
  /** Address, without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Texts that no error may hold. */
  readonly secrets: readonly string[];
  readonly connection: Omit<Parameters<typeof createExchange>[0], 'environment'>;
  /** Where proxies are read from. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  /** How long an exchange may take, however steadily its answer trickles in. Default a minute. */
  readonly totalMs?: number;
  /** Statuses that are answers. */
  readonly answers: readonly number[];
}

const maxAnswerBytes = 4 * 1024 * 1024;
/** Of one exchange with all its tries. */
const patienceMs = 60_000;

/**
 * Plain HTTP only on this machine: what is sent is a token, and what comes back is believed.
 *
 * @throws KEY_SERVICE_CONFIG
 */
export function openKeyService(options: ServiceOptions): KeyService {
  const { name, url, environment, connection, signal: outer, totalMs = patienceMs } = options;
  checkAddress(name, url);
  const { exchange, close } = createExchange({ environment, ...connection }, defaultLimits);
  return {
    close,
    async send(method, path, body) {
      const late = AbortSignal.timeout(totalMs);
      const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
      const bytes = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
      const request = {
        method,
        url: new URL(`${url}${path}`),
        headers: {
          accept: 'application/json',
          'user-agent': 'pratique',
          ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(bytes === undefined ? {} : { body: { size: bytes.byteLength, open: () => bytes } }),
        signal,
      };
      // Signing twice changes nothing, and making an object is refused the second time.
      const answer = await reached(name, async () => {
        const response = await withRetry(defaultRetry, defaultLimits, signal, () => exchange(request));
        return {
          status: response.status,
          body: await readAll(response, defaultLimits, maxAnswerBytes, signal),
        };
      });
      if (answer.status >= 300 && !options.answers.includes(answer.status)) throw refused(options, answer);
      if (answer.body.byteLength === 0) return { status: answer.status, document: {} };
      return { status: answer.status, document: documentOf(name, answer.body) };
    },
  };
}

async function reached<T>(name: string, exchange: () => Promise<T>): Promise<T> {
  try {
    return await exchange();
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code === 'OCI_CANCELLED') throw error;
    throw keysErrors.error('KEY_SERVICE_UNREACHABLE', {
      message: `${name}: ${error.message}`,
      found: error.found,
      cause: error,
    });
  }
}

function checkAddress(name: string, text: string): void {
  const problem = addressProblem(text);
  if (problem === undefined) return;
  throw keysErrors.error('KEY_SERVICE_CONFIG', {
    message: `the address of ${name} ${problem}`,
    found: shownAddress(text),
  });
}

function refused(
  { name, secrets }: ServiceOptions,
  { status, body }: { readonly status: number; readonly body: Uint8Array },
): PratiqueError {
  const said = explanation(new TextDecoder().decode(body.subarray(0, 4096)));
  const harmless = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), said);
  const code = status >= 500 ? 'KEY_SERVICE_UNREACHABLE' : 'KEY_SERVICE_REFUSED';
  return keysErrors.error(code, {
    message: `${name} answered ${status}${harmless === '' ? '' : `: ${printable(harmless, 300)}`}`,
    found: `HTTP ${status}`,
  });
}

/** `errors` of Vault, `message` of Kubernetes. */
function explanation(text: string): string {
  try {
    const document = JSON.parse(text) as { errors?: unknown; message?: unknown } | null;
    if (typeof document?.message === 'string') return document.message;
    if (Array.isArray(document?.errors)) return document.errors.map(String).join('; ');
  } catch {
    // Not JSON: nothing that is worth showing.
  }
  return '';
}

function documentOf(name: string, body: Uint8Array): JsonObject {
  try {
    const document = parseJson(body, 'the answer', { maxBytes: maxAnswerBytes });
    if (isJsonObject(document)) return document;
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw wrongAnswer(name, cause.message, cause);
  }
  throw wrongAnswer(name, 'it is no object');
}

/** The object that a member of an answer is. @throws KEY_SERVICE_ANSWER */
export function objectAt(name: string, parent: JsonObject, member: string): JsonObject {
  const value = memberOf(parent, member);
  if (isJsonObject(value)) return value;
  throw wrongAnswer(name, `${member} is not an object`);
}

/** The text that a member of an answer is. @throws KEY_SERVICE_ANSWER */
export function textAt(name: string, parent: JsonObject, member: string): string {
  const value = memberOf(parent, member);
  if (typeof value === 'string') return value;
  throw wrongAnswer(name, `${member} is not a string`);
}

export function memberOf(parent: JsonObject, member: string): JsonValue | undefined {
  return Object.hasOwn(parent, member) ? parent[member] : undefined;
}

export function wrongAnswer(name: string, problem: string, cause?: unknown): PratiqueError {
  return keysErrors.error('KEY_SERVICE_ANSWER', { message: `${name} answered, but ${problem}`, cause });
}
