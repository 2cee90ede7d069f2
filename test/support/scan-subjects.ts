/** Images with what is known of them: scanners of others get the same of both. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { bookwormBase, jammyBase } from './bases.ts';
import type { Context } from './context.ts';
import { archivedImage } from './images.ts';
import { run } from './process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

/** A docker archive, and a database of ours with advisories for it. */
export interface ScanSubject {
  readonly archive: string;
  readonly database: string;
}

export const scanSubjects: readonly {
  readonly id: 'ubuntu' | 'debian' | 'alpine' | 'python';
  readonly name: string;
  /** What is found in it at least, whatever the archives have fixed by now. */
  readonly findings: number;
  readonly make: (context: Context) => Promise<ScanSubject>;
}[] = [
  {
    id: 'ubuntu',
    name: 'Ubuntu 22.04 of April 2022, with what jammy-security has fixed since',
    findings: 150,
    make: async (context) => {
      const { tar, sources } = await jammyBase();
      return await withChangelogs(context, tar, ['--sources', sources]);
    },
  },
  {
    id: 'debian',
    name: 'Debian 12 minimal, with what its security suite has fixed',
    findings: 1,
    make: async (context) => await withChangelogs(context, await bookwormBase(), []),
  },
  {
    id: 'alpine',
    name: 'Alpine 3.10.4, as if what 3.11 had fixed were its own',
    findings: 1,
    make: async (context) => {
      const directory = context.scratch();
      await unpackAdvisories('alpine-secdb', directory);
      const inputs = ['main', 'community'].map((name) => {
        const secdb = parse(readFileSync(join(directory, 'v3.11', `${name}.yaml`), 'utf8')) as object;
        const path = join(directory, `${name}.json`);
        writeFileSync(path, JSON.stringify({ ...secdb, distroversion: 'v3.10' }));
        return path;
      });
      const database = join(directory, 'advisories.db');
      await context.ok('pratique', ['db', 'import', ...inputs, '--db', database]);
      const archive = join(directory, 'image.tar');
      const compressed = readFileSync(join(corpora, 'images', 'alpine-3.10.4-docker-archive.tar.gz'));
      writeFileSync(archive, gunzipSync(compressed));
      return { archive, database };
    },
  },
  {
    id: 'python',
    name: 'an affected version of every Python package that has an advisory',
    findings: 1000,
    make: async (context) => {
      const directory = context.scratch();
      await unpackAdvisories('pypa-osv', directory);
      const database = join(directory, 'advisories.db');
      await context.ok('pratique', ['db', 'import', join(directory, 'vulns'), '--db', database]);
      const tar = await pythonRoot(directory);
      return { archive: await archivedImage(context, join(directory, 'image.tar'), [tar]), database };
    },
  },
];

async function withChangelogs(
  context: Context,
  tar: string,
  sources: readonly string[],
): Promise<ScanSubject> {
  const directory = context.scratch();
  const database = join(directory, 'advisories.db');
  await context.ok('pratique', ['db', 'changelogs', `rootfs:${tar}`, ...sources, '--db', database]);
  return { archive: await archivedImage(context, join(directory, 'image.tar'), [tar]), database };
}

/** One of the archives of advisories, in this directory. */
export async function unpackAdvisories(name: string, directory: string): Promise<void> {
  const archive = join(corpora, 'advisories', `${name}.tar.gz`);
  const { code, stderr } = await run('tar', ['-xzf', archive, '-C', directory]);
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
