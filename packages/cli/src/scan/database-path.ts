import { join, resolve } from 'node:path';
import { cacheDirectory } from '../program/cache-directory.ts';
import type { Terminal } from '../program/terminal.ts';

/** The advisory database that `--db` names, else the user's. */
export function databasePath(flag: string | undefined, terminal: Terminal): string {
  return flag === undefined
    ? join(cacheDirectory(terminal.env), 'advisories.db')
    : resolve(terminal.cwd, flag);
}
