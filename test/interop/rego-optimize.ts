/** `policy build --optimize` beside `opa build --optimize`: the same rules, and OPA gives the answers it gave before. */
import { deepEqual, notDeepEqual } from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleJson, parseModule, readBundleArchive } from '@pratique/rego';
import type { Context, Scenario } from '../support/context.ts';
import { OPTIMIZE_CASES, type OptimizeCase } from '../support/rego-optimize.ts';

const LEVELS = ['1', '2'];

function written(context: Context, { modules, data, roots }: OptimizeCase): string {
  const cwd = context.scratch();
  mkdirSync(join(cwd, 'site'), { recursive: true });
  for (const [file, text] of Object.entries(modules)) writeFileSync(join(cwd, 'site', file), text);
  writeFileSync(join(cwd, 'site', 'data.json'), JSON.stringify(data));
  if (roots !== undefined) writeFileSync(join(cwd, 'site', '.manifest'), JSON.stringify({ roots }));
  return cwd;
}

/** What all documents are for all inputs, by the given program. */
async function answers(
  context: Context,
  program: 'opa' | 'pratique',
  bundle: string,
  { documents, inputs }: OptimizeCase,
  cwd: string,
): Promise<unknown> {
  const members = documents.map((path) => {
    const ref = `data${path
      .split('/')
      .map((name) => `[${JSON.stringify(name)}]`)
      .join('')}`;
    return `${JSON.stringify(path)}: {i: v | some i, world in inputs; v := ${ref} with input as world}`;
  });
  const query = `inputs := ${JSON.stringify(inputs)}; x := {${members.join(', ')}}`;
  const args = [...(program === 'opa' ? [] : ['policy']), 'eval', '-b', bundle, query];
  const { result } = JSON.parse(await context.ok(program, args, { cwd })) as {
    result: { bindings: { x: unknown } }[];
  };
  return result[0]?.bindings.x;
}

/** Modules of a bundle as trees, by file. */
function rules(path: string): Record<string, unknown> {
  const { modules } = readBundleArchive(readFileSync(path));
  return Object.fromEntries(
    modules
      .map(({ path: file, text, regoVersion }): [string, unknown] => [
        file,
        JSON.parse(moduleJson(parseModule(text, { file, regoVersion }))),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

async function sameAnswers(context: Context, given: OptimizeCase): Promise<void> {
  const cwd = written(context, given);
  const mode = given.roots === undefined ? [] : ['-b'];
  const paths =
    mode.length === 0
      ? ['site/data.json', ...Object.keys(given.modules).map((name) => `site/${name}`)]
      : ['site'];
  const named = given.entrypoints.flatMap((path) => ['-e', path]);
  await context.ok('opa', ['build', ...mode, '-o', 'plain.tar.gz', ...paths], { cwd });
  const expected = await answers(context, 'opa', 'plain.tar.gz', given, cwd);
  for (const level of LEVELS) {
    const args = ['build', ...mode, '-O', level, ...named, ...paths, '-o'];
    await context.ok('pratique', ['policy', ...args, 'ours.tar.gz'], { cwd });
    for (const program of ['opa', 'pratique'] as const) {
      deepEqual(
        await answers(context, program, 'ours.tar.gz', given, cwd),
        expected,
        `-O ${level} by pratique, evaluated by ${program}`,
      );
    }
    await context.ok('opa', [...args, 'theirs.tar.gz'], { cwd });
    if (given.opaDiffers === true) {
      // Kept in step: the case is one that OPA 1.20 gets wrong.
      const theirs = await answers(context, 'opa', 'theirs.tar.gz', given, cwd).catch(() => 'does not load');
      notDeepEqual(theirs, expected, `-O ${level} by opa, evaluated by opa`);
      continue;
    }
    deepEqual(
      await answers(context, 'pratique', 'theirs.tar.gz', given, cwd),
      expected,
      `-O ${level} by opa, evaluated by pratique`,
    );
    // Rules made for a second entry point have names of their own here, and in OPA may have one of the first's.
    if (given.entrypoints.length > 1) continue;
    deepEqual(rules(join(cwd, 'ours.tar.gz')), rules(join(cwd, 'theirs.tar.gz')), `rules of -O ${level}`);
  }
}

async function sameRefusals(context: Context): Promise<void> {
  const cwd = written(context, OPTIMIZE_CASES[0] as OptimizeCase);
  writeFileSync(join(cwd, 'plain.rego'), 'package plain\n\nallow if input.x\n\nnever if false\n');
  for (const entrypoints of [[], ['-e', 'plain/nope'], ['-e', 'plain'], ['-e', 'plain/never']]) {
    const args = ['build', '-O', '1', ...entrypoints, 'plain.rego'];
    const theirs = await context.exits(1, 'opa', args, { cwd });
    const ours = await context.exits(1, 'pratique', ['policy', ...args], { cwd });
    // OPA says it on its standard output.
    deepEqual(ours.stderr.trim(), theirs.stdout.trim(), args.join(' '));
  }
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    ...OPTIMIZE_CASES.map((given) => ({ name: given.name, run: () => sameAnswers(context, given) })),
    { name: 'entry points that are none', run: () => sameRefusals(context) },
  ];
}
