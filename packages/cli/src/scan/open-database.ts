import { AdvisoryDatabase, inspectErrors } from '@pratique/inspect';
import { milliseconds } from '../policy/duration.ts';
import type { Terminal } from '../program/terminal.ts';
import { age } from './age.ts';
import { databasePath } from './database-path.ts';

/** Of a command that looks packages up. */
interface DatabaseFlags {
  readonly db: string | undefined;
  readonly 'max-db-age': string;
}

/**
 * Opens the advisory database, unless it was built longer ago than is allowed: what was found since is not in it.
 *
 * @throws USAGE, ADVISORY_DATABASE_MISSING, ADVISORY_DATABASE_INVALID, ADVISORY_DATABASE_STALE
 */
export function openDatabase(flags: DatabaseFlags, terminal: Terminal, now: Date): AdvisoryDatabase {
  const maxAge = milliseconds('max-db-age', flags['max-db-age']);
  const database = AdvisoryDatabase.open(databasePath(flags.db, terminal));
  const builtAt = database.builtAt();
  if (maxAge === undefined || now.getTime() - Date.parse(builtAt) <= maxAge) return database;
  database.close();
  throw inspectErrors.error('ADVISORY_DATABASE_STALE', {
    message: `the advisory database was built ${age(builtAt, now)} ago`,
    expected: `at most ${Math.floor(maxAge / 3_600_000)} hours`,
    found: builtAt,
  });
}
