/** Trivy on our advisories: a database in its own format, and what it finds with it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import type { VersionRange } from '../../packages/inspect/src/advisories/advisory.ts';
import { buildGoProgram } from '../tools/go.ts';
import { isPep440, readAffected } from './advisories.ts';
import type { Context } from './context.ts';
import { run } from './process.ts';

/** Trivy's names of the buckets for what our database keeps under a type and distribution. */
function bucketOf(type: string, distro: string): string | undefined {
  if (distro !== '') return distro.replace(':', ' ');
  return type === 'pypi' ? 'pip::PYSEC' : undefined;
}

/** Writes what `database` (ours) says as a database of Trivy's below `cache`. */
export async function writeTrivyDatabase(context: Context, database: string, cache: string): Promise<void> {
  const program = join(context.directory, 'trivy-db');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('../interop/trivy-db', import.meta.url)),
    program,
  );
  const rows = advisoriesOf(database);
  const dataSources = Object.fromEntries(
    rows.map(({ bucket }) => [bucket, { ID: bucket, Name: 'Pratique' }]),
  );
  mkdirSync(cache, { recursive: true });
  const result = await run(program, [cache], { input: JSON.stringify({ dataSources, advisories: rows }) });
  if (result.code !== 0) throw new Error(result.stderr);
}

function advisoriesOf(path: string) {
  return readAffected(path).flatMap(({ type, distro, package: name, vulnerability, ranges, versions }) => {
    const bucket = bucketOf(type, distro);
    if (bucket === undefined) return [];
    const advisory = distro === '' ? constraints(ranges, versions) : { FixedVersion: ranges[0]?.fixed ?? '' };
    return [{ bucket, package: name, vulnerability, advisory }];
  });
}

/** What Trivy calls constraints, in the words of PEP 440. */
function constraints(ranges: readonly VersionRange[], versions: readonly string[]) {
  const written = ranges.map(
    ({ introduced, fixed, lastAffected }) =>
      [
        ...(introduced === undefined ? [] : [`>=${introduced}`]),
        ...(fixed === undefined ? [] : [`<${fixed}`]),
        ...(lastAffected === undefined ? [] : [`<=${lastAffected}`]),
      ].join(', ') || '>=0.dev0',
  );
  return {
    // One version that is not of PEP 440, and Trivy leaves the whole advisory out.
    VulnerableVersions: [...written, ...versions.filter(isPep440).map((version) => `==${version}`)],
    PatchedVersions: ranges.flatMap(({ fixed }) => fixed ?? []),
  };
}

interface TrivyReport {
  readonly Results?: readonly {
    readonly Vulnerabilities?: readonly {
      readonly VulnerabilityID: string;
      readonly PkgName: string;
      readonly InstalledVersion: string;
      readonly FixedVersion?: string;
    }[];
  }[];
}

/** Vulnerability, package and installed version of each finding, and the versions that fix it. */
export async function trivyFindings(
  context: Context,
  archive: string,
  cache: string,
): Promise<Map<string, readonly string[]>> {
  const args = [
    '--skip-db-update',
    '--skip-java-db-update',
    '--offline-scan',
    '--scanners',
    'vuln',
    '-q',
    '-f',
    'json',
  ];
  const output = await context.ok('trivy', ['image', '--input', archive, '--cache-dir', cache, ...args]);
  const { Results = [] } = JSON.parse(output) as TrivyReport;
  return new Map(
    Results.flatMap(({ Vulnerabilities = [] }) =>
      Vulnerabilities.map((one): [string, string[]] => [
        [one.VulnerabilityID, one.PkgName, one.InstalledVersion].join(' '),
        (one.FixedVersion ?? '').split(', ').filter(Boolean),
      ]),
    ),
  );
}
