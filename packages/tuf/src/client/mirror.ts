import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PratiqueError } from '@pratique/errors';
import { createExchange, defaultLimits, type HttpLimits, readAll } from '@pratique/oci';
import { FileRefused, readNamedFile } from '@pratique/storage';
import { tufErrors } from '../errors.ts';

/** Where a repository is. Nothing it hands out is believed. */
export interface Mirror {
  /** As it was given; for messages and as the cache's name. */
  readonly url: string;
  /** A file by the segments of its path; undefined where the repository says that there is none. */
  fetch(path: readonly string[], maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

export interface MirrorOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from. */
  readonly environment: NodeJS.ProcessEnv;
  /** Milliseconds without a byte moving. Default 10 seconds. */
  readonly inactivityMs?: number;
  /** Milliseconds for one file. Default 60 seconds. */
  readonly totalMs?: number;
}

const maxRedirects = 3;

/**
 * A repository at an `http:`, `https:` or `file:` address. Plain HTTP takes nothing away: what is fetched is signed.
 *
 * @throws TUF_UNREACHABLE for an address of another kind
 */
export function openMirror(url: string, options: MirrorOptions): Mirror {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol === 'file:') return fileMirror(url, fileURLToPath(base));
  if (base?.protocol !== 'http:' && base?.protocol !== 'https:') {
    throw unreachable(`${url.slice(0, 200)} is no address of a repository`, 'http://, https:// or file://');
  }
  const root = base.href.endsWith('/') ? base.href : `${base.href}/`;
  const limits = { ...defaultLimits, inactivityMs: options.inactivityMs ?? 10_000 };
  return {
    url,
    async fetch(path, maxBytes, outer) {
      const limit = AbortSignal.timeout(options.totalMs ?? 60_000);
      const signal = outer === undefined ? limit : AbortSignal.any([outer, limit]);
      const address = new URL(root + path.map(encodeURIComponent).join('/'));
      const { exchange, close } = createExchange({ environment: options.environment }, limits);
      try {
        return await fetchFrom(exchange, address, maxBytes, limits, signal, maxRedirects);
      } catch (cause) {
        throw outer?.aborted ? cause : ownError(cause, address.href, maxBytes);
      } finally {
        close();
      }
    },
  };
}

type Exchange = ReturnType<typeof createExchange>['exchange'];

/** What the connection's errors mean for a repository. */
function ownError(cause: unknown, what: string, maxBytes: number): unknown {
  if (!(cause instanceof PratiqueError) || cause.code.startsWith('TUF_')) return cause;
  if (cause.code === 'OCI_SIZE_EXCEEDED') return tooLarge(what, maxBytes);
  return unreachable(`${what} could not be fetched: ${cause.message}`, undefined, cause);
}

function fileMirror(url: string, directory: string): Mirror {
  return {
    url,
    async fetch(path, maxBytes) {
      const file = join(directory, ...path.map((segment) => segment.replaceAll('/', '%2F')));
      try {
        return readNamedFile(file, maxBytes);
      } catch (cause) {
        if (cause instanceof FileRefused)
          throw cause.code === 'TOO_LARGE'
            ? tooLarge(file, maxBytes)
            : unreachable(`${file} cannot be read: ${cause.message}`);
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        if (code?.startsWith('E') !== true) throw cause;
        throw unreachable(`${file} cannot be read (${code})`, undefined, cause);
      }
    },
  };
}

async function fetchFrom(
  exchange: Exchange,
  url: URL,
  maxBytes: number,
  limits: HttpLimits,
  signal: AbortSignal,
  redirects: number,
): Promise<Uint8Array | undefined> {
  const response = await exchange({ method: 'GET', url, headers: { 'user-agent': 'pratique' }, signal });
  const { status } = response;
  if (status === 200) return await readAll(response, limits, maxBytes, signal);
  response.body.destroy();
  if (status === 404) return undefined;
  const { location } = response.headers;
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined && redirects > 0) {
    const next = new URL(location, url);
    if (next.protocol === 'https:' || next.protocol === url.protocol) {
      return await fetchFrom(exchange, next, maxBytes, limits, signal, redirects - 1);
    }
  }
  throw unreachable(`${url.href} could not be fetched`, 'status 200', `status ${status}`);
}

function tooLarge(what: string, maxBytes: number) {
  return tufErrors.error('TUF_SIZE_EXCEEDED', {
    message: `${what} is larger than it may be`,
    expected: `at most ${maxBytes} bytes`,
  });
}

function unreachable(message: string, expected?: string, found?: unknown) {
  return tufErrors.error('TUF_UNREACHABLE', {
    message,
    expected,
    ...(typeof found === 'string' ? { found } : { cause: found }),
  });
}
