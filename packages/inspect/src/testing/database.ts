import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdvisoryDatabase } from '../advisories/database.ts';
import { importAdvisories } from '../advisories/import.ts';
import type { Package } from '../packages/package.ts';

/** A database of the documents given (JSON, or text of the formats that are text); `now` is when it was built. */
export async function databaseOf(
  documents: readonly unknown[],
  now: Date,
): Promise<{ readonly database: AdvisoryDatabase } & Disposable> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-database-'));
  const inputs = documents.map((document, index) => {
    const path = join(directory, `${index}.json`);
    writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
    return path;
  });
  const path = join(directory, 'advisories.db');
  await importAdvisories(path, inputs, now);
  const database = AdvisoryDatabase.open(path);
  return {
    database,
    [Symbol.dispose]: () => {
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** An OSV record that is about one package. */
export function osv(
  id: string,
  ecosystem: string,
  name: string,
  events: readonly object[],
  more: object = {},
): object {
  const affected = [{ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events }] }];
  return { id, modified: '2024-01-01T00:00:00Z', affected, ...more };
}

/** A package with what tests do not look at filled in. */
export function installed(
  type: Package['type'],
  name: string,
  version: string,
  more: Partial<Package> = {},
): Package {
  const purl = `pkg:${type}/${name}@${version}`;
  return { type, name, version, purl, licenses: [], location: { path: '' }, ...more };
}
