import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type PublicKey,
  parseJson,
  parsePublicKey,
  parseSigningKey,
  type SigningKey,
} from '@pratique/crypto';
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
   * One exchange. Statuses of 300 and more are refusals, but those in `answers`.
   *
   * @throws KEY_SERVICE_UNREACHABLE, KEY_SERVICE_REFUSED, KEY_SERVICE_ANSWER, and what `authorize` throws
   */
  send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: JsonObject,
    sending?: Sending,
  ): Promise<ServiceAnswer>;
  close(): void;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly document: JsonObject;
  /** What a refusal says in words, fit to be shown; empty where it says nothing. */
  readonly said: string;
}

export interface Sending {
  readonly headers?: Readonly<Record<string, string>>;
  /** Never sent twice: what it makes would be made twice. */
  readonly once?: boolean;
}

/** A request as it will be sent. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** What shows who asks. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  /** Texts that no error may hold. */
  readonly secrets: readonly string[];
}

export interface ServiceOptions {
  /** For people: `Vault`, `Kubernetes`. */
  readonly name: string;
  /** Address, without a slash at the end. */
  readonly url: string;
  /** For what does not change; else `authorize` is asked before each exchange. */
  readonly authorization: Authorization | ((outgoing: Outgoing) => Promise<Authorization>);
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
    async send(method, path, body, { headers = {}, once = false } = {}) {
      const late = AbortSignal.timeout(totalMs);
      const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
      const bytes = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
      const outgoing: Outgoing = {
        method,
        url: new URL(`${url}${path}`),
        headers: {
          accept: 'application/json',
          'user-agent': 'pratique',
          ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        bytes,
      };
      const { authorization } = options;
      const { headers: credentials, secrets } =
        typeof authorization === 'function' ? await authorization(outgoing) : authorization;
      const request = {
        method,
        url: outgoing.url,
        headers: { ...outgoing.headers, ...credentials },
        ...(bytes === undefined ? {} : { body: { size: bytes.byteLength, open: () => bytes } }),
        signal,
      };
      // Signing twice changes nothing, and making an object is refused the second time.
      const retry = once ? { ...defaultRetry, attempts: 1 } : defaultRetry;
      const answer = await reached(name, async () => {
        const response = await withRetry(retry, defaultLimits, signal, () => exchange(request));
        return {
          status: response.status,
          body: await readAll(response, defaultLimits, maxAnswerBytes, signal),
        };
      });
      const said = answer.status < 300 ? '' : harmless(explanation(answer.body), secrets);
      if (answer.status >= 300 && !options.answers.includes(answer.status))
        throw refused(name, answer.status, said);
      const document = answer.body.byteLength === 0 ? {} : documentOf(name, answer.body);
      return { status: answer.status, document, said };
    },
  };
}

/** Tells what went wrong on the way to a service as a fault of the service. */
export async function reached<T>(name: string, exchange: () => Promise<T>): Promise<T> {
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

/** A refusal of a service, as an error. */
export function refused(name: string, status: number, said: string): PratiqueError {
  const code = status >= 500 || status === 429 ? 'KEY_SERVICE_UNREACHABLE' : 'KEY_SERVICE_REFUSED';
  return keysErrors.error(code, {
    message: `${name} answered ${status}${said === '' ? '' : `: ${said}`}`,
    found: `HTTP ${status}`,
  });
}

/** A text of a service as it may be shown. */
export function harmless(text: string, secrets: readonly string[]): string {
  return printable(
    secrets.filter(Boolean).reduce((shown, secret) => shown.replaceAll(secret, '…'), text),
    300,
  );
}

/** `errors` of Vault, `message` of Kubernetes and AWS, `error` of Google Cloud, Azure and OAuth (RFC 6749 §5.2). */
export function explanation(body: Uint8Array): string {
  try {
    const text = new TextDecoder().decode(body.subarray(0, 4096));
    const document = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const { error, errors } = document ?? {};
    if (Array.isArray(errors)) return errors.map(String).join('; ');
    const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : '';
    const { message, Message, error_description: described } = document ?? {};
    const texts = [message, Message, nested, described, error];
    return (texts.find((one) => typeof one === 'string' && one !== '') as string | undefined) ?? '';
  } catch {
    // Not JSON: nothing that is worth showing.
  }
  return '';
}

/** The JSON object that an answer is. @throws KEY_SERVICE_ANSWER */
export function documentOf(name: string, body: Uint8Array): JsonObject {
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

/** The bytes that a member of an answer is in base64. @throws KEY_SERVICE_ANSWER */
export function base64At(name: string, parent: JsonObject, member: string): Uint8Array {
  const text = textAt(name, parent, member);
  return decoded(name, `${member} is not base64`, () => decodeBase64(text, member));
}

/** A public key that was answered, in PEM or DER. @throws KEY_SERVICE_ANSWER, KEY_INVALID, KEY_UNSUPPORTED */
export function publicKeyOf(name: string, text: string | Uint8Array): PublicKey {
  return decoded(name, 'its public key is none', () => parsePublicKey(text));
}

/**
 * A private key that was answered, encrypted as cosign does; what it is instead is not shown.
 *
 * @throws KEY_SERVICE_ANSWER, KEY_PASSWORD_WRONG, KEY_INVALID, KEY_UNSUPPORTED
 */
export function signingKeyOf(name: string, text: string, password: string | Uint8Array): SigningKey {
  try {
    return parseSigningKey(text, password);
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code !== 'ENCODING_INVALID') throw error;
    // Without the cause, which quotes it.
    throw wrongAnswer(name, 'its private key is none');
  }
}

function decoded<T>(name: string, problem: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || cause.code !== 'ENCODING_INVALID') throw cause;
    throw wrongAnswer(name, problem, cause);
  }
}

export function memberOf(parent: JsonObject, member: string): JsonValue | undefined {
  return Object.hasOwn(parent, member) ? parent[member] : undefined;
}

export function wrongAnswer(name: string, problem: string, cause?: unknown): PratiqueError {
  return keysErrors.error('KEY_SERVICE_ANSWER', { message: `${name} answered, but ${problem}`, cause });
}
