/** Our test runner beside `opa test`: the tests of the policies that come with Pratique, and one test of every kind. */
import { deepEqual, equal } from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
