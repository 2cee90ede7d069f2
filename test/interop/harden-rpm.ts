/**
 * The strip step on an image of rpm, at random: the files of Debian 12 in packages of rpm, whose database rpm wrote. What
 * is left is what rpm itself says of the database that we write, in two of its versions, and what Syft and Trivy find.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createReadStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { planStrip, profiles, strippedEntries } from '../../packages/harden/src/index.ts';
import { capabilitiesOf } from '../../packages/harden/src/rpm/capabilities.ts';
import { unwanted } from '../../packages/harden/src/strip/profile.ts';
import { type FileSystem, readRootArchive } from '../../packages/inspect/src/index.ts';
import {
  buildImage,
  buildLayer,
  type LayerEntry,
  openLayout,
  pushImage,
} from '../../packages/oci/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { type Result, run } from '../support/process.ts';
import { type Backend, compareWithOthers, compareWithRpm, listed, machine } from '../support/rpm.ts';
import { rpmBase } from '../support/rpm-base.ts';
import { files as databaseNames, named, rootOf } from '../support/rpm-databases.ts';
import { type Oracle, ownPath, readOracle } from './harden-strip/oracle.ts';
import { generator, type Left, lostLibraries, request } from './harden-strip/random.ts';

const removals = 200;
const seed = 20260805;
/** Of the removals, those whose result is unpacked and shown to all that read it. */
const shown = [0, 1, 2, 3];
const database = 'var/lib/rpm/rpmdb.sqlite';

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const tar = await rpmBase();
  const keep = { id: 'whole', keep: () => 'whole' as const };
  return [
    {
      name: `${removals} random removals: no library is missing, no record of what is there, none of what is not`,
      run: async () => {
        const root = join(context.scratch(), 'root');
        const oracle = await readOracle(tar, root, rpmLists);
        ok(oracle.loads.size > 200, `${oracle.loads.size} programs and libraries`);
        ok(oracle.owned.size > 80, `${oracle.owned.size} packages`);
        const fileSystem = await readRootArchive(createReadStream(tar), { keep });
        try {
          await removeAtRandom(fileSystem, oracle, root, context);
        } finally {
          fileSystem.close();
        }
      },
    },
    ...['fedora35', 'fedora35-plus-mongo', 'cbl-mariner-2.0', 'sle15-bci'].map((name) => ({
      name: `the database of ${name}: what is left needs nothing that is gone, but for what the profile takes`,
      run: async () => stripDistribution(context, name),
    })),
    {
      name: 'the command: fewer packages, each where rpm, Syft and Trivy see it, and every one that is gone is told',
      run: async () => hardenImage(context, tar),
    },
  ];
}

async function removeAtRandom(
  fileSystem: FileSystem,
  oracle: Oracle,
  root: string,
  context: Context,
): Promise<void> {
  const random = generator(seed);
  const seen = { removals: 0, programs: 0, packages: 0 };
  const directory = context.scratch();
  for (let round = 0; round < removals; round++) {
    const { command, options } = request(random, oracle);
    const about = `round ${round}, seed ${seed}: ${JSON.stringify({ command, options })}`;
    const context_ = { entrypoint: command, cmd: [], healthcheck: [], env: [], workingDir: '/' };
    const plan = planStrip(fileSystem, context_, options);
    const entries = strippedEntries(fileSystem, plan);
    const left = new Map(entries.map((entry) => [entry.path, entry]));
    deepEqual(lostLibraries(oracle, left), [], about);
    for (const ending of ['-wal', '-shm']) ok(!left.has(`${database}${ending}`), about);
    writeFileSync(join(directory, 'rpmdb.sqlite'), bytesOf(left.get(database)));
    const claimed = await claims(directory);
    deepEqual(wrongRecords(oracle, left, claimed, root), [], about);
    deepEqual([...claimed.keys()].sort(), plan.kept.map(({ name }) => name).sort(), about);
    if (shown.includes(round)) await askOthers(entries, context, about);
    seen.removals += plan.removals.length;
    seen.programs += [...oracle.loads.keys()].filter((path) => left.has(path)).length;
    seen.packages += plan.kept.length;
  }
  const mean = (sum: number) => Math.round(sum / removals);
  // Were hardly anything removed, or hardly anything left, nothing would have been shown.
  ok(mean(seen.removals) > 500, `${mean(seen.removals)} files removed`);
  ok(mean(seen.programs) > 20, `${mean(seen.programs)} programs and libraries left`);
  ok(mean(seen.packages) < oracle.owned.size - 20, `${mean(seen.packages)} packages left`);
  process.stdout.write(
    `       each time ${mean(seen.removals)} files removed, ${mean(seen.programs)} programs and libraries of ${oracle.loads.size} and ${mean(seen.packages)} packages of ${oracle.owned.size} left\n`,
  );
}

/** Of each package, the paths that rpm says are installed. */
type Claims = ReadonlyMap<string, ReadonlySet<string>>;

/** Files that are left and of no package any more, and those that a package has and that are gone. */
function wrongRecords({ owned }: Oracle, left: Left, claimed: Claims, root: string): readonly string[] {
  const real = new Map<string, Set<string>>();
  for (const [name, paths] of claimed)
    for (const path of paths) {
      const at = ownPath(root, path);
      if (at !== undefined) real.set(at, (real.get(at) ?? new Set()).add(name));
    }
  const hidden = [...owned].flatMap(([name, files]) =>
    files
      .filter((path) => left.has(path) && !real.has(path))
      .map((path) => `${path} of ${name} is there, and of no package`),
  );
  const missing = [...real].flatMap(([path, names]) =>
    left.has(path) ? [] : [`${[...names].join()} has ${path}, which is gone`],
  );
  return [...hidden, ...missing];
}

async function claims(directory: string): Promise<Claims> {
  const format = '[%{=NAME}\\t%{FILESTATES}\\t%{FILENAMES}\\n]';
  const files = await machine('rpm', ['--dbpath', directory, '-qa', '--qf', format]);
  const all = await machine('rpm', ['--dbpath', directory, '-qa', '--qf', '%{NAME}\\n']);
  const claimed = new Map(
    all
      .split('\n')
      .filter(Boolean)
      .map((name) => [name, new Set<string>()]),
  );
  for (const line of files.split('\n').filter(Boolean)) {
    const [name, state, path] = line.split('\t');
    if (state === '0') claimed.get(name!)!.add(path!);
  }
  return claimed;
}

async function rpmLists(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  return new Map([...(await claims(join(root, 'var/lib/rpm')))].map(([name, paths]) => [name, [...paths]]));
}

function bytesOf(entry: LayerEntry | undefined): Uint8Array {
  if (entry?.type !== 'file') throw new Error('there is no database');
  const { content } = entry;
  if (content instanceof Uint8Array) return content;
  ok('read' in content);
  return content.read(0, content.size);
}

/** `rpm --verify` misses nothing, the database is whole and can be changed, and Syft, Trivy and we find what rpm lists. */
async function askOthers(entries: readonly LayerEntry[], context: Context, about: string): Promise<void> {
  const directory = context.scratch();
  const root = join(directory, 'stripped');
  mkdirSync(root);
  const archive = join(directory, 'stripped.tar');
  await writeFile(archive, (await buildLayer(entries)).open());
  await machine('tar', ['-xf', archive, '-C', root]);
  await askRpm(root, context, about);
}

async function askRpm(root: string, context: Context, about: string): Promise<readonly string[]> {
  const at = join(root, 'var/lib/rpm');
  // rpmbuild does not write down who owned what.
  const bits = ['--nomtime', '--nouser', '--nogroup', '--nodeps'];
  for (const program of ['rpm', context.tools.rpm]) {
    const { stdout, stderr } = await run(program, [
      '--root',
      root,
      '--dbpath',
      '/var/lib/rpm',
      '-Va',
      ...bits,
    ]);
    // Bits that were taken are all that may differ; nothing is missing, and every file is the one that was packaged.
    const other = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^\.M\.{7} /.test(line));
    deepEqual(other, [], `${program}: ${about}`);
  }
  const installed = await listed(context, at, 'sqlite');
  if (installed.length > 0) {
    const document = await compareWithRpm(context, `rootfs:${root}`, installed);
    await compareWithOthers(context, document, { syft: `dir:${root}`, trivy: ['rootfs', root] });
  }
  await machine('rpmdb', ['--dbpath', at, '--verifydb']);
  await indexesAreRight(at);
  return installed;
}

/** What rpm finds through its indexes is what it finds when it has made them anew. */
async function indexesAreRight(at: string): Promise<void> {
  const indexes = async () => {
    const script = `import hashlib, json, sqlite3, sys
d = sqlite3.connect(sys.argv[1])
names = [n for (n,) in d.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name != 'Packages'")]
header = {h: hashlib.sha256(b).hexdigest() for (h, b) in d.execute('select hnum, blob from Packages')}
print(json.dumps({n: sorted([str(k), header[h], i] for (k, h, i) in d.execute('select * from "%s"' % n)) for n in names}))`;
    return JSON.parse(await machine('python3', ['-c', script, join(at, 'rpmdb.sqlite')]));
  };
  const ours = await indexes();
  await machine('rpmdb', ['--dbpath', at, '--rebuilddb']);
  deepEqual(ours, await indexes());
}

const distributionRemovals = 40;

/** Packages of a distribution as they are, their files empty: what they require is what rpm says of what is left. */
async function stripDistribution(context: Context, name: string): Promise<void> {
  const { backend, count } = named(name);
  const root = await rootOf(context, named(name));
  const at = join(root, 'var/lib/rpm');
  const databaseName = databaseNames[backend];
  const path = `var/lib/rpm/${databaseName}`;
  const ask = queryOf(context, backend);
  const { entries, programs } = await filesOf(ask, at);
  const layer = await buildLayer([
    ...entries,
    { type: 'file', path, content: readFileSync(join(at, databaseName)) },
  ]);
  const keep = { id: 'whole', keep: () => 'whole' as const };
  const fileSystem = await readRootArchive(layer.open(), { keep });
  const had = new Set(await unsatisfied(ask, at));
  const providers = await providersOf(ask, at);
  const random = generator(seed);
  const stripped = await rootOf(context, named(name));
  const directory = join(stripped, 'var/lib/rpm');
  let [left, needs] = [0, 0];
  for (let round = 0; round < distributionRemovals; round++) {
    const program = programs[Math.floor(random() * programs.length)]!;
    const profile = profiles[Math.floor(random() * profiles.length)]!;
    const about = `round ${round}: ${program}, ${profile}`;
    const run = { entrypoint: [`/${program}`], cmd: [], healthcheck: [], env: [], workingDir: '/' };
    const plan = planStrip(fileSystem, run, { profile, mode: 'package', keep: [] });
    const built = new Map(strippedEntries(fileSystem, plan).map((entry) => [entry.path, entry]));
    rmSync(join(directory, 'Index.db'), { force: true });
    writeFileSync(join(directory, databaseName), bytesOf(built.get(path)));
    const kept = new Set(plan.kept.map((one) => one.name));
    deepEqual(
      await listed(context, directory, backend),
      (await listed(context, at, backend)).filter((line) => kept.has(line.split(' ')[0]!)),
      about,
    );
    for (const line of await unsatisfied(ask, directory)) {
      if (had.has(line)) continue;
      const needed = capabilitiesOf({ name: line.replace(/^\S+ needs /, ''), flags: 0, version: '' });
      const gone = needed.flatMap(({ name: one }) =>
        [one.replace(/ .*/, ''), one.replace(/^\/(s?bin|lib|lib64)\//, '/usr/$1/')].flatMap((path) => [
          ...(providers.get(path) ?? []),
        ]),
      );
      ok(gone.length > 0, `${about}: ${line}, which nobody had`);
      const wanted = gone.filter((one) => !kept.has(one) && unwanted(one, profile) === null);
      deepEqual(wanted, [], `${about}: ${line}`);
      needs++;
    }
    if (shown.includes(round) && backend === 'sqlite') await indexesAreRight(directory);
    if (round === 0) {
      const installed = await listed(context, directory, backend);
      const document = await compareWithRpm(context, `rootfs:${stripped}`, installed);
      // This Trivy does not tell from a database alone that it is CBL-Mariner's, before a strip neither.
      if (name !== 'cbl-mariner-2.0')
        await compareWithOthers(context, document, { syft: `dir:${stripped}`, trivy: ['rootfs', stripped] });
    }
    left += plan.kept.length;
  }
  fileSystem.close();
  const mean = Math.round(left / distributionRemovals);
  ok(mean > 2 && mean < count - 5, `${mean} packages left`);
  // Shells go, which scripts of packages ask for: were none missed, nobody would have looked.
  ok(needs > 0, 'rpm misses nothing');
  process.stdout.write(
    `       each time ${mean} packages of ${count} left; ${needs} needs of what profiles take\n`,
  );
}

/** What rpm says of a database in a directory. */
type Ask = (at: string, args: readonly string[]) => Promise<Result>;

function queryOf(context: Context, backend: Backend): Ask {
  const unverified = ['--nosignature', '--nodigest', '--define', `_db_backend ${backend}`];
  return async (at, args) => await run(context.tools.rpm, ['--dbpath', at, ...unverified, ...args]);
}

/** `bash needs libc.so.6()(64bit)`: what rpm misses. */
async function unsatisfied(ask: Ask, at: string): Promise<readonly string[]> {
  const { stdout, stderr } = await ask(at, [
    '-Va',
    '--nofiles',
    '--noscripts',
    '--nosignature',
    '--nodigest',
  ]);
  const found = `${stdout}${stderr}`.matchAll(/^\t(.*) is needed by \(installed\) (\S+)$/gm);
  return [...found].map(([, need, one]) => `${one} needs ${need}`);
}

/** By capability or path, the names of the packages that have it. */
async function providersOf(ask: Ask, at: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const format = '[%{=NAME}\t%{PROVIDENAME}\n][%{=NAME}\t%{FILENAMES}\n]';
  const providers = new Map<string, Set<string>>();
  for (const line of (await ask(at, ['-qa', '--qf', format])).stdout.split('\n')) {
    const [name, provided] = line.split('\t');
    if (provided !== undefined) providers.set(provided, (providers.get(provided) ?? new Set()).add(name!));
  }
  return providers;
}

/** Every file of the database that was installed, without what is in it; what can be run. */
async function filesOf(
  ask: Ask,
  at: string,
): Promise<{ entries: readonly LayerEntry[]; programs: readonly string[] }> {
  const format = '[%{FILESTATES}\t%{FILEMODES}\t%{FILEFLAGS}\t%{FILELINKTOS}\t%{FILENAMES}\n]';
  const lines = (await ask(at, ['-qa', '--qf', format])).stdout.split('\n');
  const files = lines.flatMap((line) => {
    const [state, mode, flags, target, path] = line.split('\t');
    if (path === undefined || path === '/' || state !== '0' || (Number(flags) & 64) !== 0) return [];
    return [{ kind: Number(mode) >> 12, mode: Number(mode) & 0o777, target: target!, path: path.slice(1) }];
  });
  const links = new Map(files.flatMap(({ kind, target, path }) => (kind === 0o12 ? [[path, target]] : [])));
  /** `bin/sh` where `bin` is a link to `usr/bin`. */
  const real = (path: string): string => {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const target = links.get(path.slice(0, slash));
      if (target === undefined) continue;
      const from = posix.dirname(`/${path.slice(0, slash)}`);
      return real(posix.join(posix.resolve(from, target), path.slice(slash)).slice(1));
    }
    return path;
  };
  const entries = new Map<string, LayerEntry>();
  const programs: string[] = [];
  for (const { kind, mode, target, path: named } of files) {
    const path = real(named);
    if (kind === 0o04 && !links.has(path)) entries.set(path, { type: 'directory', path, mode: 0o755 });
    else if (kind === 0o12) entries.set(path, { type: 'symlink', path, target });
    else if (kind === 0o10) {
      entries.set(path, { type: 'file', path, mode, content: new Uint8Array() });
      if (/^usr\/s?bin\//.test(path) && (mode & 0o111) !== 0) programs.push(path);
    }
  }
  return { entries: [...entries.values()], programs: programs.sort() };
}

async function hardenImage(context: Context, tar: string): Promise<void> {
  const directory = context.scratch();
  const keep = { id: 'whole', keep: () => 'whole' as const };
  const fileSystem = await readRootArchive(createReadStream(tar), { keep });
  const plan = planStrip(
    fileSystem,
    { entrypoint: ['/bin/bash'], cmd: [], healthcheck: [], env: [], workingDir: '/' },
    { profile: 'keep-shell', mode: 'package', keep: ['/**'] },
  );
  const layer = await buildLayer(strippedEntries(fileSystem, { ...plan, database: null, removals: [] }));
  const image = buildImage({
    layers: [layer],
    run: { entrypoint: ['/usr/bin/perl'] },
    platform: { os: 'linux', architecture: 'amd64' },
  });
  await pushImage(image, await openLayout(join(directory, 'base'), { create: true }), { tag: 'v1' });
  fileSystem.close();
  writeFileSync(
    join(directory, 'settings.yaml'),
    JSON.stringify({
      strip: { profile: 'distroless' },
      tests: { files: ['tests.yaml'] },
    }),
  );
  writeFileSync(
    join(directory, 'tests.yaml'),
    JSON.stringify({
      schemaVersion: '2.0.0',
      commandTests: [
        {
          name: 'runs',
          command: '/usr/bin/perl',
          args: ['-e', 'print "$<\\n"'],
          expectedOutput: ['^65532\\n$'],
        },
      ],
    }),
  );
  const harden = ['harden', 'oci:base:v1', '-f', 'settings.yaml', '--platform', 'linux/amd64'];
  const options = { cwd: directory };
  const dry = await context.ok('pratique', [...harden, '--dry-run', '--scan=false'], options);
  match(dry, /package coreutils\n/);
  const report = join(directory, 'report.json');
  await context.ok(
    'pratique',
    [...harden, '--scan=false', '--sign=false', '-t', 'oci:result:v1', '--report', report],
    options,
  );
  const { packages, removals: gone } = JSON.parse(readFileSync(report, 'utf8'));
  ok(packages.removed.length > 60, `${packages.removed.length} packages removed`);
  ok(packages.removed.every(({ reason }: { reason: string }) => reason !== ''));
  ok(gone.some(({ path }: { path: string }) => path === `${database}-wal`));
  const root = join(directory, 'root');
  mkdirSync(root);
  const [{ blob }] = [await layerOf(join(directory, 'result'))];
  await machine('tar', ['-xzf', blob, '-C', root]);
  const installed = await askRpm(root, context, 'the command');
  equal(installed.length, packages.kept.length);
  process.stdout.write(
    `       ${packages.kept.length} packages of ${packages.kept.length + packages.removed.length} left\n`,
  );
}

async function layerOf(layout: string): Promise<{ readonly blob: string }> {
  const read = (digest: string) =>
    JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const manifest = read(index.manifests[0].digest);
  return { blob: join(layout, 'blobs', manifest.layers[0].digest.replace(':', '/')) };
}
