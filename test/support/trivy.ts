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
export async function writeTrivyDatabase(
  { directory }: Pick<Context, 'directory'>,
  database: string,
  cache: string,
): Promise<void> {
  const program = join(directory, 'trivy-db');
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
    readonly Target: string;
    readonly Secrets?: readonly { readonly RuleID: string; readonly StartLine: number }[];
    readonly Vulnerabilities?: readonly {
      readonly VulnerabilityID: string;
      readonly PkgName: string;
      readonly InstalledVersion: string;
      readonly FixedVersion?: string;
    }[];
  }[];
}

/** Reads an image's report of one of Trivy's scanners. */
async function trivyReport(
  context: Context,
  archive: string,
  scanner: 'vuln' | 'secret',
  more: readonly string[],
): Promise<NonNullable<TrivyReport['Results']>> {
  const args = ['--offline-scan', '--scanners', scanner, '-q', '-f', 'json', ...more];
  const output = await context.ok('trivy', ['image', '--input', archive, ...args]);
  return (JSON.parse(output) as TrivyReport).Results ?? [];
}

/** The kinds of secrets in each file: `etc/key: private-key in line 1`. */
export async function trivySecrets(
  context: Context,
  archive: string,
  cache: string,
): Promise<readonly string[]> {
  const results = await trivyReport(context, archive, 'secret', ['--cache-dir', cache]);
  return results
    .flatMap(({ Target, Secrets = [] }) =>
      Secrets.map(({ RuleID, StartLine }) => `${Target.replace(/^\//, '')}: ${RuleID} in line ${StartLine}`),
    )
    .sort();
}

/** Vulnerability, package and installed version of each finding, and the versions that fix it. */
export async function trivyFindings(
  context: Context,
  archive: string,
  cache: string,
): Promise<Map<string, readonly string[]>> {
  const offline = ['--skip-db-update', '--skip-java-db-update', '--cache-dir', cache];
  const results = await trivyReport(context, archive, 'vuln', offline);
  return new Map(
    results.flatMap(({ Vulnerabilities = [] }) =>
      Vulnerabilities.map((one): [string, string[]] => [
        [one.VulnerabilityID, one.PkgName, one.InstalledVersion].join(' '),
        (one.FixedVersion ?? '').split(', ').filter(Boolean),
      ]),
    ),
  );
}
