import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tufErrors } from '../errors.ts';

// As in the registry client: importing node:http evaluates the whole fetch stack.
const { Agent: HttpAgent, get: httpGet } = process.getBuiltinModule('node:http');

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
  return {
    url,
    async fetch(path, maxBytes, outer) {
      const limit = AbortSignal.timeout(options.totalMs ?? 60_000);
      const signal = outer === undefined ? limit : AbortSignal.any([outer, limit]);
      const address = new URL(root + path.map(encodeURIComponent).join('/'));
      try {
        return await fetchFrom(address, maxBytes, signal, options, maxRedirects);
      } catch (cause) {
        if (outer?.aborted || (cause as Error).name === 'PratiqueError') throw cause;
        throw unreachable(`${address.href} could not be fetched: ${reason(cause, limit)}`, undefined, cause);
      }
    },
  };
}

function reason(cause: unknown, limit: AbortSignal): string {
  if (limit.aborted) return 'it took too long';
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}

function fileMirror(url: string, directory: string): Mirror {
  return {
    url,
    async fetch(path, maxBytes) {
      const file = join(directory, ...path.map((segment) => segment.replaceAll('/', '%2F')));
      try {
        const { size } = await stat(file);
        if (size > maxBytes) throw tooLarge(file, maxBytes);
        return await readFile(file);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        if (code?.startsWith('E') !== true) throw cause;
        throw unreachable(`${file} cannot be read (${code})`, undefined, cause);
      }
    },
  };
}

async function fetchFrom(
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
  options: MirrorOptions,
  redirects: number,
): Promise<Uint8Array | undefined> {
  const response = await request(url, signal, options);
  const status = response.statusCode ?? 0;
  if (status === 200) return await readBody(response, url, maxBytes);
  response.destroy();
  if (status === 404) return undefined;
  const location = response.headers.location;
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined && redirects > 0) {
    const next = new URL(location, url);
    if (next.protocol === 'https:' || next.protocol === url.protocol) {
      return await fetchFrom(next, maxBytes, signal, options, redirects - 1);
    }
  }
  throw unreachable(`${url.href} could not be fetched`, 'status 200', `status ${status}`);
}

function request(url: URL, signal: AbortSignal, options: MirrorOptions): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const proxyEnv = loopback ? undefined : options.environment;
  const agent = secure ? new HttpsAgent({ proxyEnv }) : new HttpAgent({ proxyEnv });
  const timeout = options.inactivityMs ?? 10_000;
  return new Promise((resolve, reject) => {
    const sent = (secure ? httpsGet : httpGet)(url, { agent, signal, timeout }, resolve);
    sent.once('timeout', () => sent.destroy(new Error(`nothing came for ${timeout} ms`)));
    sent.once('error', reject);
  });
}

async function readBody(response: IncomingMessage, url: URL, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(url.href, maxBytes);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection broke');
  return Buffer.concat(chunks);
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
