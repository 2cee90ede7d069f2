import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { PratiqueError, printable } from '@pratique/errors';
import { isLoopback, shownAddress } from '@pratique/oci';
import { readNamedFile } from '@pratique/storage';
import { policyErrors } from '../errors.ts';
import { readToken, type TokenSource } from './token.ts';

/** How a service of the operator's (an OPA, a collector of logs) is reached. */
export interface ServiceAddress {
  /** `https://opa.example:8181`, with a path before every path where there is one. Plain HTTP only to loopback when there is a token. */
  readonly url: string;
  /** PEM file of the authorities to trust instead of the system's. */
  readonly caFile?: string | undefined;
  readonly token?: TokenSource | undefined;
}

export interface ServiceLimits {
  /** Milliseconds for the whole exchange, retries included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** May be sent a second time when a connection breaks or the service is not ready: asking twice changes nothing. */
  readonly idempotent: boolean;
  /** Other limits than the service's for this one. */
  readonly limits?: Partial<ServiceLimits>;
}

export interface ServiceResponse {
  readonly status: number;
  readonly body: Uint8Array;
}

const retryStatus = new Set([502, 503, 504]);
const retryDelayMs = 50;

/** Keep-alive connections to one service. Idle ones do not keep the process running. Redirects are not followed. */
export class Service {
  /** For messages. */
  readonly name: string;
  readonly #base: URL;
  readonly #token: TokenSource | undefined;
  readonly #limits: ServiceLimits;
  readonly #agent: HttpAgent | HttpsAgent;

  /** @throws SERVICE_ADDRESS_INVALID */
  constructor(kind: string, address: ServiceAddress, limits: ServiceLimits) {
    this.#base = parseUrl(kind, address);
    this.name = `${kind} at ${this.#base.origin}`;
    this.#token = address.token;
    this.#limits = limits;
    const options = { keepAlive: true, maxSockets: 64, maxFreeSockets: 8, scheduling: 'lifo' as const };
    this.#agent =
      this.#base.protocol === 'http:'
        ? new HttpAgent(options)
        : new HttpsAgent({
            ...options,
            minVersion: 'TLSv1.2',
            ...(address.caFile === undefined ? {} : { ca: readCa(address.caFile) }),
          });
  }

  /**
   * One exchange. Whatever its status, an answer that arrived completely is returned.
   *
   * @throws SERVICE_UNREACHABLE: no connection, no answer in time, an answer cut short or too large
   */
  async send(request: ServiceRequest): Promise<ServiceResponse> {
    const limits = { ...this.#limits, ...request.limits };
    const until = performance.now() + limits.timeoutMs;
    for (let attempt = 0; ; attempt++) {
      const last = attempt > 0 || !request.idempotent;
      try {
        const response = await this.#attempt(request, limits, until - performance.now());
        if (last || !retryStatus.has(response.status)) return response;
      } catch (error) {
        if (last || !(error instanceof BrokenConnection)) throw this.#fault(error, limits);
      }
      await sleep(retryDelayMs);
    }
  }

  async #attempt(
    { method, path, headers = {}, body }: ServiceRequest,
    limits: ServiceLimits,
    remainingMs: number,
  ): Promise<ServiceResponse> {
    const token = this.#token === undefined ? undefined : await readToken(this.#token);
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const url = new URL(`${this.#base.pathname.replace(/\/$/, '')}${path}`, this.#base);
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return await new Promise((resolve, reject) => {
      const outgoing = send(url, {
        method,
        agent: this.#agent,
        headers: {
          accept: 'application/json',
          ...headers,
          ...(bytes === undefined ? {} : { 'content-length': String(bytes.byteLength) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      });
      // Destroying a request whose answer has begun looks like a truncated answer: the reason is said first.
      const timer = setTimeout(
        () => {
          reject(new TimedOut());
          outgoing.destroy();
        },
        Math.max(1, remainingMs),
      );
      exchange(outgoing, bytes, limits.maxResponseBytes)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject);
    });
  }

  #fault(error: unknown, { timeoutMs, maxResponseBytes }: ServiceLimits): PratiqueError {
    if (error instanceof PratiqueError) return error;
    const cause = error instanceof BrokenConnection ? error.cause : error;
    const reason =
      error instanceof TimedOut
        ? `no complete answer within ${timeoutMs} ms`
        : error instanceof TooLarge
          ? `the answer is larger than ${maxResponseBytes} bytes`
          : error instanceof Truncated
            ? 'the answer was cut short'
            : printable(codeOf(cause), 80);
    return policyErrors.error('SERVICE_UNREACHABLE', {
      message: `${this.name}: ${reason}`,
      expected: 'a complete answer',
      found: reason,
      cause,
    });
  }
}

/** The connection failed before anything of the answer was there. */
class BrokenConnection extends Error {}
class TimedOut extends Error {}
class TooLarge extends Error {}
class Truncated extends Error {}

function exchange(
  outgoing: ClientRequest,
  body: Uint8Array | undefined,
  maxBytes: number,
): Promise<ServiceResponse> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause instanceof TooLarge || isCertificateError(cause)
          ? cause
          : new BrokenConnection('broken', { cause }),
      ),
    );
    outgoing.on('response', (incoming) => readResponse(incoming, maxBytes).then(resolve, reject));
    outgoing.end(body);
  });
}

function readResponse(incoming: IncomingMessage, maxBytes: number): Promise<ServiceResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    incoming.on('data', (chunk: Uint8Array) => {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size > maxBytes) incoming.destroy(new TooLarge());
    });
    incoming.on('error', (error) => reject(error instanceof TooLarge ? error : new Truncated()));
    incoming.on('close', () => reject(new Truncated()));
    incoming.on('end', () => {
      if (!incoming.complete) return reject(new Truncated());
      resolve({ status: incoming.statusCode ?? 0, body: new Uint8Array(Buffer.concat(chunks)) });
    });
  });
}

/** Trying again would not make a certificate a good one. */
function isCertificateError({ code = '' }: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code);
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown error';
  return (cause as NodeJS.ErrnoException).code ?? cause.name;
}

function parseUrl(kind: string, { url: text, token, caFile }: ServiceAddress): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem =
    url === undefined || !/^https?:$/.test(url.protocol)
      ? 'is not an http or https URL'
      : url.username !== '' || url.password !== ''
        ? 'holds credentials'
        : url.search !== '' || url.hash !== ''
          ? 'has a query or a fragment'
          : token !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)
            ? 'would send the bearer token unencrypted'
            : caFile !== undefined && url.protocol === 'http:'
              ? 'is plain HTTP, and certificates to trust are given'
              : undefined;
  if (url !== undefined && problem === undefined) return url;
  throw policyErrors.error('SERVICE_ADDRESS_INVALID', {
    message: `the address of ${kind} ${problem}`,
    expected: 'https://HOST:PORT, or http:// without a token or to loopback',
    found: shownAddress(text),
  });
}

const maxCaBytes = 4 * 1024 * 1024;

function readCa(file: string): string {
  try {
    const ca = new TextDecoder().decode(readNamedFile(file, maxCaBytes));
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate');
    createSecureContext({ ca });
    return ca;
  } catch (cause) {
    throw policyErrors.error('SERVICE_ADDRESS_INVALID', {
      message: `${file} holds no certificates to trust (${printable(codeOf(cause), 80)})`,
      expected: 'certificates, PEM',
      cause,
    });
  }
}
