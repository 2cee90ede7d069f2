/**
 * The strip step on real bases, at random: whatever is asked for, no program that is left lacks a library that the
 * image’s own loader found for it before, and no file is left whose package has no record any more. What dpkg itself
 * says of the result is asked, too.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { createReadStream, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planStrip, strippedEntries } from '../../packages/harden/src/index.ts';
import { type FileSystem, readRootArchive } from '../../packages/inspect/src/index.ts';
import { buildLayer, type LayerEntry } from '../../packages/oci/src/index.ts';
import { bookwormBase, jammyBase } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { run } from '../support/process.ts';
import { type Oracle, readOracle } from './harden-strip/oracle.ts';
import { generator, type Left, lostLibraries, request } from './harden-strip/random.ts';

/** Of each base. */
const removals = 200;
const seed = 20260805;
/** Of the removals, those whose result is unpacked and shown to dpkg. */
const shown = [0, 1, 2, 3];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const bases = { 'Debian 12': await bookwormBase(), 'Ubuntu 22.04': (await jammyBase()).tar };
  return Object.entries(bases).map(([name, tar]) => ({
    name: `${removals} random removals from ${name}: no library is missing, no record of what is there`,
    run: async () => {
      const oracle = await readOracle(tar, join(context.scratch(), 'root'));
      ok(oracle.loads.size > 200, `${oracle.loads.size} programs and libraries`);
      ok(oracle.owned.size > 80, `${oracle.owned.size} packages`);
      const keep = { id: 'whole', keep: () => 'whole' as const };
      const fileSystem = await readRootArchive(createReadStream(tar), { keep });
      try {
        await removeAtRandom(fileSystem, oracle, context);
      } finally {
        fileSystem.close();
      }
    },
  }));
}

async function removeAtRandom(fileSystem: FileSystem, oracle: Oracle, context: Context): Promise<void> {
  const random = generator(seed);
  const seen = { removals: 0, programs: 0, packages: 0 };
  for (let round = 0; round < removals; round++) {
    const { command, options } = request(random, oracle);
    const about = `round ${round}, seed ${seed}: ${JSON.stringify({ command, options })}`;
    const context_ = { entrypoint: command, cmd: [], healthcheck: [], env: [], workingDir: '/' };
    const plan = planStrip(fileSystem, context_, options);
    const entries = strippedEntries(fileSystem, plan);
    const left = new Map(entries.map((entry) => [entry.path, entry]));
    deepEqual(lostLibraries(oracle, left), [], about);
    deepEqual(wrongRecords(oracle, left), [], about);
    if (shown.includes(round)) await askDpkg(entries, context, about);
    seen.removals += plan.removals.length;
    seen.programs += [...oracle.loads.keys()].filter((path) => left.has(path)).length;
    seen.packages += plan.kept.length;
  }
  const mean = (sum: number) => Math.round(sum / removals);
  // Were hardly anything removed, or hardly anything left, nothing would have been shown.
  ok(mean(seen.removals) > 500, `${mean(seen.removals)} files removed`);
  ok(mean(seen.programs) > 20, `${mean(seen.programs)} programs and libraries left`);
  process.stdout.write(
    `       each time ${mean(seen.removals)} files removed, ${mean(seen.programs)} programs and libraries of ${oracle.loads.size} and ${mean(seen.packages)} packages of ${oracle.owned.size} left\n`,
  );
}

/** Packages with a file that is left and no record of it, and records of files that are gone. */
function wrongRecords({ owned }: Oracle, left: Left): readonly string[] {
  const status = textOf(left.get('var/lib/dpkg/status'));
  const installed = new Set([...status.matchAll(/^Package: (\S+)$/gm)].map(([, name]) => name!));
  return [...owned].flatMap(([name, files]) => {
    const there = files.filter((path) => left.has(path));
    const list = left.get(`var/lib/dpkg/info/${name}.list`);
    if (there.length === 0) return [];
    if (!installed.has(name.replace(/:.*/, '')))
      return [`${name} is not in the status, and ${there[0]} is there`];
    if (list === undefined) return [`${name} has no list, and ${there[0]} is there`];
    const claimed = new Set(
      textOf(list)
        .split('\n')
        .map((path) => path.slice(1).replace(/^(bin|sbin|lib\w*)\//, 'usr/$1/')),
    );
    return [
      ...there.filter((path) => !claimed.has(path)).map((path) => `${name} does not list ${path}`),
      ...files.filter((path) => claimed.has(path) && !left.has(path)).map((path) => `${name} lists ${path}`),
    ];
  });
}

function textOf(entry: LayerEntry | undefined): string {
  if (entry?.type !== 'file') return '';
  const { content } = entry;
  if (content instanceof Uint8Array) return new TextDecoder().decode(content);
  return 'read' in content ? new TextDecoder().decode(content.read(0, content.size)) : '';
}

/** `dpkg --verify`: nothing that a package should have is missing or another file. */
async function askDpkg(entries: readonly LayerEntry[], context: Context, about: string): Promise<void> {
  const directory = context.scratch();
  const root = join(directory, 'stripped');
  mkdirSync(root);
  const archive = join(directory, 'stripped.tar');
  await writeFile(archive, (await buildLayer(entries)).open());
  const unpacked = await run('tar', ['-xf', archive, '-C', root, '--no-same-owner']);
  if (unpacked.code !== 0) throw new Error(unpacked.stderr);
  const { stdout, stderr } = await run('dpkg', [`--root=${root}`, '--verify']);
  deepEqual(stdout + stderr, '', about);
}
