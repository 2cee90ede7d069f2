import { hash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { makeDirectories } from '@pratique/storage';
import { hardenErrors } from '../errors.ts';

/** How many packages are fetched at the same time. */
export const fetchedAtOnce = 4;

/** Gets what a repository publishes. */
export interface Fetcher {
  /**
   * At most `maxBytes` of what stands at an address.
   *
   * @throws PACKAGES_UNREACHABLE
   */
  bytes(url: string, maxBytes: number): Promise<Uint8Array>;
  /**
   * What stands at an address and has this digest, of at most this size: from the cache, where there is one.
   *
   * @throws PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED
   */
  verified(url: string, expected: Expected): Promise<Uint8Array>;
}

/** Bytes, known beforehand by their digest in hexadecimal. */
export interface Expected {
  readonly sha256?: string;
  readonly sha512?: string;
  readonly size: number;
}

export interface FetcherOptions {
  /** A directory for what is known by its digest; none: nothing is kept. */
  readonly cache?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one answer. Default five minutes. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** Over HTTP. Nothing here is trusted: what is fetched is verified by signature or digest. */
export function createFetcher(options: FetcherOptions = {}): Fetcher {
  const { cache, signal, timeoutMs = 300_000, fetch: get = fetch } = options;
  const bytes = async (url: string, maxBytes: number): Promise<Uint8Array> => {
    const limits = AbortSignal.any([
      AbortSignal.timeout(timeoutMs),
      ...(signal === undefined ? [] : [signal]),
    ]);
    try {
      const response = await get(url, { signal: limits });
      if (!response.ok) {
        await response.body?.cancel();
        throw unreachable(url, `status ${response.status}`);
      }
      const chunks: Uint8Array[] = [];
      let total = 0;
      for await (const chunk of response.body ?? []) {
        total += chunk.length;
        if (total > maxBytes) throw unreachable(url, `more than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks, total);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof Error && cause.name === 'PratiqueError') throw cause;
      const { cause: inner, name } = cause as Error & { cause?: NodeJS.ErrnoException };
      const reason = inner?.code ?? inner?.message ?? name;
      throw unreachable(url, reason, cause);
    }
  };
  return {
    bytes,
    async verified(url, { sha256, sha512, size }) {
      const [algorithm, wanted] = sha256 === undefined ? ['sha512', sha512] : ['sha256', sha256];
      if (wanted === undefined) throw new TypeError('a digest is needed to verify by');
      const kept =
        cache === undefined ? undefined : join(cache, algorithm === 'sha256' ? wanted : `sha512-${wanted}`);
      if (kept !== undefined) {
        const found = await readFile(kept).catch(() => undefined);
        // A damaged cache is as good as none.
        if (found !== undefined && hash(algorithm, found) === wanted) return found;
      }
      const fetched = await bytes(url, size);
      const found = hash(algorithm, fetched);
      if (found !== wanted) {
        throw hardenErrors.error('PACKAGES_UNTRUSTED', {
          message: `${printable(url, 300)} is not what was signed`,
          expected: `${algorithm} ${wanted}, at most ${size} bytes`,
          found: `${algorithm} ${found}, ${fetched.length} bytes`,
        });
      }
      if (kept !== undefined) await keep(kept, fetched);
      return fetched;
    },
  };
}

async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  makeDirectories(join(path, '..'));
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

function unreachable(url: string, found: string, cause?: unknown) {
  return hardenErrors.error('PACKAGES_UNREACHABLE', {
    message: `${printable(url, 300)}: ${printable(found, 120)}`,
    found: printable(found, 120),
    cause,
  });
}
