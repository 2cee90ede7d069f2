import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { printable } from '@pratique/errors';
import { inspectErrors } from '../errors.ts';
import type { PackageType } from '../packages/package.ts';
import type { PackageUrl } from '../packages/parse-purl.ts';
import type { VexStatement } from '../vex/statement.ts';
import type { ExploitedEntry, Rating, Severity, VersionRange } from './advisory.ts';
import { createTables, schemaVersion } from './schema.ts';

/** An advisory as it concerns one package. */
export interface PackageAdvisory {
  readonly vulnerability: string;
  readonly id: string;
  readonly source: string;
  readonly aliases: readonly string[];
  readonly title: string | undefined;
  readonly url: string | undefined;
  readonly published: string | undefined;
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
}

/** What is in a database, and how old it is. */
export interface DatabaseStatus {
  readonly schemaVersion: number;
  /** `sha256:` of the file. */
  readonly digest: string;
  /** RFC 3339: the last import. */
  readonly builtAt: string;
  readonly sources: readonly {
    readonly name: string;
    readonly format: string;
    readonly importedAt: string;
    readonly advisories: number;
  }[];
  readonly exploited: number;
  readonly scores: number;
}

type StoredProduct = Omit<PackageUrl, 'qualifiers'> & {
  readonly qualifiers: readonly (readonly [string, string])[];
};

/** The advisory database, read only. */
export class AdvisoryDatabase {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /**
   * Opens the database file at `path`.
   *
   * @throws `ADVISORY_DATABASE_MISSING`, `ADVISORY_DATABASE_INVALID`
   */
  static open(path: string): AdvisoryDatabase {
    // A first import that failed leaves an empty file.
    if (!existsSync(path) || statSync(path).size === 0) {
      throw inspectErrors.error('ADVISORY_DATABASE_MISSING', {
        message: 'there is no advisory database',
        found: `nothing at ${printable(path)}`,
      });
    }
    const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 });
    try {
      checkSchema(database, path);
      return new AdvisoryDatabase(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  /** Everything that is said about a package; names as `advisoryName` and `distroKey` write them. */
  advisories(type: PackageType, distro: string, name: string): readonly PackageAdvisory[] {
    return this.#all(
      `SELECT a.vulnerability, a.name, s.name AS source, a.aliases, a.title, a.url, a.published, f.ranges, f.versions
       FROM affected f JOIN advisories a ON a.id = f.advisory JOIN sources s ON s.id = a.source
       WHERE f.type = ? AND f.distro = ? AND f.package = ? ORDER BY a.vulnerability, s.name, a.name`,
      type,
      distro,
      name,
    ).map((row) => ({
      vulnerability: row.vulnerability as string,
      id: row.name as string,
      source: row.source as string,
      aliases: JSON.parse(row.aliases as string) as string[],
      title: optional(row.title),
      url: optional(row.url),
      published: optional(row.published),
      ranges: JSON.parse(row.ranges as string) as VersionRange[],
      versions: JSON.parse(row.versions as string) as string[],
    }));
  }

  /** Whether there are advisories for a whole release of a distribution (or, with an empty one, ecosystem). */
  covers(type: PackageType, distro: string): boolean {
    const sql = `SELECT 1 FROM affected f JOIN advisories a ON a.id = f.advisory JOIN sources s ON s.id = a.source
      WHERE f.type = ? AND f.distro = ? AND s.format NOT IN ('changelog', 'openvex')
        AND (s.format <> 'csaf' OR f.distro <> '') LIMIT 1`;
    return this.#all(sql, type, distro).length > 0;
  }

  /** Whether this one package was looked at, for sources that do not speak of all. */
  examined(type: PackageType, distro: string, name: string): boolean {
    const sql = 'SELECT 1 FROM examined WHERE type = ? AND distro = ? AND package = ?';
    return this.#all(sql, type, distro, name).length > 0;
  }

  /** What VEX documents say of a vulnerability and packages of a name, in the order in which they were imported. */
  vex(
    vulnerabilities: readonly string[],
    type: PackageType,
    names: readonly string[],
  ): readonly VexStatement[] {
    const rows = [...new Set(names)].flatMap((name) =>
      [...new Set(vulnerabilities)].flatMap((vulnerability) =>
        this.#all(
          'SELECT rowid, names, product, distro, status, reason FROM vex WHERE package = ? AND vulnerability = ?',
          `${type}/${name}`,
          vulnerability,
        ),
      ),
    );
    return rows
      .sort((a, b) => (a.rowid as number) - (b.rowid as number))
      .map((row) => {
        const { qualifiers, ...product } = JSON.parse(row.product as string) as StoredProduct;
        return {
          vulnerabilities: JSON.parse(row.names as string) as string[],
          products: [{ ...product, qualifiers: new Map(qualifiers) }],
          distro: optional(row.distro),
          status: row.status as VexStatement['status'],
          reason: row.reason as string,
        };
      });
  }

  /** Every opinion about a vulnerability. */
  ratings(vulnerability: string): readonly Rating[] {
    return this.#all(
      'SELECT rated_by, severity, score, vector FROM ratings WHERE vulnerability = ? ORDER BY rated_by, severity, score',
      vulnerability,
    ).map((row) => ({
      by: row.rated_by as string,
      severity: row.severity as Severity,
      score: (row.score as number | null) ?? undefined,
      vector: optional(row.vector),
    }));
  }

  exploited(vulnerability: string): ExploitedEntry | undefined {
    const [row] = this.#all('SELECT added, ransomware FROM exploited WHERE vulnerability = ?', vulnerability);
    return row && { vulnerability, added: row.added as string, ransomware: row.ransomware === 1 };
  }

  /** EPSS. */
  score(vulnerability: string): { readonly score: number; readonly percentile: number } | undefined {
    const [row] = this.#all('SELECT score, percentile FROM scores WHERE vulnerability = ?', vulnerability);
    return row && { score: row.score as number, percentile: row.percentile as number };
  }

  /** When it was last changed, RFC 3339. */
  builtAt(): string {
    return this.#all("SELECT value FROM meta WHERE key = 'builtAt'")[0]!.value as string;
  }

  /** Reads the whole file for its digest. */
  status(): DatabaseStatus {
    return {
      schemaVersion,
      digest: `sha256:${createHash('sha256').update(readFileSync(this.#path)).digest('hex')}`,
      builtAt: this.builtAt(),
      sources: this.#all(
        `SELECT s.name, s.format, s.imported_at, (SELECT count(*) FROM advisories a WHERE a.source = s.id) AS advisories
         FROM sources s ORDER BY s.name`,
      ).map((row) => ({
        name: row.name as string,
        format: row.format as string,
        importedAt: row.imported_at as string,
        advisories: row.advisories as number,
      })),
      exploited: this.#all('SELECT count(*) AS n FROM exploited')[0]!.n as number,
      scores: this.#all('SELECT count(*) AS n FROM scores')[0]!.n as number,
    };
  }

  #all(sql: string, ...values: readonly string[]): Record<string, SQLOutputValue>[] {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement.all(...values);
  }
}

/**
 * Refuses a file that is no advisory database of this version. One that was fetched is as hostile as its publisher, and
 * may hold views and triggers; so its tables must be exactly ours.
 *
 * @throws `ADVISORY_DATABASE_INVALID`
 */
export function checkSchema(database: DatabaseSync, path: string): void {
  let found: string;
  try {
    const version = database.prepare('PRAGMA user_version').get()!.user_version as number;
    if (version === schemaVersion && describeTables(database) === ourTables()) return;
    found = version === schemaVersion ? 'other tables' : `version ${version}`;
  } catch (error) {
    found = printable((error as Error).message);
  }
  throw inspectErrors.error('ADVISORY_DATABASE_INVALID', {
    message: `${printable(path)} is no advisory database`,
    expected: `schema version ${schemaVersion}`,
    found,
  });
}

function describeTables(database: DatabaseSync): string {
  return JSON.stringify(
    database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
  );
}

function ourTables(): string {
  const empty = new DatabaseSync(':memory:');
  try {
    createTables(empty);
    return describeTables(empty);
  } finally {
    empty.close();
  }
}

function optional(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
