import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type DatabaseFile, databaseContent, unreadableDatabase } from './database-content.ts';

/**
 * The headers in rpm's database of SQLite (`rpmdb.sqlite`), as rpm writes it since 4.16.
 *
 * @param log what SQLite has written and not yet put into the database itself (`rpmdb.sqlite-wal`)
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function* sqliteHeaders(file: DatabaseFile, log: DatabaseFile | undefined): Generator<Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  try {
    const path = join(directory, 'rpmdb.sqlite');
    writeFileSync(path, databaseContent(file), { mode: 0o600 });
    if (log !== undefined) writeFileSync(`${path}-wal`, databaseContent(log), { mode: 0o600 });
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      for (const { blob } of database.prepare('SELECT blob FROM Packages').iterate()) {
        if (!(blob instanceof Uint8Array)) throw unreadableDatabase(file, 'what it holds is no package');
        yield blob;
      }
    } finally {
      database.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
    throw unreadableDatabase(file, 'it is not an SQLite database, or damaged', error);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
