/** `pratique policy bench|build|fmt|inspect|capabilities` beside `opa`: what their less common flags do. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goJson, RELEASES, releaseCapabilities, unpackArchive } from '@pratique/rego';
import type { Context, Scenario } from '../support/context.ts';

/** Small policies and documents. */
const FILES: Readonly<Record<string, string>> = {
  'p.rego': `package p.q

import data.lib

allow if input.x > 1

deny contains "x" if lib.f(input.z)
`,
  'lib/lib.rego': 'package lib\n\nf(x) if x == data.limit.least\n',
  'limit/data.json': '{"least": 1}',
  'input.json': '{"z": 1}',
};

function written(context: Context, files: Readonly<Record<string, string>>): string {
  const directory = context.scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

/** Figures of opa's benchmarks that are not here: how many allocations there were, and what WebAssembly in a bundle takes. */
const ELSEWHERE = /^allocs\/op$|external_resolve/;

/** The figures that a benchmark reports, without their values. */
async function bench(context: Context): Promise<void> {
  const cwd = written(context, FILES);
  const sources = ['-d', 'p.rego', '-d', 'lib', '-d', 'limit'];
  for (const { args, input } of [
    { args: ['-i', 'input.json', 'data.p.q.deny'] },
    { args: ['-i', 'input.json', '--package', 'p.q', 'deny'] },
    { args: ['--import', 'data.p.q', '--metrics=false', '-i', 'input.json', 'q.deny'] },
    { args: ['--stdin-input', 'data.p.q.allow'], input: '{"x": 2}' },
    { args: ['--stdin', '-i', 'input.json'], input: 'data.p.q.deny' },
    { args: ['--partial', 'data.p.q.allow'] },
    { args: ['--partial', '-u', 'data.limit', '-i', 'input.json', 'data.p.q.deny'] },
    { args: ['--partial', '-u', 'data.limit', 'data.p.q.allow'] },
    { args: ['data.p.q.allow'] },
    { args: ['--optimize-store-for-read-speed', '-i', 'input.json', 'data.p.q.allow', '--fail=false'] },
  ] as { args: string[]; input?: string }[]) {
    const options = { cwd, ...(input === undefined ? {} : { input }) };
    const theirs = await context.run('opa', ['bench', ...sources, ...args], options);
    const ours = await context.run('pratique', ['policy', 'bench', ...sources, ...args], options);
    equal(ours.code, theirs.code, `${args.join(' ')}\n${ours.stderr}`);
    const figures = (text: string): string[] => [...text.matchAll(/^│ (\S+)/gm)].map(([, name]) => name!);
    deepEqual(
      figures(ours.stdout),
      figures(theirs.stdout).filter((name) => !ELSEWHERE.test(name)),
      args.join(' '),
    );
  }
}

async function capabilities(context: Context): Promise<void> {
  for (const args of [[], ['--version', 'v0.34.0'], ['--version', 'v1.20.2', '--file', 'x']]) {
    equal(
      await context.ok('pratique', ['policy', 'capabilities', ...args]),
      await context.ok('opa', ['capabilities', ...args]),
      args.join(' '),
    );
  }
  for (const release of RELEASES) {
    const theirs = await context.ok('opa', ['capabilities', '--version', release]);
    equal(`${goJson(releaseCapabilities(release)!, '  ')}\n`, theirs, release);
  }
  const cwd = written(context, {
    'c.json':
      '{"builtins":[{"infix":"=","decl":{"type":"function","args":[{"type":"any"}]},"name":"eq","deprecated":false}],"features":["a"],"x":1,"allow_net":[]}',
    'bad.json': '{"builtins":',
  });
  equal(
    await context.ok('pratique', ['policy', 'capabilities', '--file', 'c.json'], { cwd }),
    await context.ok('opa', ['capabilities', '--file', 'c.json'], { cwd }),
  );
  for (const args of [
    ['--file', 'bad.json'],
    ['--file', 'none.json'],
    ['--version', 'v9.0.0'],
  ]) {
    notEqual((await context.run('opa', ['capabilities', ...args], { cwd })).code, 0);
    notEqual((await context.run('pratique', ['policy', 'capabilities', ...args], { cwd })).code, 0);
  }
  for (const args of [['--current'], ['--current', '--v0-compatible']]) {
    const [ours, theirs] = await Promise.all([
      context.ok('pratique', ['policy', 'capabilities', ...args]),
      context.ok('opa', ['capabilities', ...args]),
    ]);
    const after = (text: string): string => text.slice(text.indexOf('"future_keywords"'));
    equal(after(ours), after(theirs), args.join(' '));
    deepEqual(
      namesOf(ours),
      namesOf(theirs).filter((name) => name !== 'internal.test_case'),
    );
  }
}

function namesOf(text: string): string[] {
  return (JSON.parse(text) as { builtins: { name: string }[] }).builtins.map(({ name }) => name);
}

/** What policies may use, and how they are formatted, for a release of OPA. */
async function underCapabilities(context: Context): Promise<void> {
  const cwd = written(context, {
    'refs.rego': 'package p\n\nx := data.a.if.b[1]\n',
    'refs0.rego': 'package p\n\nx = data.a.if.b[1]\n',
    'plain.rego': 'package p\n\nx := array.reverse(input.a)\n',
    'plain0.rego': 'package p\n\nx = array.reverse(input.a)\n',
    'features.json': '{"builtins":[],"features":["keywords_in_refs"]}',
  });
  for (const named of ['v0.17.0', 'v0.36.0', 'v1.0.0', 'v1.6.0', 'v1.20.2', 'features.json']) {
    for (const [flags, file] of [
      [[], 'refs.rego'],
      [['--v0-compatible'], 'refs0.rego'],
    ] as const) {
      const args = ['fmt', ...flags, '--capabilities', named, file];
      equal(
        await context.ok('pratique', ['policy', ...args], { cwd }),
        await context.ok('opa', args, { cwd }),
        args.join(' '),
      );
    }
    for (const [flags, file] of [
      [[], 'plain.rego'],
      [['--v0-compatible'], 'plain0.rego'],
    ] as const) {
      const args = ['check', '--format', 'json', ...flags, '--capabilities', named, file];
      const theirs = await context.run('opa', args, { cwd });
      const ours = await context.run('pratique', ['policy', ...args], { cwd });
      deepEqual([ours.code, messages(ours)], [theirs.code, messages(theirs)], args.join(' '));
    }
  }
  for (const tool of [['opa'], ['pratique', 'policy']] as const) {
    const [program, ...words] = tool;
    const { stderr } = await context.run(program, [...words, 'fmt', '--capabilities', 'v9', 'refs.rego'], {
      cwd,
    });
    match(stderr, /no such file or capabilities version found: v9/);
  }
}

function messages({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string[] {
  return [...`${stdout}${stderr}`.matchAll(/"message": "(.*)"/g)].map(([, message]) => message as string);
}

/** Links in the directory of a bundle: passed over, or followed where they lead to a file. */
async function links(context: Context): Promise<void> {
  const cwd = written(context, { ...FILES, 'site/a/data.json': '{"b": 1}' });
  symlinkSync('../p.rego', join(cwd, 'site/p.rego'));
  symlinkSync('../../lib/lib.rego', join(cwd, 'site/a/lib.rego'));
  const build = async (...flags: string[]): Promise<number> => {
    const args = ['build', '-b', 'site', ...flags, '-o'];
    await context.ok('opa', [...args, 'theirs.tar.gz'], { cwd });
    await context.ok('pratique', ['policy', ...args, 'ours.tar.gz'], { cwd });
    const [ours, theirs] = ['ours.tar.gz', 'theirs.tar.gz'].map((name) =>
      unpackArchive(readFileSync(join(cwd, name)))
        .map(({ path, bytes }) => [path, new TextDecoder().decode(bytes).trim()])
        .sort(([a], [b]) => (a! < b! ? -1 : 1)),
    );
    deepEqual(ours, theirs, flags.join(' '));
    return theirs!.length;
  };
  const without = await build();
  equal(await build('--follow-symlinks'), without + 2);
  equal(await build('--follow-symlinks', '--ignore', 'p.rego', '--prune-unused', '-e', 'lib/f'), without + 1);
  equal(await build('--target', 'rego'), without);
  for (const [to, name] of [
    ['../lib', 'site/folder'],
    ['nothing', 'site/broken.rego'],
  ] as const) {
    symlinkSync(to, join(cwd, name));
    const args = ['build', '-b', 'site', '--follow-symlinks', '-o', 'none.tar.gz'];
    await context.exits(1, 'opa', args, { cwd });
    await context.exits(1, 'pratique', ['policy', ...args], { cwd });
    equal(await build(), without);
    unlinkSync(join(cwd, name));
  }
}

const ANNOTATED: Readonly<Record<string, string>> = {
  'site/p.rego': `# METADATA
# title: The package
# description: |
#   What it is,
#   on two lines
# authors:
# - Jane <j@example.com>
# - name: Å
# - email: x@example.com
# organizations: [Acme, Ü & Co]
# related_resources:
# - ref: https://example.com/a?b=c&d
#   description: see here
# - https://example.com/a/longer/path
# custom: {z: [1, "<a>"]}
# schemas:
# - input: schema.input
# - data.foo["a-b"]: {type: string, description: "${'long '.repeat(20)}"}
package p.q

import data.lib

# METADATA
# title: Allow
# entrypoint: true
allow if input.x > 1

# METADATA
# description: A rule
# labels: {team: x}
allow if input.y

# METADATA
# scope: rule
# title: ${'é'.repeat(60)}
deny["a b"] contains x if x := input.z

# METADATA
# compile: {unknowns: [input.a]}
f(x) := 1 if {
	x == 2
} else := 3

# METADATA
# title: default
default g := false

h := 1
`,
  'site/a/q.rego': `# METADATA
# scope: subpackages
# title: all below
package p

# METADATA
# description: other
q.r[x].y := 1 if some x in [1]
`,
  'twice.rego': `# METADATA
# title: one
# scope: document
package_ := 1
`,
  'one/a.rego': '# METADATA\n# title: a\npackage a\n',
  'one/b.rego': '# METADATA\n# title: b\npackage a\n',
};

async function annotations(context: Context): Promise<void> {
  const cwd = written(context, ANNOTATED);
  await context.ok('opa', ['build', '-b', 'site', '-o', 'site.tar.gz'], { cwd });
  for (const path of ['site', 'site.tar.gz', 'site/p.rego', 'site/a/q.rego']) {
    for (const flags of [['-a'], ['-a', '--format', 'json'], []]) {
      const args = ['inspect', ...flags, path];
      const [ours, theirs] = await Promise.all([
        context.ok('pratique', ['policy', ...args], { cwd }),
        context.ok('opa', args, { cwd }),
      ]);
      equal(ours, theirs, args.join(' '));
    }
  }
  for (const [program, words] of [
    ['opa', []],
    ['pratique', ['policy']],
  ] as const) {
    const { stderr } = await context.exits(1, program, [...words, 'inspect', '-a', 'one'], { cwd });
    match(stderr, /package annotation redeclared: one\/a\.rego:1/, program);
    await context.exits(1, program, [...words, 'inspect', '-a', 'twice.rego'], { cwd });
  }
}

/** Policies that need one thing or another of an engine, by language. */
const NEEDY: Readonly<Record<'v1' | 'v0', readonly string[]>> = {
  v1: [
    '',
    'p := 1\n\nallow if true',
    'p if input.x == 1',
    'p := x if x := input.x == 1',
    'p := [y | some y in input.xs; y > 1]',
    'p if every k, v in input { k != v }',
    'p if {\n\tprint("a", count(input.b))\n\tnot input.a\n}',
    'p if print(count(input.a))',
    'p := $"a {input.b} {upper(input.c)}"',
    'p := 1 + 2 * count([1 | input.a[_] = "b"])',
    'p := f(2)\n\nf(x) := sprintf("%v", [x])',
    'p if unknown.function(1, upper("a"))',
    'p if count(input) == 1 with count as data.q.f with unknown.function as 3',
    'p if upper(input) == "A" with input as lower("x")',
    'p := time.now_ns()\n\nq := http.send({"url": rand.intn("a", 3)})',
    'p := x if x > 1',
    'p.q[x].r := concat("", x) if some x in input\n\np.s contains 1 if walk(input, [[], 2])',
    'import future.keywords.not\n\np if not { input.a; upper(input.b) == "x" }',
    'import future.keywords\n\nimport future.keywords.if\n\np if { input.a == 1 or abs(input.b) > 1 }',
    'import future.keywords.in\n\nimport rego.v1\n\np := regex.match("a", input)',
    'p := v if { [v, _] := input.a } else := rego.metadata.rule().title if rego.metadata.chain()[0].path',
    'default p := false\n\np if input.a[_] in ({"a"} | {2})',
  ],
  v0: [
    'p { input.a == 1 }',
    'p[x] { x := input.a[_] }',
    'p.q.r = 1 { input.x != 3 }',
    'p.q[x].r = 1 { x = input.a[_] }',
    'import future.keywords\n\np contains 1 if { not input.a }',
    'import future.keywords.if\nimport future.keywords.every\n\np if { every x in input.a { x } }',
    'import rego.v1\n\np.q.r := 1 if input.a.b == 1',
    'import future.keywords.not\n\np { re_match("a", "b") }',
  ],
};

/** Policies that `inspect` refuses. */
const REFUSED = [
  'p if q\n\nq if p',
  'p if 1 + "a" == 2',
  'p := 1\n\np contains 2',
  'f(x) := x\n\np := f(1, 2, 3)',
  'p if {\n\tx := 1\n\tx := 2\n}',
];

async function needs(context: Context): Promise<void> {
  const cwd = written(context, { 'site/q.rego': 'package q\n\nf(x) := lower(x)\n', 'site/data.json': '{}' });
  for (const language of ['v1', 'v0'] as const) {
    const flags = language === 'v0' ? ['--v0-compatible'] : [];
    for (const text of NEEDY[language]) {
      writeFileSync(join(cwd, 'p.rego'), `package p\n\n${text}\n`);
      const args = ['inspect', '--format', 'json', ...flags, 'p.rego'];
      equal(
        await context.ok('pratique', ['policy', ...args], { cwd }),
        await context.ok('opa', args, { cwd }),
        text,
      );
    }
  }
  for (const text of REFUSED) {
    writeFileSync(join(cwd, 'p.rego'), `package p\n\n${text}\n`);
    const codes = ({ stderr }: { stderr: string }): string[] =>
      [...stderr.matchAll(/p\.rego:(\d+)(?::\d+)?: (rego_\w+: .*)$/gm)]
        .map(([, row, code]) => `${row} ${code}`)
        // OPA tells them in the order of chance.
        .sort();
    for (const format of ['json', 'pretty']) {
      const args = ['inspect', '-f', format, 'p.rego'];
      const theirs = await context.exits(1, 'opa', args, { cwd });
      const ours = await context.exits(1, 'pratique', ['policy', ...args], { cwd });
      deepEqual(codes(ours), codes(theirs), text);
      notEqual(codes(theirs).length, 0, text);
    }
  }
  const directory = ['inspect', '--format', 'json', 'site'];
  equal(
    await context.ok('pratique', ['policy', ...directory], { cwd }),
    await context.ok('opa', directory, { cwd }),
  );
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    { name: 'bench measures the same queries on the same input', run: () => bench(context) },
    {
      name: 'capabilities of all releases of OPA are those that opa has, byte for byte',
      run: () => capabilities(context),
    },
    {
      name: 'check and fmt --capabilities allow what they allow in opa',
      run: () => underCapabilities(context),
    },
    { name: 'inspect --annotations shows what opa shows', run: () => annotations(context) },
    { name: 'inspect tells what policies need, and refuses what opa refuses', run: () => needs(context) },
    { name: 'build --follow-symlinks packs what opa packs', run: () => links(context) },
  ];
}
