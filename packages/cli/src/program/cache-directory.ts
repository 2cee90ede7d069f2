import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where things are kept that can be had again: PRATIQUE_CACHE, else as XDG base directories have it. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return (
    env['PRATIQUE_CACHE'] ||
    join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'pratique')
  );
}
