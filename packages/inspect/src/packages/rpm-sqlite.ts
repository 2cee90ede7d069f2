import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type DatabaseFile, databaseContent, unreadableDatabase } from './database-content.ts';

/** A database of SQLite that lies in a file of this machine, to be read. */
export interface OpenSqlite {
  readonly database: DatabaseSync;
  close(): void;
}

/** What computes nothing when it is read: a view or a generated column would be somebody else's program. */
const packagesTable = /^CREATE TABLE ['"]?Packages['"]? ?\(hnum INTEGER[A-Z ]*, ?blob BLOB[A-Z ]*\)$/;

/**
 * Opens rpm's database of SQLite (`rpmdb.sqlite`), as rpm writes it since 4.16: a copy, which nobody else looks at.
 *
 * @param log what SQLite has written and not yet put into the database itself (`rpmdb.sqlite-wal`)
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE, and what SQLite throws: see `sqliteFault`
 */
export function openSqlite(file: DatabaseFile, log: DatabaseFile | undefined): OpenSqlite {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  const remove = () => rmSync(directory, { recursive: true });
  try {
    const path = join(directory, 'rpmdb.sqlite');
    writeFileSync(path, databaseContent(file), { mode: 0o600 });
    if (log !== undefined) writeFileSync(`${path}-wal`, databaseContent(log), { mode: 0o600 });
    const database = new DatabaseSync(path, { readOnly: true });
    const table = database.prepare("SELECT sql FROM sqlite_master WHERE name = 'Packages'").get();
    if (table !== undefined && !packagesTable.test(String(table.sql))) {
      database.close();
      throw unreadableDatabase(file, 'it has packages in a form that rpm has not made');
    }
    return {
      database,
      close() {
        database.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw sqliteFault(file, error);
  }
}

/** The fault that an exception of SQLite is; any other is itself. */
export function sqliteFault(file: DatabaseFile, error: unknown): unknown {
  // The other one is a number that none of JavaScript's is.
  if (!/^ERR_(SQLITE_ERROR|OUT_OF_RANGE)$/.test((error as NodeJS.ErrnoException).code ?? '')) return error;
  return unreadableDatabase(file, 'it is not an SQLite database, or damaged', error);
}

/**
 * The headers in rpm's database of SQLite.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function* sqliteHeaders(file: DatabaseFile, log: DatabaseFile | undefined): Generator<Uint8Array> {
  const { database, close } = openSqlite(file, log);
  try {
    for (const { blob } of database.prepare('SELECT blob FROM Packages').iterate()) {
      if (!(blob instanceof Uint8Array)) throw unreadableDatabase(file, 'what it holds is no package');
      yield blob;
    }
  } catch (error) {
    throw sqliteFault(file, error);
  } finally {
    close();
  }
}
