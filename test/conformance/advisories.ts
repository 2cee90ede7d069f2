/**
 * Real advisories: each is imported, and its ranges are asked about the versions it names itself. A version that it
 * lists, or that is introduced, is affected; the one that fixes it is not. Nothing is left out unseen.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { VersionRange } from '../../packages/inspect/src/advisories/advisory.ts';
import { importAdvisories, type PackageType } from '../../packages/inspect/src/index.ts';
import { isAffected } from '../../packages/inspect/src/vulnerabilities/ranges.ts';
import type { SuiteResult } from './expectations.ts';

/** What is in each archive that is an input. */
const archives = [
  { name: 'go-osv', input: 'data/osv' },
  { name: 'pypa-osv', input: 'vulns' },
  { name: 'debian-dsa-dla', input: 'data' },
  { name: 'alpine-secdb', input: '.' },
] as const;

export async function run(corpora: string): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const { name, input } of archives) {
    const directory = mkdtempSync(join(tmpdir(), 'pratique-advisories-'));
    try {
      const archive = join(corpora, 'advisories', `${name}.tar.gz`);
      const { status } = spawnSync('tar', ['-xzf', archive, '-C', directory], { stdio: ['ignore', 2, 2] });
      if (status !== 0) throw new Error(`${archive} could not be unpacked`);
      const path = join(directory, 'advisories.db');
      const { unsupported } = await importAdvisories(path, [join(directory, input)], new Date());
      const failures = [...unsupported].map(
        ([ecosystem, count]) => `${ecosystem}: ${count} entries left out`,
      );
      let passed = 0;
      for (const { id, holds } of judgements(path)) {
        if (holds) passed++;
        else failures.push(id);
      }
      results.push({ suite: `advisories/${name}`, passed, failed: failures.length, failures });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  return results;
}

/** What each stored advisory must say of the versions that it names. */
function* judgements(path: string): Generator<{ readonly id: string; readonly holds: boolean }> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare(
      'SELECT a.name, f.type, f.distro, f.package, f.ranges, f.versions FROM affected f JOIN advisories a ON a.id = f.advisory',
    );
    for (const row of rows.iterate()) {
      const type = row.type as PackageType;
      const ranges = JSON.parse(row.ranges as string) as VersionRange[];
      const versions = JSON.parse(row.versions as string) as string[];
      const where = `${row.name} ${row.distro} ${row.package}`;
      for (const version of versions)
        yield { id: `${where} ${version}`, holds: isAffected(type, version, { ranges, versions: [] }) };
      for (const range of ranges) {
        const { introduced, fixed, lastAffected } = range;
        const own = (version: string): boolean =>
          isAffected(type, version, { ranges: [range], versions: [] });
        if (introduced !== undefined) yield { id: `${where} from ${introduced}`, holds: own(introduced) };
        if (lastAffected !== undefined) yield { id: `${where} to ${lastAffected}`, holds: own(lastAffected) };
        if (fixed !== undefined) yield { id: `${where} fixed in ${fixed}`, holds: !own(fixed) };
      }
    }
  } finally {
    database.close();
  }
}
