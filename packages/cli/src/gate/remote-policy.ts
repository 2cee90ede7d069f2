import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FetchPolicy, policyErrors } from '@pratique/policy';
import { BundleError } from '@pratique/rego';
import { replaceFile } from '@pratique/storage';
import { download } from '../policy/download.ts';
import { cacheDirectory } from '../program/cache-directory.ts';

/**
 * Fetches policies that are elsewhere, and keeps those that have the SHA-256 asked for: they cannot change, so they are
 * not asked for again.
 */
export function policyFetcher(env: Readonly<Record<string, string | undefined>>): FetchPolicy {
  const directory = join(cacheDirectory(env), 'policies');
  return async (url, sha256, maxBytes) => {
    const file = join(directory, sha256);
    const kept = read(file);
    if (kept !== undefined && digestOf(kept) === sha256) return kept;
    const bytes = await fetched(url, maxBytes);
    if (digestOf(bytes) === sha256) keep(file, bytes);
    return bytes;
  };
}

async function fetched(url: URL, maxBytes: number): Promise<Uint8Array> {
  const signal = new AbortController().signal;
  try {
    return await download(url, {
      signal,
      maxBytes,
      allowHttp: false,
      cache: { read: () => undefined, write() {} },
    });
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    throw policyErrors.error('POLICY_UNREACHABLE', { message: cause.message, cause });
  }
}

function read(file: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(file));
  } catch {
    return undefined;
  }
}

function keep(file: string, bytes: Uint8Array): void {
  try {
    replaceFile(file, bytes);
  } catch {
    // Without it the next run asks again.
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
