import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { printable } from '@pratique/errors';
import { makeDirectories } from '@pratique/storage';
import { inspectErrors } from '../errors.ts';
import { checkSchema } from './database.ts';
import { fromChangelog, type SourceChangelog } from './formats/changelog.ts';
import { readAdvisoryFiles } from './read-files.ts';
import { recognise } from './recognise.ts';
import { createTables } from './schema.ts';
import { AdvisoryWriter } from './writer.ts';

export interface ImportReport {
  /** Files that held advisories. */
  readonly files: number;
  /** What was stored: advisories, ratings, exploits and scores together. */
  readonly stored: number;
  readonly withdrawn: number;
  /** Records of ecosystems that are not known here, by ecosystem. Packages of these are not covered. */
  readonly unsupported: ReadonlyMap<string, number>;
}

/**
 * Reads files, directories and zips of advisories into the database at `path`, which is made when there is none. All
 * of it is stored or, when anything cannot be read, nothing. An advisory replaces the earlier one of the same id and
 * source; formats of which one file is the whole source replace the source.
 *
 * @param now the time that the import is recorded under
 * @param signal ends it between files, with nothing stored
 * @throws `ADVISORIES_UNRECOGNISED`, `ADVISORIES_INVALID`, `ADVISORIES_TOO_LARGE`, `ADVISORY_DATABASE_INVALID`
 */
export function importAdvisories(
  path: string,
  inputs: readonly string[],
  now: Date,
  signal?: AbortSignal,
): Promise<ImportReport> {
  return inDatabase(path, now, (writer) => importAll(writer, inputs, signal));
}

/**
 * Stores what changelogs of newer packages say is fixed in them. Each replaces what was stored of its source package.
 *
 * @returns how many vulnerabilities are fixed
 * @throws `ADVISORY_DATABASE_INVALID`
 */
export function importChangelogs(
  path: string,
  changelogs: readonly SourceChangelog[],
  now: Date,
): Promise<number> {
  return inDatabase(path, now, async (writer) => {
    let stored = 0;
    for (const changelog of changelogs) {
      for (const item of fromChangelog(changelog)) {
        if (item.kind === 'unsupported') continue;
        if (item.kind === 'examined') writer.clear(item.source);
        else stored++;
        writer.write(item, 'changelog');
      }
    }
    return stored;
  });
}

/** All that `work` writes is stored, or nothing. Makes the database when there is none. */
async function inDatabase<T>(
  path: string,
  now: Date,
  work: (writer: AdvisoryWriter) => Promise<T>,
): Promise<T> {
  makeDirectories(dirname(path));
  const database = new DatabaseSync(path, { timeout: 30_000 });
  try {
    const isNew = statSync(path).size === 0;
    if (!isNew) checkSchema(database, path);
    database.exec('BEGIN IMMEDIATE');
    try {
      if (isNew) createTables(database);
      const writer = new AdvisoryWriter(database, now);
      const result = await work(writer);
      writer.finish();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  } finally {
    database.close();
  }
}

async function importAll(
  writer: AdvisoryWriter,
  inputs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ImportReport> {
  const unsupported = new Map<string, number>();
  let files = 0;
  let stored = 0;
  let withdrawn = 0;
  for (const input of inputs) {
    let recognised = 0;
    for await (const file of readAdvisoryFiles(input)) {
      signal?.throwIfAborted();
      const found = recognise(file);
      if (found === undefined) continue;
      recognised++;
      const replaced = new Set<string>();
      for (const item of found.items) {
        if (item.kind === 'unsupported') {
          unsupported.set(item.ecosystem, (unsupported.get(item.ecosystem) ?? 0) + 1);
          continue;
        }
        if (found.complete && !replaced.has(item.source)) writer.clear(item.source);
        replaced.add(item.source);
        writer.write(item, found.format);
        if (item.kind !== 'withdrawn') stored++;
        else if (found.format === 'osv') withdrawn++;
      }
    }
    if (recognised === 0) {
      throw inspectErrors.error('ADVISORIES_UNRECOGNISED', {
        message: `${printable(input)} holds no advisories of a known format`,
      });
    }
    files += recognised;
  }
  return { files, stored, withdrawn, unsupported };
}
