import type { DatabaseSync } from 'node:sqlite';

/** Stored as `user_version`; a database of another version is refused, never migrated: importing again is cheap. */
export const schemaVersion = 2;

/** Tables of the advisory database. Lists and ranges are JSON. */
const tables = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE sources (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, format TEXT NOT NULL, imported_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE advisories (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, vulnerability TEXT NOT NULL,
    aliases TEXT NOT NULL, title TEXT, url TEXT, published TEXT, modified TEXT,
    UNIQUE (source, name, vulnerability)
  ) STRICT;
  CREATE TABLE affected (
    advisory INTEGER NOT NULL, type TEXT NOT NULL, distro TEXT NOT NULL, package TEXT NOT NULL,
    ranges TEXT NOT NULL, versions TEXT NOT NULL
  ) STRICT;
  CREATE INDEX affected_package ON affected (type, distro, package);
  CREATE INDEX affected_advisory ON affected (advisory);
  CREATE TABLE examined (source INTEGER PRIMARY KEY, type TEXT NOT NULL, distro TEXT NOT NULL, package TEXT NOT NULL) STRICT;
  CREATE INDEX examined_package ON examined (type, distro, package);
  CREATE TABLE ratings (
    source INTEGER NOT NULL, advisory TEXT NOT NULL, vulnerability TEXT NOT NULL, rated_by TEXT NOT NULL,
    severity TEXT NOT NULL, score REAL, vector TEXT,
    UNIQUE (vulnerability, source, advisory, rated_by)
  ) STRICT;
  CREATE TABLE vex (
    source INTEGER NOT NULL, document TEXT NOT NULL, vulnerability TEXT NOT NULL, names TEXT NOT NULL,
    package TEXT NOT NULL, product TEXT NOT NULL, distro TEXT, status TEXT NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX vex_package ON vex (package, vulnerability);
  CREATE INDEX vex_document ON vex (source, document);
  CREATE TABLE exploited (vulnerability TEXT PRIMARY KEY, added TEXT NOT NULL, ransomware INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE scores (vulnerability TEXT PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID, STRICT;
`;

/** Makes the tables of a new database. The caller holds the transaction. */
export function createTables(database: DatabaseSync): void {
  database.exec(`${tables} PRAGMA user_version = ${schemaVersion}`);
}
