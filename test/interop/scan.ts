/** `pratique scan` beside Trivy, on the same images with the same advisories: the same findings, with the same fixes. */
import { deepEqual, ok } from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { bookwormBase, jammyBase } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { archivedImage } from '../support/images.ts';
import { run } from '../support/process.ts';
import { trivyFindings, writeTrivyDatabase } from '../support/trivy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

/** What Trivy leaves out because a version is not of PEP 440: the installed one, and a bound of the advisory. */
const unreadable = ['CVE-2014-3539 rope 0.5m4', 'CVE-2020-13388 jw.util 1.5a3'];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: 'Ubuntu 22.04 of April 2022, with what jammy-security has fixed since',
      run: async () => {
        const { tar, sources } = await jammyBase();
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        await context.ok('pratique', [
          'db',
          'changelogs',
          `rootfs:${tar}`,
          '--sources',
          sources,
          '--db',
          database,
        ]);
        const archive = await archivedImage(context, join(directory, 'image.tar'), [tar]);
        const findings = await compare(context, archive, database);
        ok(findings.size > 150, `${findings.size} findings in a base that is years behind`);
      },
    },
    {
      name: 'Debian 12 minimal, with what its security suite has fixed',
      run: async () => {
        const tar = await bookwormBase();
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        await context.ok('pratique', ['db', 'changelogs', `rootfs:${tar}`, '--db', database]);
        const findings = await compare(
          context,
          await archivedImage(context, join(directory, 'image.tar'), [tar]),
          database,
        );
        ok(findings.size > 0, 'nothing found');
      },
    },
    {
      name: 'Alpine 3.10.4, as if what 3.11 had fixed were its own',
      run: async () => {
        const directory = context.scratch();
        await unpack('alpine-secdb', directory);
        for (const name of ['main', 'community']) {
          const secdb = parse(readFileSync(join(directory, 'v3.11', `${name}.yaml`), 'utf8')) as object;
          writeFileSync(
            join(directory, `${name}.json`),
            JSON.stringify({ ...secdb, distroversion: 'v3.10' }),
          );
        }
        const database = join(directory, 'advisories.db');
        const inputs = ['main.json', 'community.json'].map((name) => join(directory, name));
        await context.ok('pratique', ['db', 'import', ...inputs, '--db', database]);
        const archive = join(corpora, 'images', 'alpine-3.10.4-docker-archive.tar.gz');
        const findings = await compare(context, archive, database);
        ok(findings.size > 0, 'nothing found');
      },
    },
    {
      name: 'an affected version of every Python package that has an advisory',
      run: async () => {
        const directory = context.scratch();
        await unpack('pypa-osv', directory);
        const database = join(directory, 'advisories.db');
        await context.ok('pratique', ['db', 'import', join(directory, 'vulns'), '--db', database]);
        const archive = await archivedImage(context, join(directory, 'image.tar'), [
          await pythonRoot(directory),
        ]);
        const findings = await compare(context, archive, database, unreadable);
        ok(findings.size > 1000, `${findings.size} findings in a thousand packages`);
      },
    },
  ];
}

async function unpack(name: string, directory: string): Promise<void> {
  const { code, stderr } = await run('tar', [
    '-xzf',
    join(corpora, 'advisories', `${name}.tar.gz`),
    '-C',
    directory,
  ]);
  if (code !== 0) throw new Error(stderr);
}

/** A root file system where each package of the advisories is installed in the middle one of its affected versions. */
async function pythonRoot(directory: string): Promise<string> {
  const packages = join(directory, 'root', 'usr/lib/python3/site-packages');
  for (const name of readdirSync(join(directory, 'vulns'), { withFileTypes: true })) {
    if (!name.isDirectory()) continue;
    const folder = join(directory, 'vulns', name.name);
    const [first] = readdirSync(folder).sort();
    const record = parse(readFileSync(join(folder, first!), 'utf8')) as {
      affected?: { package: { name: string }; versions?: string[] }[];
    };
    const affected = record.affected?.find(({ versions = [] }) => versions.length > 0);
    if (affected === undefined) continue;
    const version = affected.versions![Math.floor(affected.versions!.length / 2)]!;
    const info = join(packages, `${affected.package.name.replaceAll('-', '_')}-${version}.dist-info`);
    mkdirSync(info, { recursive: true });
    writeFileSync(
      join(info, 'METADATA'),
      `Metadata-Version: 2.1\nName: ${affected.package.name}\nVersion: ${version}\n`,
    );
  }
  const tar = join(directory, 'root.tar');
  const { code, stderr } = await run('tar', ['-C', join(directory, 'root'), '-cf', tar, '.']);
  if (code !== 0) throw new Error(stderr);
  return tar;
}

/** Findings of both, which must be the same but for `onlyOurs`. Of several fixes Trivy names all, and we the next. */
async function compare(
  context: Context,
  archive: string,
  database: string,
  onlyOurs: readonly string[] = [],
): Promise<ReadonlyMap<string, unknown>> {
  const cache = join(context.scratch(), 'trivy');
  await writeTrivyDatabase(context, database, cache);
  const theirs = await trivyFindings(context, archive, cache);
  const output = await context.ok('pratique', [
    'scan',
    `docker-archive:${archive}`,
    '--db',
    database,
    '-o',
    'json',
  ]);
  const report = JSON.parse(output) as {
    findings: { vulnerability: string; package: { name: string; version: string }; fixedVersion?: string }[];
  };
  const ours = new Map(
    report.findings.map((one) => [
      [one.vulnerability, one.package.name, one.package.version].join(' '),
      one.fixedVersion,
    ]),
  );
  deepEqual(
    {
      onlyOurs: [...ours.keys()].filter((key) => !theirs.has(key)).sort(),
      onlyTheirs: [...theirs.keys()].filter((key) => !ours.has(key)),
      otherFix: [...ours].filter(([key, fix]) => {
        const known = theirs.get(key);
        return known !== undefined && (fix === undefined ? known.length > 0 : !known.includes(fix));
      }),
    },
    { onlyOurs, onlyTheirs: [], otherFix: [] },
  );
  process.stdout.write(`       ${ours.size - onlyOurs.length} findings in both\n`);
  return ours;
}
