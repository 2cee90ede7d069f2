/** Grype on our advisories: a database in its own format, and what it finds with it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import type { VersionRange } from '../../packages/inspect/src/advisories/advisory.ts';
import { buildGoProgram } from '../tools/go.ts';
import { type AffectedRow, isPep440, readAffected } from './advisories.ts';
import type { Context } from './context.ts';
import { run } from './process.ts';

/** Our types of packages by the names that Syft has for them. */
const ecosystems: Readonly<Record<string, string>> = {
  deb: 'deb',
  apk: 'apk',
  rpm: 'rpm',
  npm: 'npm',
  pypi: 'python',
  golang: 'go-module',
};

/** It has the advisories of these under the name of what they are built from. */
const systems: Readonly<Record<string, string>> = { rocky: 'rhel', almalinux: 'rhel' };

/** It asks for a release by its codename too, where os-release has one. */
const codenames: Readonly<Record<string, string>> = { 'debian:12': 'bookworm', 'ubuntu:22.04': 'jammy' };

/** Nothing is fetched: no newer Grype, no newer database, and no database because ours is old. */
function environment(cache: string): Readonly<Record<string, string>> {
  return {
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_DB_VALIDATE_AGE: 'false',
    GRYPE_DB_CACHE_DIR: cache,
    // Where it would ask, if all of this did not help.
    GRYPE_DB_UPDATE_URL: 'http://127.0.0.1:9/',
  };
}

/** Writes what `database` (ours) says as a database of Grype's, in the directory `cache`. */
export async function writeGrypeDatabase(context: Context, database: string, cache: string): Promise<void> {
  const program = join(context.directory, 'grype-db');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('../interop/grype-db', import.meta.url)),
    program,
  );
  const directory = context.scratch();
  const result = await run(program, [directory], {
    input: JSON.stringify(readAffected(database).flatMap(affected)),
  });
  if (result.code !== 0) throw new Error(result.stderr);
  const env = environment(cache);
  await context.ok('grype', ['db', 'import', join(directory, 'vulnerability.db'), '-q'], { env });
}

function affected({ type, distro, package: name, vulnerability, ranges, versions }: AffectedRow) {
  const ecosystem = ecosystems[type];
  if (ecosystem === undefined) return [];
  const [id = '', release] = distro.split(':');
  const [major, minor = ''] = release?.split('.') ?? [];
  return [
    {
      vulnerability,
      ecosystem,
      package: name,
      system:
        distro === '' ? null : { name: systems[id] ?? id, major, minor, codename: codenames[distro] ?? '' },
      ranges: [
        ...ranges.map((range) => ({ constraint: constraint(range, type), fixed: range.fixed ?? '' })),
        ...versions
          .filter((version) => type !== 'pypi' || isPep440(version))
          .map((version) => ({ constraint: `= ${version}`, fixed: '' })),
      ],
    },
  ];
}

/** One without bounds it would take for none. */
function constraint({ introduced, fixed, lastAffected }: VersionRange, type: string): string {
  const bounds = [
    ...(introduced === undefined ? [] : [`>= ${introduced}`]),
    ...(fixed === undefined ? [] : [`< ${fixed}`]),
    ...(lastAffected === undefined ? [] : [`<= ${lastAffected}`]),
  ];
  if (bounds.length > 0) return bounds.join(', ');
  return type === 'pypi' ? '>= 0.dev0' : '>= 0';
}

interface GrypeReport {
  readonly matches: readonly {
    readonly vulnerability: { readonly id: string; readonly fix: { readonly versions: readonly string[] } };
    readonly artifact: { readonly name: string; readonly version: string };
  }[];
}

/**
 * Vulnerability, package and installed version of each finding, and the versions that fix it.
 *
 * @param source as Grype names it: `docker-archive:FILE`, `sbom:FILE`
 */
export async function grypeFindings(
  context: Context,
  source: string,
  cache: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = await context.ok('grype', [source, '-q', '-o', 'json'], { env: environment(cache) });
  const findings = new Map<string, readonly string[]>();
  for (const { vulnerability, artifact } of (JSON.parse(output) as GrypeReport).matches) {
    const key = [vulnerability.id, artifact.name, artifact.version].join(' ');
    findings.set(key, [...(findings.get(key) ?? []), ...vulnerability.fix.versions]);
  }
  return findings;
}
