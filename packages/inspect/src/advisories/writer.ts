import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { VexStatement } from '../vex/statement.ts';
import type { Advisory, ImportItem, Rating } from './advisory.ts';

/** Stores what importers read. The caller holds the transaction. */
export class AdvisoryWriter {
  readonly #database: DatabaseSync;
  readonly #now: string;
  readonly #sources = new Map<string, number>();
  readonly #statements = new Map<string, StatementSync>();
  /** `source id / advisory id` of this import: a notice of ten CVEs is ten rows, of which the second must not remove the first. */
  readonly #written = new Set<string>();

  constructor(database: DatabaseSync, now: Date) {
    this.#database = database;
    this.#now = now.toISOString();
  }

  /** Removes everything of a source. */
  clear(name: string): void {
    const source = this.#run('SELECT id FROM sources WHERE name = ?').get(name)?.id as number | undefined;
    if (source === undefined) return;
    this.#run('DELETE FROM affected WHERE advisory IN (SELECT id FROM advisories WHERE source = ?)').run(
      source,
    );
    for (const table of ['advisories', 'ratings', 'vex'])
      this.#run(`DELETE FROM ${table} WHERE source = ?`).run(source);
    if (name === 'kev') this.#run('DELETE FROM exploited').run();
    if (name === 'epss') this.#run('DELETE FROM scores').run();
  }

  write(item: Exclude<ImportItem, { kind: 'unsupported' }>, format: string): void {
    const source = this.#source(item.source, format);
    switch (item.kind) {
      case 'advisory':
        this.#advisory(source, item.advisory);
        break;
      case 'withdrawn':
        this.#remove(source, item.id);
        this.#written.add(`${source}/${item.id}`);
        break;
      case 'vex':
        this.#vex(source, item.document, item.statement);
        break;
      case 'rating':
        this.#rating(source, '', item.vulnerability, item.rating);
        break;
      case 'examined':
        this.#run('INSERT OR REPLACE INTO examined VALUES (?, ?, ?, ?)').run(
          source,
          item.type,
          item.distro,
          item.package,
        );
        break;
      case 'exploited': {
        const { vulnerability, added, ransomware } = item.entry;
        this.#run('INSERT OR REPLACE INTO exploited VALUES (?, ?, ?)').run(
          vulnerability,
          added,
          Number(ransomware),
        );
        break;
      }
      case 'score': {
        const { vulnerability, score, percentile } = item.entry;
        this.#run('INSERT OR REPLACE INTO scores VALUES (?, ?, ?)').run(vulnerability, score, percentile);
        break;
      }
    }
  }

  /** Records when the database was last changed: its age is counted from here. */
  finish(): void {
    this.#run("INSERT OR REPLACE INTO meta VALUES ('builtAt', ?)").run(this.#now);
  }

  #source(name: string, format: string): number {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const row = this.#run(
      'INSERT INTO sources (name, format, imported_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET imported_at = excluded.imported_at RETURNING id',
    ).get(name, format, this.#now);
    const id = row!.id as number;
    this.#sources.set(name, id);
    return id;
  }

  #advisory(source: number, advisory: Advisory): void {
    const key = `${source}/${advisory.id}`;
    if (!this.#written.has(key)) this.#remove(source, advisory.id);
    this.#written.add(key);
    const row = this.#run(
      // Alpine lists the same CVE for several packages, and for several versions of one.
      `INSERT INTO advisories (source, name, vulnerability, aliases, title, url, published, modified)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (source, name, vulnerability) DO UPDATE SET aliases = aliases RETURNING id`,
    ).get(
      source,
      advisory.id,
      advisory.vulnerability,
      JSON.stringify(advisory.aliases),
      advisory.title ?? null,
      advisory.url ?? null,
      advisory.published ?? null,
      advisory.modified ?? null,
    );
    const insert = this.#run('INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?)');
    for (const { type, distro, name, ranges, versions } of advisory.affected) {
      insert.run(row!.id as number, type, distro, name, JSON.stringify(ranges), JSON.stringify(versions));
    }
    for (const rating of advisory.ratings) this.#rating(source, advisory.id, advisory.vulnerability, rating);
  }

  #vex(
    source: number,
    document: string,
    { vulnerabilities, products, distro, status, reason }: VexStatement,
  ): void {
    const insert = this.#run('INSERT INTO vex VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const vulnerability of new Set(vulnerabilities)) {
      for (const { qualifiers, ...product } of products) {
        const stored = JSON.stringify({ ...product, qualifiers: [...qualifiers] });
        insert.run(
          source,
          document,
          vulnerability,
          JSON.stringify(vulnerabilities),
          `${product.type}/${product.name}`,
          stored,
          distro ?? null,
          status,
          reason,
        );
      }
    }
  }

  #rating(source: number, advisory: string, vulnerability: string, rating: Rating): void {
    this.#run('INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      source,
      advisory,
      vulnerability,
      rating.by,
      rating.severity,
      rating.score ?? null,
      rating.vector ?? null,
    );
  }

  #remove(source: number, id: string): void {
    this.#run(
      'DELETE FROM affected WHERE advisory IN (SELECT id FROM advisories WHERE source = ? AND name = ?)',
    ).run(source, id);
    this.#run('DELETE FROM advisories WHERE source = ? AND name = ?').run(source, id);
    this.#run('DELETE FROM ratings WHERE source = ? AND advisory = ?').run(source, id);
    this.#run('DELETE FROM vex WHERE source = ? AND document = ?').run(source, id);
  }

  #run(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}
