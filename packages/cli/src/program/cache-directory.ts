import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where things are kept that can be had again (XDG base directories). */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'pratique');
}
