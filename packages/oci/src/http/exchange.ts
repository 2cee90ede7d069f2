import type { Agent, IncomingHttpHeaders } from 'node:http';
import { ociErrors } from '../errors.ts';
import { connectionFault } from './faults.ts';
import { canFetch, exchangeByFetch, onlyAsks } from './fetch-exchange.ts';
import type { HttpLimits } from './options.ts';
import { isLoopback } from './redirect.ts';

// Not an `import`: that evaluates every export of node:http, of which WebSocket loads the whole fetch stack (20 ms).
const httpModule = () => process.getBuiltinModule('node:http');
/** What only encrypted connections need, loaded with the first of them: TLS takes 5 ms. */
const httpsModule = () => process.getBuiltinModule('node:https');

/** What is sent. Sizes are known beforehand: some registries refuse chunked transfer encoding. */
export interface RequestBody {
  readonly size: number;
  /** Called once an exchange. Bytes may be opened again, a stream may not. */
  open(): Uint8Array | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly body: ResponseBody;
}

/** Bytes as they come; read once. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  /** Whether all of it was read. */
  readonly readableEnded: boolean;
  /** Gives the rest up, and its connection. Whoever reads gets `error`. */
  destroy(error?: Error): void;
}

export interface ConnectionOptions {
  /** Certificate authorities in PEM, trusted beside the usual ones. */
  readonly ca?: string | readonly string[];
  /** Trust `ca` alone. */
  readonly onlyCa?: boolean;
  /** Accept any TLS certificate. */
  readonly insecure?: boolean;
  /** Certificate chain and private key in PEM, shown to registries that ask for one (mutual TLS). */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** Name the TLS certificate must be for, where it is not the host's. */
  readonly serverName?: string;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Does one HTTP exchange: no redirects, no credentials, no second try. */
export type Exchange = (request: HttpRequest) => Promise<HttpResponse>;

/** Method and place for messages; query strings may hold signed URLs or tokens and are left out. */
export function describeRequest(request: Pick<HttpRequest, 'method' | 'url'>): string {
  return `${request.method} ${request.url.origin}${request.url.pathname}`;
}

/** A pool of kept-alive connections for one scheme. */
function createPool(
  options: ConnectionOptions,
  secure: boolean,
  proxyEnv: NodeJS.ProcessEnv | undefined,
): Agent {
  const pool = { keepAlive: true, scheduling: 'lifo', maxFreeSockets: 32, proxyEnv } as const;
  if (!secure) return new (httpModule().Agent)(pool);
  const { ca, onlyCa, clientCertificate, serverName } = options;
  const { getCACertificates } = process.getBuiltinModule('node:tls');
  return new (httpsModule().Agent)({
    ...pool,
    ...(ca === undefined ? {} : { ca: [...(onlyCa ? [] : getCACertificates('default')), ...[ca].flat()] }),
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    ...clientCertificate,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

/**
 * Makes exchanges over kept-alive connections, through the proxy the environment names. Never for loopback addresses:
 * like Go's HTTP client, and unlike Node's agent by itself. `close` ends idle connections.
 */
export function createExchange(
  options: ConnectionOptions,
  limits: HttpLimits,
): { exchange: Exchange; close(): void } {
  const pools = new Map<string, Agent>();
  const fetches = canFetch(options);
  return {
    exchange(request) {
      if (fetches && onlyAsks(request)) return exchangeByFetch(request, describeRequest(request), limits);
      const secure = request.url.protocol !== 'http:';
      const direct = isLoopback(request.url.hostname);
      const name = `${secure} ${direct}`;
      const agent = pools.get(name) ?? createPool(options, secure, direct ? undefined : options.environment);
      pools.set(name, agent);
      return exchangeOver(agent, request, limits);
    },
    close() {
      for (const agent of pools.values()) agent.destroy();
    },
  };
}

function exchangeOver(agent: Agent, request: HttpRequest, limits: HttpLimits): Promise<HttpResponse> {
  const { method, url, body, signal } = request;
  const what = describeRequest(request);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(connectionFault(undefined, what, signal));
    const outgoing = (secure ? httpsModule() : httpModule()).request(url, {
      method,
      agent,
      headers: { ...request.headers, ...(body === undefined ? {} : { 'content-length': body.size }) },
      ...(signal === undefined ? {} : { signal }),
    });
    // One timer for each stretch of waiting: for the connection, then for every sign of life until the answer starts.
    let timer = setTimeout(
      () => outgoing.destroy(timeout(`${what}: no connection within ${limits.connectMs} ms`)),
      limits.connectMs,
    );
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => outgoing.destroy(timeout(`${what}: no answer within ${limits.inactivityMs} ms`)),
        limits.inactivityMs,
      );
    };
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) alive();
      else socket.once(secure ? 'secureConnect' : 'connect', alive);
    });
    outgoing.once('response', (incoming) => {
      clearTimeout(timer);
      outgoing.off('finish', alive);
      // Errors after this point reach whoever reads the body.
      incoming.on('error', () => {});
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, url, body: incoming });
    });
    // What the body's source threw is the reason, not the connection that had to be given up for it.
    let sourceFailure: { error: unknown } | undefined;
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(sourceFailure === undefined ? connectionFault(error, what, signal) : sourceFailure.error);
    });
    const content = body?.open();
    if (content === undefined || content instanceof Uint8Array) {
      outgoing.once('finish', alive);
      outgoing.end(content);
      return;
    }
    const { Readable } = process.getBuiltinModule('node:stream');
    const { pipeline } = process.getBuiltinModule('node:stream/promises');
    const reporting = async function* () {
      try {
        for await (const chunk of content) {
          // Asked for the next chunk: the connection has taken the one before.
          alive();
          yield chunk;
        }
      } catch (error) {
        sourceFailure = { error };
        throw error;
      }
      alive();
    };
    pipeline(Readable.from(reporting(), { objectMode: false }), outgoing).catch(() => {});
  });
}

function timeout(message: string) {
  return ociErrors.error('OCI_TIMEOUT', { message });
}
