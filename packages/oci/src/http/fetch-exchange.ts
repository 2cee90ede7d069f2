import type { Socket } from 'node:net';
import { ociErrors } from '../errors.ts';
import type { ConnectionOptions, HttpRequest, HttpResponse, ResponseBody } from './exchange.ts';
import { connectionFault } from './faults.ts';
import type { HttpLimits } from './options.ts';

/** What Bun's fetch takes beyond the standard: the bytes as they were sent, whatever their Content-Encoding. */
type BunRequestInit = RequestInit & { readonly decompress: false };

/** What a subscriber to {@link fetchChannel} hears of every exchange, as node:http tells of its own. */
export interface FetchExchange {
  readonly method: string;
  readonly url: URL;
  /** The status, or the code of what went wrong. */
  readonly outcome: number | string;
}

/** Of node:diagnostics_channel. */
export const fetchChannel = 'pratique.fetch';

const proxyVariables = /^(?:https?|all)_proxy$/i;

/** Whether proxies are named: Bun reads those of the process by itself, whatever the caller's environment says. */
function namesProxy(environment: NodeJS.ProcessEnv): boolean {
  return [environment, process.env].some((variables) =>
    Object.keys(variables).some((name) => proxyVariables.test(name) && variables[name] !== ''),
  );
}

/**
 * Whether the runtime's own fetch can stand for node:http with these options. Only in the standalone executable, whose
 * runtime (Bun) takes 15 ms to load its node:http and to send the first request, and 1 ms for its fetch. Node's fetch
 * is the slower of the two there, and unpacks bodies whose digest is asked for. Proxies and own TLS settings are left to
 * node:http, which is told about them connection by connection.
 */
export function canFetch({ environment, ...tls }: ConnectionOptions): boolean {
  return (
    process.versions['bun'] !== undefined &&
    !tls.insecure &&
    tls.ca === undefined &&
    tls.clientCertificate === undefined &&
    tls.serverName === undefined &&
    !namesProxy(environment)
  );
}

/** Whether `request` only asks: what is sent with a size announced beforehand goes through node:http. */
export function onlyAsks({ method, body }: HttpRequest): boolean {
  return body === undefined && (method === 'GET' || method === 'HEAD');
}

/**
 * One exchange with the runtime's fetch.
 *
 * @param what names the request in messages
 * @throws OCI_TIMEOUT, OCI_UNREACHABLE, OCI_TLS_UNTRUSTED, OCI_RESPONSE_INVALID, OCI_CANCELLED
 */
export async function exchangeByFetch(
  { method, url, headers, signal }: HttpRequest,
  what: string,
  limits: HttpLimits,
): Promise<HttpResponse> {
  const abort = new AbortController();
  const cancel = () => abort.abort(signal!.reason);
  if (signal?.aborted) throw connectionFault(undefined, what, signal);
  signal?.addEventListener('abort', cancel, { once: true });
  const done = () => signal?.removeEventListener('abort', cancel);
  const giveUp = (message: string) =>
    abort.abort(ociErrors.error('OCI_TIMEOUT', { message: `${what}: ${message}` }));
  const timer = setTimeout(() => giveUp(`no answer within ${limits.inactivityMs} ms`), limits.inactivityMs);
  const probe = probeConnection(url, limits.connectMs, () =>
    giveUp(`no connection within ${limits.connectMs} ms`),
  );
  const init: BunRequestInit = {
    method,
    headers,
    redirect: 'manual',
    signal: abort.signal,
    decompress: false,
  };
  try {
    const response = await fetch(url, init);
    tell({ method, url, outcome: response.status });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      url,
      body: new FetchedBody(response.body, abort, done),
    };
  } catch (error) {
    done();
    const fault = connectionFault(abort.signal.aborted ? abort.signal.reason : error, what, signal);
    tell({ method, url, outcome: fault.code });
    throw fault;
  } finally {
    clearTimeout(timer);
    probe.stop();
  }
}

/**
 * Whether the connection of a fetch stands cannot be seen. So when half of the time for it has passed without an answer, another
 * one is tried, and where that does not come about in the other half, `onTimeout` is told. What refuses it is for the fetch to say.
 */
function probeConnection(url: URL, connectMs: number, onTimeout: () => void): { stop(): void } {
  let socket: Socket | undefined;
  const start = () => {
    const { connect } = process.getBuiltinModule('node:net');
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port });
    socket.on('error', () => {});
    socket.once('connect', stop).once('error', stop);
    timer = setTimeout(onTimeout, connectMs / 2);
  };
  const stop = () => {
    clearTimeout(timer);
    socket?.destroy();
  };
  let timer = setTimeout(start, connectMs / 2);
  return { stop };
}

function tell(exchange: FetchExchange): void {
  const { channel } = process.getBuiltinModule('node:diagnostics_channel');
  channel(fetchChannel).publish(exchange);
}

/** A response body that can be given up at any time, with a reason that its reader gets. */
class FetchedBody implements ResponseBody {
  readonly #stream: ReadableStream<Uint8Array> | null;
  readonly #abort: AbortController;
  readonly #done: () => void;
  readableEnded = false;

  constructor(stream: ReadableStream<Uint8Array> | null, abort: AbortController, done: () => void) {
    this.#stream = stream;
    this.#abort = abort;
    this.#done = done;
  }

  destroy(error?: Error): void {
    this.#done();
    this.#abort.abort(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.#stream?.getReader();
    try {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done || value === undefined) break;
        yield value;
      }
      this.readableEnded = true;
    } catch (error) {
      throw this.#abort.signal.aborted ? this.#abort.signal.reason : error;
    } finally {
      this.#done();
    }
  }
}
