import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { hardenErrors } from '../errors.ts';

/** Gets what a repository publishes. */
export interface Fetcher {
  /**
   * At most `maxBytes` of what stands at an address.
   *
   * @throws APT_UNREACHABLE
   */
  bytes(url: string, maxBytes: number): Promise<Uint8Array>;
  /**
   * What stands at an address and has this digest: from the cache, where there is one.
   *
   * @throws APT_UNREACHABLE, APT_UNTRUSTED
   */
  verified(url: string, expected: { readonly sha256: string; readonly size: number }): Promise<Uint8Array>;
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
      const reason = (cause as { cause?: NodeJS.ErrnoException }).cause?.code ?? (cause as Error).name;
      throw unreachable(url, reason, cause);
    }
  };
  return {
    bytes,
    async verified(url, { sha256, size }) {
      const kept = cache === undefined ? undefined : join(cache, sha256);
      if (kept !== undefined) {
        const found = await readFile(kept).catch(() => undefined);
        // A damaged cache is as good as none.
        if (found !== undefined && digestOf(found) === sha256) return found;
      }
      const fetched = await bytes(url, size);
      const found = digestOf(fetched);
      if (found !== sha256) {
        throw hardenErrors.error('APT_UNTRUSTED', {
          message: `${printable(url, 300)} is not what the repository signed`,
          expected: `SHA-256 ${sha256}, ${size} bytes`,
          found: `SHA-256 ${found}, ${fetched.length} bytes`,
        });
      }
      if (kept !== undefined) await keep(kept, fetched);
      return fetched;
    },
  };
}

async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function unreachable(url: string, found: string, cause?: unknown) {
  return hardenErrors.error('APT_UNREACHABLE', {
    message: `${printable(url, 300)}: ${printable(found, 120)}`,
    found: printable(found, 120),
    cause,
  });
}
