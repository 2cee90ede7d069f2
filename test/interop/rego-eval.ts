/** `pratique policy eval` beside `opa eval`: its less common flags. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';

const FILES: Readonly<Record<string, string>> = {
  'site/p.rego': `package p

import data.lib

# METADATA
# entrypoint: true
allow if input.x > 1

allow if 1 / 0 == 1

deny contains y if {
	some x in [1, 0, 2]
	y := lib.f(x)
}

level := 1 if input.x == 1

level := 2 if input.x == 2

positive if input.x > 1

positive if input.x > 0

now if time.now_ns() > data.limits.least

roll := rand.intn("x", 1)

unknown if time.parse_rfc3339_ns(input.when) > 0

later if time.now_ns() > input.x
`,
  'site/lib.rego': 'package lib\n\nf(x) := 1 / x\n\ng := to_number("x")\n',
  'site/limits/data.json': '{"least": 3}',
  'empty/data.json': '{}',
  'wide.json': `{"text": "${'long '.repeat(40)}", "list": [1, 2]}`,
  'input.json': '{"x": 2}',
  'zero.json': '{"x": 0}',
  'bad.rego': 'package bad\n\np := foo(1)\n',
  'plain.rego': 'package plain\n\np := 1\n',
};

function written(context: Context): string {
  const directory = context.scratch();
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

const POLICIES = ['-d', 'site/p.rego', '-d', 'site/lib.rego', '-d', 'site'];

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function both(context: Context, args: readonly string[], cwd: string): Promise<[Answer, Answer]> {
  return [
    await context.run('opa', ['eval', ...args], { cwd }),
    await context.run('pratique', ['policy', 'eval', ...args], { cwd }),
  ];
}

/** Standard output and exit code of both, with times and the widths of their columns left out. */
async function same(context: Context, args: readonly string[], cwd: string): Promise<Answer> {
  const [theirs, ours] = await both(context, args, cwd);
  const text = args.join(' ');
  equal(withoutTimes(ours.stdout), withoutTimes(theirs.stdout), text);
  equal(ours.code, theirs.code, `${text}\n${ours.stderr}`);
  return theirs;
}

function withoutTimes(text: string): string {
  return text.replaceAll(/("timer_\w+_ns"): \d+/g, '$1: T');
}

async function builtinErrors(context: Context): Promise<void> {
  const cwd = written(context);
  const query = 'data.p.deny; data.lib; object.get(data.p, "allow", 3)';
  for (const format of ['json', 'discard']) {
    await same(context, ['--show-builtin-errors', ...POLICIES, '-i', 'zero.json', '-f', format, query], cwd);
  }
  for (const format of ['pretty', 'values', 'bindings', 'raw']) {
    const args = ['--show-builtin-errors', ...POLICIES, '-i', 'zero.json', '-f', format, query];
    const [theirs, ours] = await both(context, args, cwd);
    const messages = ({ stderr }: Answer): string[] =>
      [...stderr.matchAll(/^(?:1 error occurred: )?(\S+\.rego:\d+)(?::\d+)?: (.*)$/gm)].map(
        ([, place, message]) => `${place} ${message}`,
      );
    deepEqual(messages(ours), messages(theirs), args.join(' '));
    notEqual(messages(theirs).length, 0);
    deepEqual([ours.code, ours.stdout], [theirs.code, theirs.stdout], args.join(' '));
  }
  for (const args of [
    ['--fail-defined', 'data.p.deny'],
    ['--fail', 'data.lib.g'],
    ['--partial', '-f', 'source', 'data.p.allow'],
    ['--strict-builtin-errors=false', '--disable-indexing', 'data.p.deny[x]'],
    ['to_number("x") == 1'],
    ['true'],
  ]) {
    await same(context, ['--show-builtin-errors', ...POLICIES, ...args], cwd);
  }
  const [theirs, ours] = await both(
    context,
    ['--show-builtin-errors', '--strict-builtin-errors', 'true'],
    cwd,
  );
  deepEqual([theirs.code, ours.code], [2, 3]);
}

async function coverageRuns(context: Context): Promise<void> {
  const cwd = written(context);
  const seen = new Set<string>();
  for (const flags of [
    ['--coverage'],
    ['--coverage-runs', 'early_exit'],
    ['--coverage-runs=index_excluded'],
    ['--coverage', '--coverage-runs='],
  ]) {
    const { stdout } = await same(context, [...flags, ...POLICIES, '-i', 'input.json', 'data.p'], cwd);
    seen.add(stdout);
  }
  equal(seen.size, 4, 'the runs make no difference');
  const [theirs, ours] = await both(context, ['--coverage-runs', 'some', 'true'], cwd);
  notEqual(theirs.code, 0);
  equal(ours.code, 3);
}

async function optimize(context: Context): Promise<void> {
  const cwd = written(context);
  for (const args of [
    ['-O', '1', ...POLICIES, 'data.p.allow'],
    ['-O2', '--entrypoint', 'p/deny', '-e', 'p/level', ...POLICIES, 'data.p.deny; data.p.level'],
    ['--optimize', '1', '-e', 'p/level', '-b', 'site', '-f', 'pretty', 'data.p.level'],
    ['--optimize=0', '-e', 'p/level', '-b', 'site', 'data.p.level'],
    ['--entrypoint', 'no/such/rule', ...POLICIES, 'data.p.level'],
  ]) {
    await same(context, ['-i', 'input.json', ...args], cwd);
  }
  for (const args of [
    ['-O1', '-d', 'plain.rego'],
    ['-O1', '-e', 'plain', '-d', 'plain.rego'],
    ['-O1', '-e', 'plain/nothing', '-d', 'plain.rego'],
    ['-O2', '-e', 'bad/p', '-d', 'bad.rego'],
  ]) {
    const [theirs, ours] = await both(context, [...args, 'true'], cwd);
    deepEqual([ours.code, ours.stdout], [theirs.code, theirs.stdout], args.join(' '));
    const first = (text: string): string => (text.split('\n')[0] as string).replace(/(\.rego:\d+):\d+/, '$1');
    equal(first(ours.stderr), first(theirs.stderr), args.join(' '));
  }
  const [theirs, ours] = await both(context, ['-O1', '-d', 'plain.rego', '-b', 'site', 'true'], cwd);
  deepEqual([theirs.code, ours.code], [1, 3]);
}

async function nondeterministic(context: Context): Promise<void> {
  const cwd = written(context);
  for (const flags of [[], ['--nondeterminstic-builtins']]) {
    for (const query of [
      'data.p.now',
      'data.p.later',
      'data.p.roll',
      'data.p.roll == x',
      'data.p.unknown',
      'opa.runtime().nothing',
      'not data.p.now',
      'x := rand.intn("a", 1); input.y == x',
    ]) {
      const args = ['--partial', ...flags, ...POLICIES, '-f', 'source', query];
      const [theirs, ours] = await both(context, args, cwd);
      const shown = (text: string): string => text.replaceAll(/\d{15,}/g, 'NOW');
      equal(shown(ours.stdout), shown(theirs.stdout), args.join(' '));
    }
  }
}

async function measured(context: Context): Promise<void> {
  const cwd = written(context);
  // What OPA measures apart and is one step here, or is none.
  const elsewhere = new Set(['timer_rego_data_parse_ns', 'timer_rego_external_resolve_ns']);
  const names = (text: string): string[] => {
    const { metrics = {}, aggregated_metrics = {} } = JSON.parse(text) as {
      metrics?: object;
      aggregated_metrics?: object;
    };
    return [...Object.keys(metrics), ...Object.keys(aggregated_metrics)].filter(
      (name) => !elsewhere.has(name),
    );
  };
  for (const args of [
    ['true'],
    ['-d', 'site/limits', 'data'],
    ['-d', 'plain.rego', 'data.plain'],
    ['-b', 'site', '-i', 'input.json', 'data.p.level'],
    ['-b', 'site', '-d', 'plain.rego', 'data.plain'],
    ['--count', '2', '-d', 'plain.rego', 'data.plain'],
    ['--partial', '-b', 'site', 'data.p.allow'],
    ['-d', 'bad.rego', 'true'],
    ['nothing(1)'],
    ['1 +'],
  ]) {
    const [theirs, ours] = await both(context, ['--metrics', ...args], cwd);
    deepEqual(names(ours.stdout), names(theirs.stdout), args.join(' '));
    equal(ours.code, theirs.code);
  }
}

/** The tables that stand below the values: the profile without its times, in no order. */
async function profiled(context: Context): Promise<void> {
  const cwd = written(context);
  const rows = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('│') && !line.includes('timer_'))
      .map((line) => line.replaceAll(/[\d.]+(?:ns|µs|ms|s) /g, 'T ').replaceAll(/ +/g, ' '))
      .sort();
  for (const flags of [[], ['--count', '3'], ['--partial'], ['--count', '2', '--partial']]) {
    const args = ['--profile', ...flags, ...POLICIES, '-f', 'pretty', 'data.p.deny; data.p.allow'];
    const [theirs, ours] = await both(context, args, cwd);
    deepEqual(rows(ours.stdout), rows(theirs.stdout), args.join(' '));
  }
  await same(context, ['--partial', '--explain', 'full', ...POLICIES, '-f', 'pretty', 'data.p.allow'], cwd);
}

/** What `docs/rego-conformance.md` says that OPA does in another way. */
async function different(context: Context): Promise<void> {
  const cwd = context.scratch();
  writeFileSync(
    join(cwd, 'p.rego'),
    `package p

always := [input.x] if not true

limit := 1

limit := 2 if input.x

pod if {
	limit == 1
	input.kind == "Pod"
}
`,
  );
  writeFileSync(
    join(cwd, 'ref.rego'),
    'package ref\n\na := 1\n\nb if {\n\tsome i\n\ta[i]\n}\n\nc := a if input.x\n',
  );
  writeFileSync(join(cwd, 'input.json'), '{"x": 1, "kind": "Job"}');
  const given = ['-d', 'p.rego', '-i', 'input.json', '-f', 'raw'];
  const [always, ours] = await both(context, [...given, 'data.p.always'], cwd);
  deepEqual([always.stdout, ours.stdout], ['[1]\n', '']);
  const [skipped, failed] = await both(context, [...given, 'data.p.pod'], cwd);
  deepEqual([skipped.code, failed.code], [0, 2]);
  equal(failed.stderr.includes('eval_conflict_error'), true);
  await same(context, [...given, '--profile', 'data.p.pod'], cwd);
  const [elsewhere, here] = await both(context, ['-d', 'ref.rego', '-f', 'values', 'true'], cwd);
  const row = ({ stderr }: Answer): unknown => /ref\.rego:(\d+)/.exec(stderr)?.[1];
  deepEqual([row(elsewhere), row(here)], ['10', '7']);
}

async function needless(context: Context): Promise<void> {
  const cwd = written(context);
  for (const flags of [['--pretty-limit', '10'], ['--pretty-limit=0'], ['--optimize-store-for-read-speed']]) {
    for (const query of ['data', 'x := data.text', 'some x, y in data; [x, y]']) {
      await same(context, [...flags, '-d', 'wide.json', '-f', 'pretty', query], cwd);
    }
  }
  await same(context, ['--target', 'rego', 'true'], cwd);
  for (const flags of [['--target', 'wasm'], ['--instrument']])
    await context.exits(3, 'pratique', ['policy', 'eval', ...flags, 'true'], { cwd });
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: '--show-builtin-errors shows the errors that opa shows, and fails where it does',
      run: () => builtinErrors(context),
    },
    { name: '--coverage-runs tells why lines are not covered', run: () => coverageRuns(context) },
    {
      name: '--optimize gives the same answers and refuses the same entry points',
      run: () => optimize(context),
    },
    {
      name: '--nondeterminstic-builtins evaluates what opa evaluates, and leaves the rest',
      run: () => nondeterministic(context),
    },
    { name: '--metrics measures the steps that opa measures', run: () => measured(context) },
    { name: '--profile has the tables of opa, of one run and of several', run: () => profiled(context) },
    { name: 'flags that change nothing change nothing', run: () => needless(context) },
    { name: 'known differences are still there', run: () => different(context) },
  ];
}
