/** `pratique scan` beside Grype, on the same images with the same advisories: the same findings, with the same fixes. */
import { deepEqual, ok } from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences, ourFindings, readAffected } from '../support/advisories.ts';
import type { Context, Scenario } from '../support/context.ts';
import { grypeFindings, writeGrypeDatabase } from '../support/grype.ts';
import { type ScanSubject, scanSubjects, unpackAdvisories } from '../support/scan-subjects.ts';

/** In what both differ, each with the reason. */
interface Differences {
  readonly onlyOurs: readonly string[];
  readonly onlyTheirs: readonly string[];
  /** Findings whose fixes are others. */
  readonly otherFix: readonly string[];
}

/** Grype compares v0.0.0 with the time of a commit behind it with other such versions only. */
const pseudoVersion = / v0\.0\.0-[0-9]{14}-[0-9a-f]{12}$/;

/** Of the records of Go one in so many: Grype's time grows with the square of the number of modules. */
const everyModule = 20;

const none: Differences = { onlyOurs: [], onlyTheirs: [], otherFix: [] };

const languagePackages: Differences = {
  ...none,
  // What 0.50.0 brought back has no fix; Grype names that of the older branch, 0.47.10.
  otherFix: ['v0.50.0', 'v0.50.4', 'v0.50.4-rc.1'].map(
    (version) => `GO-2024-2584 github.com/cosmos/cosmos-sdk ${version}`,
  ),
};

const python: Differences = {
  ...none,
  onlyOurs: [
    // 0.5m4 is no version of PEP 440, and what Grype cannot compare it leaves out.
    'CVE-2014-3539 rope 0.5m4',
    // Both find it: Grype writes the name of the package as PEP 503 has it.
    'CVE-2020-13388 jw.util 1.5a3',
  ],
  onlyTheirs: ['CVE-2020-13388 jw-util 1.5a3'],
};

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    ...scanSubjects.map(({ id, name, findings, make }) => ({
      name,
      run: async () => {
        const { archive, database } = await make(context);
        const found = await compare(
          context,
          `docker-archive:${archive}`,
          `docker-archive:${archive}`,
          database,
          id === 'python' ? python : none,
        );
        ok(found >= findings, `${found} findings, and there are at least ${findings}`);
      },
    })),
    {
      name: 'a bill of materials with npm packages and Go modules, at, before and just before their fixes',
      run: async () => {
        const { sbom, database } = await languages(context);
        const found = await compare(context, sbom, `sbom:${sbom}`, database, languagePackages);
        ok(found > 500, `${found} findings in packages that all have advisories`);
      },
    },
  ];
}

async function compare(
  context: Context,
  subject: string,
  source: string,
  database: string,
  known: Differences,
): Promise<number> {
  const cache = join(context.scratch(), 'grype');
  await writeGrypeDatabase(context, database, cache);
  const theirs = await grypeFindings(context, source, cache);
  const ours = ourFindings(await context.ok('pratique', ['scan', subject, '--db', database, '-o', 'json']));
  const found = differences(ours, theirs);
  deepEqual(
    {
      onlyOurs: found.onlyOurs.filter((key) => !pseudoVersion.test(key)),
      onlyTheirs: found.onlyTheirs.filter(isUnambiguous(database)),
      otherFix: found.otherFix.map(([key]) => key).sort(),
    },
    known,
  );
  process.stdout.write(`       ${ours.size - found.onlyOurs.length} findings in both\n`);
  return ours.size;
}

/**
 * Tells findings of packages whose names are no others' but for their case: npm has a jquery and a jQuery, and Go tells
 * modules apart by case. To Grype's database they are one.
 */
function isUnambiguous(database: string): (key: string) => boolean {
  const names = new Set(readAffected(database).map((row) => row.package));
  const spellings = Map.groupBy(names, (name) => name.toLowerCase());
  return (key) => (spellings.get(key.split(' ')[1]!.toLowerCase()) ?? []).length < 2;
}

/** What an advisory of the Node.js security working group says: ranges in the words of npm. */
interface NodeAdvisory {
  readonly id: number;
  readonly module_name: string;
  readonly vulnerable_versions?: string | null;
  readonly patched_versions?: string | null;
}

interface OsvRecord {
  readonly affected?: readonly {
    readonly package: { readonly name: string };
    readonly ranges?: readonly { readonly events: readonly Readonly<Record<string, string>>[] }[];
  }[];
}

/** Advisories of npm and Go, and for each of their packages the versions where it matters what is compared how. */
async function languages(
  context: Context,
): Promise<Pick<ScanSubject, 'database'> & { readonly sbom: string }> {
  const directory = context.scratch();
  await unpackAdvisories('npm-security-wg', directory);
  await unpackAdvisories('go-osv', directory);
  const purls = new Set<string>();
  const records = join(directory, 'npm');
  mkdirSync(records);
  for (const file of globSync('vuln/npm/*.json', { cwd: directory }).sort()) {
    const { id, module_name: name, patched_versions: patched } = read<NodeAdvisory>(join(directory, file));
    const fixed = /^>=\s*(\d+\.\d+\.\d+)$/.exec(patched ?? '')?.[1];
    if (fixed === undefined) continue;
    const ranges = [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }];
    const record = {
      id: `NSWG-ECO-${id}`,
      modified: '2020-01-01T00:00:00Z',
      affected: [{ package: { ecosystem: 'npm', name }, ranges }],
    };
    writeFileSync(join(records, `${record.id}.json`), JSON.stringify(record));
    for (const version of ['0.0.1', fixed, `${fixed}-rc.1`])
      purls.add(`pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${version}`);
  }
  const modules = globSync('data/osv/*.json', { cwd: directory }).sort();
  for (const file of modules.filter((_, at) => at % everyModule === 0)) {
    for (const { package: module, ranges = [] } of read<OsvRecord>(join(directory, file)).affected ?? []) {
      if (['stdlib', 'toolchain'].includes(module.name)) continue;
      const events = ranges.flatMap((range) => range.events.flatMap(Object.values) as string[]);
      for (const version of new Set(events.map((event) => (event === '0' ? '0.0.1' : event))))
        for (const one of [`v${version}`, ...(/^\d+\.\d+\.\d+$/.test(version) ? [`v${version}-rc.1`] : [])])
          purls.add(`pkg:golang/${module.name.split('/').map(encodeURIComponent).join('/')}@${one}`);
    }
  }
  const sbom = join(directory, 'all.cdx.json');
  const components = [...purls].map((purl) => ({ type: 'library', 'bom-ref': purl, ...nameOf(purl), purl }));
  writeFileSync(sbom, JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }));
  const database = join(directory, 'advisories.db');
  const inputs = [records, join(directory, 'data/osv')];
  await context.ok('pratique', ['db', 'import', ...inputs, '--db', database]);
  return { sbom, database };
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function nameOf(purl: string): { readonly name: string; readonly version: string } {
  const [, name = '', version = ''] = /^pkg:[a-z]+\/(.+)@([^@]+)$/.exec(purl) ?? [];
  return { name: decodeURIComponent(name), version };
}
