import { BundleError } from '@pratique/rego';
import type { DownloadCache } from './bundle-cache.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Plain HTTP to other hosts than this one. */
  readonly allowHttp: boolean;
  readonly cache: DownloadCache;
}

const TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;

/**
 * The content of a URL; with `If-None-Match` where it was fetched before (RFC 9110 §13.1.2). Anything but 200 and 304,
 * a cut-off body and a redirect to plain HTTP are faults. Throws {@link BundleError}.
 */
export async function download(url: URL, options: DownloadOptions): Promise<Uint8Array> {
  const cached = options.cache.read();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const headers = cached === undefined ? {} : { 'if-none-match': cached.etag };
  try {
    const response = await follow(url, headers, signal, options.allowHttp);
    if (response.status === 304 && cached !== undefined) return cached.bytes;
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(url, `the server answered ${response.status}`);
    }
    const bytes = await body(response, url, options.maxBytes);
    const etag = response.headers.get('etag');
    if (etag !== null && /^[\x20-\x7e]{1,500}$/.test(etag)) options.cache.write(etag, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof BundleError || options.signal.aborted) throw error;
    const { message, cause } = error as Error;
    throw failed(url, cause instanceof Error ? `${message}: ${cause.message}` : message, error);
  }
}

async function follow(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  allowHttp: boolean,
): Promise<Response> {
  let place = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    checkScheme(place, allowHttp);
    const response = await fetch(place, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null)
      return response;
    await response.body?.cancel();
    place = new URL(location, place);
  }
  throw failed(url, `more than ${MAX_REDIRECTS} redirects`);
}

function checkScheme(url: URL, allowHttp: boolean): void {
  const isLoopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (isLoopback || allowHttp))) return;
  throw failed(
    url,
    'only https is fetched, and plain http from this machine (--allow-http-registry for others)',
  );
}

async function body(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw new BundleError('bundle_limit', `${url.href}: more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The URL without what may be secret in it. */
function failed(url: URL, reason: string, cause?: unknown): BundleError {
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  return new BundleError('bundle_unreadable', `${shown}: ${reason}`, { cause });
}
