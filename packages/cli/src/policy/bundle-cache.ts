import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '@pratique/storage';
import { cacheDirectory } from '../program/cache-directory.ts';

/** A download kept with the ETag it came with, so that the server need not send it again. */
export interface DownloadCache {
  /** Undefined where there is nothing, or nothing whole. */
  read(): { readonly etag: string; readonly bytes: Uint8Array } | undefined;
  write(etag: string, bytes: Uint8Array): void;
}

/** The cache of one URL, below the user's cache directory. Tag and content are in one file, put there at once. */
export function bundleCache(url: string, env: Readonly<Record<string, string | undefined>>): DownloadCache {
  const directory = join(cacheDirectory(env), 'bundles');
  const file = join(directory, createHash('sha256').update(url).digest('hex'));
  return {
    read() {
      try {
        const content = new Uint8Array(readFileSync(file));
        const end = content.indexOf(0x0a);
        const [digest, ...etag] = new TextDecoder().decode(content.subarray(0, end)).split(' ');
        const bytes = content.subarray(end + 1);
        if (end === -1 || digest !== sha256(bytes)) return undefined;
        return { etag: etag.join(' '), bytes };
      } catch {
        return undefined;
      }
    },
    write(etag, bytes) {
      try {
        makeDirectories(directory, 0o700);
        const temporary = `${file}.${process.pid}`;
        writeFileSync(temporary, Buffer.concat([Buffer.from(`${sha256(bytes)} ${etag}\n`), bytes]), {
          mode: 0o600,
        });
        renameSync(temporary, file);
      } catch {
        // Without a cache the next download is a whole one.
      }
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
