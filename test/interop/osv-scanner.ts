/** `pratique scan` beside osv-scanner, on the same bill of materials with the same zips of OSV records: the same advisories. */
import { deepEqual, ok } from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Context, Scenario } from '../support/context.ts';
import { describe, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

interface OsvRecord {
  readonly id: string;
  readonly affected?: readonly {
    readonly package: { readonly name: string };
    readonly versions?: readonly string[];
    readonly ranges?: readonly {
      readonly type: string;
      readonly events: readonly { readonly introduced?: string }[];
    }[];
  }[];
}

/** It looks for `jw-util`, as PEP 503 has the name, where the record says `jw.util`. */
const otherName = 'PYSEC-2020-341 jw.util 1.5a3';

/**
 * Whether a finding is one that osv-scanner leaves out because it stops at the first range of commits: the ranges of
 * versions after it are not looked at, only the list of versions.
 */
function cutShort(records: readonly OsvRecord[]): (finding: string) => boolean {
  const after = new Map<string, readonly string[]>(
    records.flatMap(({ id, affected = [] }) =>
      affected
        .filter(({ ranges = [] }) => ranges[0]?.type === 'GIT' && ranges.length > 1)
        .map(({ package: { name }, versions = [] }) => [`${id} ${name.toLowerCase()}`, versions] as const),
    ),
  );
  return (finding) => {
    const [, name = '', version = ''] = /^(.+) (.+)$/.exec(finding) ?? [];
    const versions = after.get(name);
    return versions !== undefined && !versions.includes(version);
  };
}

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: 'an affected version of every Go module and Python package that has an advisory',
      run: async () => {
        const directory = context.scratch();
        const go = await recordsOf('go-osv', directory, 'data/osv/*.json', JSON.parse);
        const python = await recordsOf('pypa-osv', directory, 'vulns/*/*.yaml', parse);
        const zips = await Promise.all([zipped(directory, 'Go', go), zipped(directory, 'PyPI', python)]);
        const sbom = join(directory, 'all.cdx.json');
        const purls = [...affectedModules(go), ...affectedPackages(python)];
        const components = purls.map((purl) => ({ type: 'library', ...nameOf(purl), purl }));
        writeFileSync(
          sbom,
          JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }),
        );
        const database = join(directory, 'advisories.db');
        await context.ok('pratique', ['db', 'import', ...zips, '--db', database]);
        const ours = oursOf(await context.ok('pratique', ['scan', sbom, '--db', database, '-o', 'json']));
        const { stdout } = await context.exits(
          1,
          'osv-scanner',
          ['scan', 'source', '--offline', '--format', 'json', '-L', sbom],
          { env: { OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY: directory } },
        );
        const theirs = theirsOf(stdout);
        const cut = cutShort(python);
        deepEqual(
          {
            onlyOurs: [...ours].filter((one) => !theirs.has(one) && !cut(one)).sort(),
            onlyTheirs: [...theirs].filter((one) => !ours.has(one)).sort(),
          },
          { onlyOurs: [otherName], onlyTheirs: [] },
        );
        ok(ours.size > 3000, `${ours.size} findings in ${purls.length} packages`);
        process.stdout.write(`       ${theirs.size} findings in both, of ${purls.length} packages\n`);
      },
    },
  ];
}

async function succeeds(command: string, args: readonly string[], cwd: string): Promise<void> {
  const result = await run(command, args, { cwd });
  if (result.code !== 0) throw new Error(describe(command, args, result));
}

async function recordsOf(
  name: string,
  directory: string,
  files: string,
  read: (text: string) => unknown,
): Promise<readonly OsvRecord[]> {
  const target = join(directory, name);
  mkdirSync(target);
  await succeeds('tar', ['-xzf', join(corpora, 'advisories', `${name}.tar.gz`), '-C', target], directory);
  return globSync(files, { cwd: target })
    .sort()
    .map((file) => read(readFileSync(join(target, file), 'utf8')) as OsvRecord);
}

/** `all.zip` as osv.dev has it for an ecosystem, where osv-scanner 2.5 looks for it (not where it says: its issue 2983). */
async function zipped(directory: string, ecosystem: string, records: readonly OsvRecord[]): Promise<string> {
  const place = join(directory, 'osv-scalibr', ecosystem);
  const files = join(directory, `${ecosystem}-records`);
  mkdirSync(place, { recursive: true });
  mkdirSync(files);
  for (const record of records)
    writeFileSync(join(files, `${basename(record.id)}.json`), JSON.stringify(record));
  const zip = join(place, 'all.zip');
  await succeeds('python3', ['-m', 'zipfile', '-c', zip, `${files}/.`], directory);
  return zip;
}

/** A version that the first range of each module begins with. */
function affectedModules(records: readonly OsvRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ affected = [] }) =>
      affected.flatMap(({ package: { name }, ranges = [] }) => {
        const introduced = ranges[0]?.events.find((event) => event.introduced !== undefined)?.introduced;
        if (introduced === undefined || name === 'toolchain') return [];
        const version = introduced === '0' ? '0.0.1' : introduced;
        return [
          `pkg:golang/${name.split('/').map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`,
        ];
      }),
    ),
  );
}

/** The middle one of the affected versions of each package. */
function affectedPackages(records: readonly OsvRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ affected = [] }) =>
      affected.flatMap(({ package: { name }, versions = [] }) => {
        const version = versions[Math.floor(versions.length / 2)];
        return version === undefined ? [] : [`pkg:pypi/${name.toLowerCase()}@${encodeURIComponent(version)}`];
      }),
    ),
  );
}

function nameOf(purl: string): { readonly name: string; readonly version: string } {
  const [, name = '', version = ''] = /^pkg:[a-z]+\/(.+)@([^@]+)$/.exec(purl) ?? [];
  return { name: decodeURIComponent(name), version: decodeURIComponent(version) };
}

/** `GO-2020-0001 github.com/gin-gonic/gin 0.0.1` */
function oursOf(report: string): ReadonlySet<string> {
  const { findings } = JSON.parse(report) as {
    findings: { package: { name: string; version: string }; advisories: { id: string }[] }[];
  };
  return new Set(
    findings.flatMap(({ package: { name, version }, advisories }) =>
      advisories.map(({ id }) => `${id} ${name} ${version}`),
    ),
  );
}

function theirsOf(report: string): ReadonlySet<string> {
  const { results } = JSON.parse(report) as {
    results: {
      packages: { package: { name: string; version: string }; vulnerabilities?: { id: string }[] }[];
    }[];
  };
  return new Set(
    results.flatMap(({ packages }) =>
      packages.flatMap(({ package: { name, version }, vulnerabilities = [] }) =>
        vulnerabilities.map(({ id }) => `${id} ${name} ${version}`),
      ),
    ),
  );
}
