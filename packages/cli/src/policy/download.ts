import { BundleError } from '@pratique/rego';
import { openUrl, shownUrl } from '../program/open-url.ts';
import type { DownloadCache } from './bundle-cache.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Plain HTTP to other hosts than this one. */
  readonly allowHttp: boolean;
  readonly cache: DownloadCache;
}

const TIMEOUT_MS = 60_000;

/**
 * The content of a URL; with `If-None-Match` where it was fetched before (RFC 9110 §13.1.2). Anything but 200 and 304,
 * a cut-off body and a redirect to plain HTTP are faults. Throws {@link BundleError}.
 */
export async function download(url: URL, options: DownloadOptions): Promise<Uint8Array> {
  const cached = options.cache.read();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const headers = cached === undefined ? {} : { 'if-none-match': cached.etag };
  try {
    const response = await openUrl(url, { headers, signal, allowHttp: options.allowHttp, failed });
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

function failed(url: URL, reason: string, cause?: unknown): BundleError {
  return new BundleError('bundle_unreadable', `${shownUrl(url)}: ${reason}`, { cause });
}
