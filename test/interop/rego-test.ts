/** Our test runner beside `opa test`: the tests of the policies that come with Pratique, and one test of every kind. */
import { deepEqual, equal } from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { CoverageReport } from '../../packages/rego/src/testing/coverage.ts';
import { type JsonTestResult, jsonReport } from '../../packages/rego/src/testing/report.ts';
import { TestSuite } from '../../packages/rego/src/testing/test-suite.ts';
import type { Context, Scenario } from '../support/context.ts';

const policies = fileURLToPath(new URL('../../packages/policy/policies', import.meta.url));

/** Every outcome that a test can have. */
const KINDS = `package p_test

test_ok if 1 + 1 == 2

test_fail if {
	print("adding", {1, 2}, ["x"])
	1 + 1 == 3
}

todo_test_later if false

test_builtin_error if 1 / 0 == 1

test_twice if true

test_twice if false

test_cases[tc.note] if {
	some tc in [
		{"note": "one", "x": 1, "exp": 2},
		{"note": "two", "x": 2, "exp": 4}, # not so
	]
	tc.x + 1 == tc.exp
}

test_nested[a][b] if {
	some a, m in {"u": {"v": 1, "w": 2}, "t": {"s": 1}, 5: {[1]: 2}}
	some b, n in m
	n == 1
}

test_unbraced[n] if n := {"a", "b"}[_]

a.b.test_deep if true

test_number := 3

test_object := {"a": true, "b": false}

test_set contains 1

helper := 1
`;

const PASSING = `package p_test

import data.p_test.helper

test_twice if helper == 1

test_twice if true

test_cases[tc.note] if {
	some tc in [{"note": "one", "x": 1, "exp": 2}, {"note": "two", "x": 2, "exp": 3}]
	tc.x + 1 == tc.exp
}

helper := 1

helper_of(x) := y if {
	x > 1
	y := x
} else := 0

test_helper if helper_of(1) == 0

never if {
	input.x == 1
	input.y
}

test_never if not never with input as {"x": 2}
`;

interface OpaRanges {
  readonly covered?: object[];
  readonly not_covered?: object[];
}

interface OpaCoverage {
  readonly coverage: number;
  readonly files: Record<string, OpaRanges>;
}

function compareCoverage(ours: CoverageReport, theirs: OpaCoverage): void {
  equal(ours.coverage, theirs.coverage);
  const files = Object.fromEntries(
    Object.entries(theirs.files).map(([file, { covered = [], not_covered = [] }]) => [
      file,
      { covered, not_covered },
    ]),
  );
  const own = Object.entries(ours.files).map(([file, { covered, not_covered }]) => [
    file,
    { covered, not_covered },
  ]);
  deepEqual(Object.fromEntries(own), files);
}

function modulesOf(directory: string): Record<string, string> {
  const files = globSync('**/*.rego', { cwd: directory }).map((file) => join(directory, file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')]));
}

/** Results without what differs from run to run, by name. */
function comparable(results: readonly JsonTestResult[]): unknown {
  return Object.fromEntries(
    results.map(({ duration: _, ...result }) => [
      `${result.package}.${result.name}`,
      JSON.parse(JSON.stringify(result)),
    ]),
  );
}

async function compareResults(context: Context, directory: string): Promise<number> {
  const { stdout } = await context.run('opa', ['test', '--format', 'json', directory]);
  const theirs = JSON.parse(stdout) as JsonTestResult[];
  const ours = jsonReport(new TestSuite({ modules: modulesOf(directory) }).run());
  deepEqual(comparable(ours), comparable(theirs));
  return theirs.length;
}

/** Tests that fail in ways that OPA explains with values. */
const FAILING = `package p_test

test_call if {
	x := 7
	count([x]) == x
}

test_doc if {
	x := {"k": 6}
	helper == x
}

test_index if {
	x := [[1], [2]]
	i := 1
	x[i][0] == 1
}

test_not if {
	x := 1
	not x == 1
}

test_every if {
	xs := [1, 2]
	every x in xs { x < 2 }
}

test_rows if {
	x := 7
	y := {"a": x, "b": 1}
	{
		"a": x,
		"b": 2,
	} == y
}

test_cases[name] if {
	some name, tc in {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 2}}
	tc.a == tc.b
}

helper := {"k": 5}
`;

/** A test that prints, one that notes, one with cases in one line, and one that fails while it runs. */
const VERBOSE = `package p_test

test_print if { print("one\\n  two"); 1 == 1 }

test_note if { x := 2; trace("note me"); x == 3 }

test_case[n] if { some n in ["u", "v"]; n == "u" }

test_deep if { helper(3) == 2 }

helper(x) := y if {
	y := x + count(input)
}
`;

const withoutTimes = (text: string): string => text.replaceAll(/\([\d.]+(?:ns|µs|ms|s)\)/g, '(T)');

/** Options with which tests are explained, and tests with which both print the same lines. */
const EXPLAINED = [
  [],
  ['--explain', 'full'],
  ['--explain', 'notes'],
  ['--explain', 'fails'],
  ['--explain', 'debug'],
  ['--var-values'],
];

async function verbose(context: Context): Promise<void> {
  const cwd = context.scratch();
  writeFileSync(join(cwd, 'p_test.rego'), VERBOSE);
  for (const flags of EXPLAINED) {
    for (const name of ['print', 'note', 'case', 'deep']) {
      // Among the steps OPA shows its own function where a case begins.
      if (name === 'case' && (flags.includes('full') || flags.includes('debug'))) continue;
      const args = ['test', '-v', ...flags, '-r', name, '.'];
      const theirs = await context.run('opa', args, { cwd });
      const ours = await context.run('pratique', ['policy', ...args], { cwd });
      equal(withoutTimes(ours.stdout), withoutTimes(theirs.stdout), args.join(' '));
      equal(ours.code, theirs.code);
    }
  }
}

/** What `--bench` prints without its figures, in the order of the lines' text; what JavaScript cannot count is left out. */
function benchmarkShape(text: string): string[] {
  const plain = withoutTimes(text)
    .replaceAll(/\t +\d+ allocs\/op/g, '')
    .replaceAll(/^ *"MemAllocs".*\n/gm, '')
    .replaceAll(/\t *[\d.]+/g, '\t#')
    .replaceAll(/"(N|T|MemBytes|duration|timer\w+\/op)": [1-9][\d.]*/g, '"$1": #');
  return plain.split('\n').sort();
}

async function benchmarks(context: Context): Promise<void> {
  const cwd = context.scratch();
  writeFileSync(join(cwd, 'p_test.rego'), KINDS);
  for (const args of [
    ['-r', 'ok|deep|todo|helper'],
    ['-r', 'ok|cases|builtin_error'],
    ['-r', 'number|nested|set', '--benchmem=false'],
    ['-r', 'ok|fail', '--verbose'],
    ['-r', 'ok|unbraced|twice', '--format', 'gobench'],
    ['-r', 'ok|cases|fail', '--format', 'json'],
    ['-r', 'ok', '--count', '2'],
    ['-r', 'no such test'],
    ['-r', 'no such test', '--format', 'json', '--fail-on-empty'],
  ]) {
    const theirs = await context.run('opa', ['test', '--bench', ...args, '.'], { cwd });
    const ours = await context.run('pratique', ['policy', 'test', '--bench', ...args, '.'], { cwd });
    deepEqual(benchmarkShape(ours.stdout), benchmarkShape(theirs.stdout), args.join(' '));
    equal(ours.code, theirs.code, args.join(' '));
  }
}

/** The kinds that a range of coverage has, by its place. */
function kindsOf(text: string): unknown {
  return Object.values((JSON.parse(text) as OpaCoverage).files).map(({ not_covered = [] }) => not_covered);
}

/** OPA's commonest answer comes in nearly all runs. */
const MAX_RUNS = 5;

async function coverageRuns(context: Context): Promise<void> {
  const cwd = context.scratch();
  const rules = 'a if input.x == 1\n\na if input.x == 2\n\nb if input.x > 1\n\nb if input.x > 0\n';
  writeFileSync(join(cwd, 'p.rego'), `package p\n\n${rules}`);
  writeFileSync(
    join(cwd, 'p_test.rego'),
    'package p_test\n\nimport data.p\n\ntest_x if ok with input as {"x": 2}\n\nok if { p.a; p.b }\n',
  );
  const seen = new Set<string>();
  for (const flags of [
    ['--coverage'],
    ['--coverage-runs=early_exit'],
    ['--coverage-runs', 'index_excluded'],
    ['--coverage-runs', 'early_exit,index_excluded'],
    ['--coverage-runs', 'early_exit', '--coverage-runs', 'index_excluded'],
    ['--coverage-runs='],
  ]) {
    const ours = kindsOf(await context.ok('pratique', ['policy', 'test', ...flags, '.'], { cwd }));
    // Which of two equal rules OPA comes to first is a matter of chance: ours must be one of its answers.
    let theirs: unknown;
    for (let run = 0; run < MAX_RUNS && !isDeepStrictEqual(ours, theirs); run++)
      theirs = kindsOf(await context.ok('opa', ['test', ...flags, '.'], { cwd }));
    deepEqual(ours, theirs, flags.join(' '));
    seen.add(JSON.stringify(theirs));
  }
  equal(seen.size, 4, 'the runs make no difference');
}

async function errorLimit(context: Context): Promise<void> {
  const cwd = context.scratch();
  const rules = Array.from({ length: 12 }, (_, index) => `r${index} := x${index}\n`).join('');
  writeFileSync(join(cwd, 'p.rego'), `package p\n\n${rules}`);
  const codes = (text: string): string[] => [...text.matchAll(/rego_\w+: .*/g)].map(([code]) => code);
  for (const command of ['test', 'check']) {
    for (const flags of [[], ['-m', '3'], ['--max-errors', '0'], ['-m', '12'], ['-m', '11']]) {
      const theirs = await context.exits(1, 'opa', [command, ...flags, '.'], { cwd });
      const ours = await context.exits(1, 'pratique', ['policy', command, ...flags, '.'], { cwd });
      deepEqual(codes(ours.stderr), codes(theirs.stderr), `${command} ${flags.join(' ')}`);
    }
  }
}

/** What is printed of failures, test by test, without times. */
function failuresOf(text: string): string[] {
  const [, failures = ''] = text.replaceAll(/ \([\d.]+\S+\)/g, '').split(/^FAILURES\n-+\n/m);
  return (failures.split(/^-+$/m)[0] as string).split(/^(?=data\.)/m).sort();
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'the tests of the shipped policies have the same results',
      run: async () => equal((await compareResults(context, policies)) > 10, true, 'hardly any tests'),
    },
    {
      name: 'tests that pass, fail, are skipped, have one name, and have cases',
      run: async () => {
        const directory = context.scratch();
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, 'p_test.rego'), KINDS);
        equal(await compareResults(context, directory), 13);
      },
    },
    {
      name: 'what failed, with the values of variables',
      run: async () => {
        const cwd = context.scratch();
        mkdirSync(cwd, { recursive: true });
        writeFileSync(join(cwd, 'p_test.rego'), FAILING);
        const args = ['test', '--var-values', '.'];
        const theirs = await context.run('opa', args, { cwd });
        const ours = await context.run('pratique', ['policy', ...args], { cwd });
        const failures = failuresOf(theirs.stdout);
        equal(failures.length, 7);
        deepEqual(failuresOf(ours.stdout), failures);
      },
    },
    { name: 'what -v and --explain print, byte for byte', run: () => verbose(context) },
    { name: 'the benchmarks of tests, in each format', run: () => benchmarks(context) },
    { name: 'why lines are not covered, as far as it is asked for', run: () => coverageRuns(context) },
    { name: 'problems up to the limit', run: () => errorLimit(context) },
    {
      name: 'the coverage of the tests of the shipped policies, range by range',
      run: async () => {
        const { stdout } = await context.run('opa', ['test', '--coverage', policies]);
        const suite = new TestSuite({ modules: modulesOf(policies) }, { coverage: true });
        for (const result of suite.run()) equal(result.outcome, 'pass', result.name);
        compareCoverage(suite.coverage()!, JSON.parse(stdout) as OpaCoverage);
      },
    },
    {
      name: 'the coverage of tests with cases, and of two with one name',
      run: async () => {
        const directory = context.scratch();
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, 'p_test.rego'), PASSING);
        const { stdout } = await context.run('opa', ['test', '--coverage', directory]);
        const suite = new TestSuite({ modules: modulesOf(directory) }, { coverage: true });
        for (const result of suite.run()) equal(result.outcome, 'pass', result.name);
        compareCoverage(suite.coverage()!, JSON.parse(stdout) as OpaCoverage);
      },
    },
  ];
}
