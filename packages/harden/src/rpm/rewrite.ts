import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { openSqlite, type RpmDatabase, sqliteFault, unreadableDatabase } from '@pratique/inspect';
import type { RpmRow } from './rows.ts';

const packagesTable =
  /^CREATE TABLE (['"]?)Packages\1 \(hnum INTEGER PRIMARY KEY AUTOINCREMENT, ?blob BLOB NOT NULL\)$/;
const indexTable =
  /^CREATE TABLE '(\w+)' \(key '\w*' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY \(hnum\) REFERENCES 'Packages'\(hnum\)\)$/;
const index = /^CREATE INDEX '(\w+)_(key|hnum)_idx' ON '\1'\(\2 ASC\)$/;

/**
 * Writes rpm's database of SQLite anew, with these headers under their numbers and what its indexes say of them. Nothing
 * else of the old one is in it: neither what was deleted, nor its log. It is made of the tables and indexes that rpm makes
 * and of no others, since what else a database may have (triggers, views) would act on what is written.
 *
 * @param rows of the database; each may have another blob
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE, also for a database that rpm has not made
 */
export function rewriteRpmSqlite(
  { file, log }: RpmDatabase,
  rows: readonly RpmRow[],
): Uint8Array<ArrayBuffer> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  const path = join(directory, 'rpmdb.sqlite');
  const source = openSqlite(file, log);
  try {
    const target = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      target.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
      const indexes = makeTables(source.database, target, file);
      const insert = target.prepare('INSERT INTO Packages (hnum, blob) VALUES (?, ?)');
      for (const { number, blob } of rows) insert.run(number, blob);
      const numbers = new Set(rows.map(({ number }) => number));
      for (const name of indexes) copyIndex(source.database, target, name, numbers);
      copyLastNumber(source.database, target);
      target.exec('COMMIT');
    } finally {
      target.close();
    }
    return asItWas(readFileSync(path), file);
  } catch (error) {
    throw sqliteFault(file, error);
  } finally {
    source.close();
    rmSync(directory, { recursive: true });
  }
}

/** @returns the names of the tables that are indexes of rpm */
function makeTables(
  source: DatabaseSync,
  target: DatabaseSync,
  file: RpmDatabase['file'],
): readonly string[] {
  const statements = source
    .prepare("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid")
    .all()
    .map(({ sql }) => String(sql));
  const names: string[] = [];
  for (const sql of statements) {
    const name = indexTable.exec(sql)?.[1];
    if (name !== undefined) names.push(name);
    else if (!packagesTable.test(sql) && !index.test(sql))
      throw unreadableDatabase(file, 'it has a table, index or trigger that rpm has not made');
    target.exec(sql);
  }
  return names;
}

function copyIndex(
  source: DatabaseSync,
  target: DatabaseSync,
  name: string,
  numbers: ReadonlySet<number>,
): void {
  const insert = target.prepare(`INSERT INTO "${name}" (key, hnum, idx) VALUES (?, ?, ?)`);
  for (const { key, hnum, idx } of source
    .prepare(`SELECT key, hnum, idx FROM "${name}" ORDER BY rowid`)
    .iterate()) {
    if (numbers.has(Number(hnum))) insert.run(key as SQLInputValue, hnum as number, idx as SQLInputValue);
  }
}

/** What is installed later gets a number that none had before. */
function copyLastNumber(source: DatabaseSync, target: DatabaseSync): void {
  const last = source.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'Packages'").get()?.seq;
  if (typeof last === 'number')
    target.prepare("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'Packages'").run(last);
}

/**
 * How the database is to be opened (with a log or without), and which SQLite wrote it, are what they were: it does not
 * depend on this machine's (SQLite's Database File Format, 1.3).
 */
function asItWas(bytes: Uint8Array<ArrayBuffer>, file: RpmDatabase['file']): Uint8Array<ArrayBuffer> {
  const before = file.content!.read(0, 100);
  bytes.set(before.subarray(18, 20), 18);
  bytes.set(before.subarray(96, 100), 96);
  return bytes;
}
