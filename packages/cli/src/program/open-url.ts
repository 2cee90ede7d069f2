const maxRedirects = 5;

export interface OpenUrlOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Plain HTTP to other hosts than this one. */
  readonly allowHttp: boolean;
  /** The error for what cannot be fetched, and why. */
  readonly failed: (url: URL, reason: string) => Error;
}

/** What a URL answers, redirects followed; never over plain HTTP where that is not allowed. */
export async function openUrl(url: URL, options: OpenUrlOptions): Promise<Response> {
  const { headers, signal, allowHttp, failed } = options;
  let place = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    if (!isAllowed(place, allowHttp))
      throw failed(
        url,
        'only https is fetched, and plain http from this machine (--allow-http-registry for others)',
      );
    const response = await fetch(place, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null)
      return response;
    await response.body?.cancel();
    place = new URL(location, place);
  }
  throw failed(url, `more than ${maxRedirects} redirects`);
}

function isAllowed({ protocol, hostname }: URL, allowHttp: boolean): boolean {
  const isLoopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && (isLoopback || allowHttp));
}

/** The URL without what may be secret in it. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}
