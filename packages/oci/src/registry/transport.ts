import type { Keychain } from '../auth/keychain.ts';
import { ociErrors } from '../errors.ts';
import { discard } from '../http/body.ts';
import type { Exchange, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { isNotTls, orAbort } from '../http/faults.ts';
import type { HttpLimits, RetryPolicy } from '../http/options.ts';
import { isLoopback, redirectTarget } from '../http/redirect.ts';
import { withRetry } from '../http/retry.ts';
import { speaksTls } from '../http/speaks-tls.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';

const maxRedirects = 5;

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Path below the registry's origin, or a URL a registry's `Location` led to (already checked by `safeTarget`). */
  readonly target: string | URL;
  /** Repository whose credentials are used. */
  readonly repository: string;
  /** Token scopes wanted: `repository:team/app:pull`. */
  readonly scopes: readonly string[];
  /** Whether it may be sent again after a broken connection or a passing error. */
  readonly idempotent: boolean;
}

/** Everything between a request to one registry and its answer: scheme, credentials, redirects, retries. */
export interface Transport {
  /** The registry's base URL; decides between https and http on first use where both are permitted. */
  origin(signal?: AbortSignal): Promise<URL>;
  send(request: RegistryRequest): Promise<HttpResponse>;
}

export interface TransportOptions {
  /** Host with optional port, as in a reference. */
  readonly host: string;
  readonly allowHttp: boolean;
  readonly userAgent: string;
  readonly keychain: Keychain;
  readonly exchange: Exchange;
  readonly limits: HttpLimits;
  readonly retry: RetryPolicy;
}

export function createTransport(options: TransportOptions): Transport {
  const { host, exchange, limits, retry } = options;
  const secure = new URL(`https://${host}`);
  let base: URL | undefined = options.allowHttp || isLoopback(secure.hostname) ? undefined : secure;
  let probing: Promise<URL> | undefined;
  let authorizer: Authorizer | undefined;

  /** TLS is tried first even where plain http is permitted: only an answer that is not TLS at all leads to http. */
  async function probe(): Promise<URL> {
    const http = new URL(`http://${host}`);
    if (isLoopback(secure.hostname)) {
      return (await speaksTls(secure, limits.connectMs, undefined)) ? secure : http;
    }
    const url = new URL('/v2/', secure);
    try {
      await discard(await exchange({ method: 'GET', url, headers: headersOf({}) }), limits);
      return secure;
    } catch (error) {
      if (isNotTls(error)) return http;
      throw error;
    }
  }

  async function origin(signal?: AbortSignal): Promise<URL> {
    if (base !== undefined) return base;
    // Once, whoever asks first. It runs without a caller's signal: others may wait for it too.
    probing ??= probe().finally(() => {
      probing = undefined;
    });
    base = await orAbort(probing, signal, host);
    return base;
  }

  function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
    return { 'user-agent': options.userAgent, 'accept-encoding': 'identity', ...headers };
  }

  /** Follows redirects of GET and HEAD. `Authorization` goes to the first origin only and never comes back. */
  async function follow(request: HttpRequest, registry: URL): Promise<HttpResponse> {
    let { url } = request;
    let headers = headersOf(request.headers);
    for (let hops = 0; ; hops++) {
      const response = await exchange({ ...request, url, headers });
      const target = redirectTarget(response, registry);
      if (target === undefined) return response;
      await discard(response, limits);
      const followable = request.method === 'GET' || request.method === 'HEAD';
      if (!followable || hops === maxRedirects) {
        throw ociErrors.error('OCI_REDIRECT_REFUSED', {
          message: `${request.method} ${request.url.host}: ${followable ? `more than ${maxRedirects} redirects` : 'redirects of this method are not followed'}`,
        });
      }
      if (target.origin !== url.origin) {
        const { authorization: _, ...rest } = headers;
        headers = rest;
      }
      url = target;
    }
  }

  async function authorised(request: RegistryRequest): Promise<HttpResponse> {
    const registry = await origin(request.signal);
    authorizer ??= createAuthorizer(
      registry,
      host,
      options.keychain,
      (asked) => withRetry(retry, limits, asked.signal, () => follow(asked, registry)),
      limits,
    );
    const { repository, scopes, signal } = request;
    const url = new URL(request.target, registry);
    // An upload or a page may live on another host; our credentials are for the registry alone.
    if (url.origin !== registry.origin) return await follow({ ...request, url }, registry);
    const sendWith = (authorization: string | undefined) =>
      follow(
        { ...request, url, headers: { ...request.headers, ...(authorization && { authorization }) } },
        registry,
      );

    const known = await authorizer.known(repository, scopes, signal);
    const response = await sendWith(known);
    // A challenge from wherever a redirect led is none of ours.
    if (response.status !== 401 || response.url.origin !== registry.origin) return response;
    const better = await authorizer.answer(
      response.headers['www-authenticate'],
      known,
      repository,
      scopes,
      signal,
    );
    if (better === undefined || !isRepeatable(request)) return response;
    await discard(response, limits);
    return await sendWith(better);
  }

  return {
    origin,
    send: (request) =>
      request.idempotent
        ? withRetry(retry, limits, request.signal, () => authorised(request))
        : authorised(request),
  };
}

/** A stream that was read once cannot be sent again. */
function isRepeatable(request: RegistryRequest): boolean {
  return request.body === undefined || request.idempotent;
}
