import { ndbRows, openSqlite, type RpmDatabase, sqliteFault, unreadableDatabase } from '@pratique/inspect';

/** A header in rpm's database. */
export interface RpmRow {
  readonly number: number;
  readonly blob: Uint8Array;
}

/**
 * The headers with their numbers, in a database of SQLite or ndb.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function rpmRows({ file, format, log }: RpmDatabase): readonly RpmRow[] {
  if (format === 'ndb') return [...ndbRows(file)].sort((a, b) => a.number - b.number);
  const { database, close } = openSqlite(file, log);
  try {
    return database
      .prepare('SELECT hnum, blob FROM Packages ORDER BY hnum')
      .all()
      .map(({ hnum, blob }) => {
        if (typeof hnum !== 'number' || !(blob instanceof Uint8Array))
          throw unreadableDatabase(file, 'what it holds is no package');
        return { number: hnum, blob };
      });
  } catch (error) {
    throw sqliteFault(file, error);
  } finally {
    close();
  }
}
