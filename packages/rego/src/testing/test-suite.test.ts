import { describe, expect, test } from 'vitest';
import type { CompileInput } from '../engine.ts';
import { RegoError } from '../errors.ts';
import { jsonReport, prettyReport } from './report.ts';
import { type CaseResult, type TestOptions, type TestResult, TestSuite } from './test-suite.ts';

function run(rules: string, options: TestOptions = {}, input: Partial<CompileInput> = {}): TestResult[] {
  const suite = new TestSuite({ modules: { 'a_test.rego': `package a_test\n\n${rules}` }, ...input });
  return [...suite.run(options)];
}

function outcomes(results: readonly TestResult[]): Record<string, string> {
  return Object.fromEntries(results.map(({ name, outcome }) => [name, outcome]));
}

/** `one pass, two fail(x fail)` */
function casesText(cases: readonly CaseResult[]): string {
  return cases
    .map(({ name, failed, cases: inner }) => {
      const nested = inner.length === 0 ? '' : `(${casesText(inner)})`;
      return `${name} ${failed ? 'fail' : 'pass'}${nested}`;
    })
    .join(', ');
}

test('a test passes when it is true, and only then', () => {
  const results = run(
    [
      'test_true if 1 == 1',
      'test_false := false',
      'test_undefined if 1 == 2',
      'test_number := 3',
      'test_object := {"a": true}',
      'test_set contains 1',
      'helper if true',
      'a.test_deep if true',
    ].join('\n'),
  );
  expect(outcomes(results)).toEqual({
    test_true: 'pass',
    test_false: 'fail',
    test_undefined: 'fail',
    test_number: 'fail',
    test_object: 'fail',
    test_set: 'fail',
    'a.test_deep': 'pass',
  });
  expect(results[0]).toMatchObject({
    package: 'data.a_test',
    location: { file: 'a_test.rego', row: 3, col: 1 },
  });
});

test('todo_ tests are skipped, not run', () => {
  expect(outcomes(run('todo_test_a if false\ntodo_test_b if 1 / 0 == 1'))).toEqual({
    todo_test_a: 'skip',
    todo_test_b: 'skip',
  });
});

test('of tests with one name each is run', () => {
  expect(outcomes(run('test_a if true\ntest_a if false\n\ntest_a if {\n\ttrue\n}'))).toEqual({
    test_a: 'pass',
    'test_a#01': 'fail',
    'test_a#02': 'pass',
  });
});

describe('tests with cases', () => {
  test('a case that fails is reported, although it has no value', () => {
    const [result] = run(
      [
        'test_sum[tc.note] if {',
        '\tsome tc in [',
        '\t\t{"note": "one", "x": 1, "exp": 2},',
        '\t\t{"note": "two", "x": 2, "exp": 4},',
        '\t] # the cases',
        '\ttc.x + 1 == tc.exp',
        '}',
      ].join('\n'),
    );
    expect(casesText(result!.cases)).toBe('one pass, two fail');
    expect(result!.outcome).toBe('fail');
  });

  test('cases may nest and may have names that are no strings', () => {
    const [result] = run(
      'test_n[a][b] if {\n\tsome a, m in {"u": {1: 1, 2: 2}, "t": {3: 1}}\n\tsome b, n in m\n\tn == 1\n}',
    );
    expect(casesText(result!.cases)).toBe('t pass(3 pass), u fail(1 pass, 2 fail)');
  });

  test('a body without braces reports its cases too', () => {
    const [result] = run('test_x[n] if n := ["a", "b"][_]');
    expect(casesText(result!.cases)).toBe('a pass, b pass');
  });
});

test('builtin errors make a test fail, and end it where they are strict', () => {
  expect(outcomes(run('test_a if 1 / 0 == 1'))).toEqual({ test_a: 'fail' });
  const [strict] = run('test_a if 1 / 0 == 1', { strictBuiltinErrors: true });
  expect(strict).toMatchObject({ outcome: 'error', error: { code: 'eval_builtin_error' } });
});

test('a test that runs away ends with an error and the next one runs', () => {
  const rules =
    'test_a if {\n\tsome i in numbers.range(1, 1000)\n\tsome j in numbers.range(1, 1000)\n\ti + j == 0\n}\ntest_b if true';
  expect(outcomes(run(rules, { maxSteps: 10_000 }))).toEqual({ test_a: 'error', test_b: 'pass' });
});

test('a filter chooses tests by their full name', () => {
  const rules = 'test_a if true\ntest_b if true';
  expect(outcomes(run(rules, { filter: /a_test\.test_b$/ }))).toEqual({ test_b: 'pass' });
});

test('what a test prints stays with it', () => {
  const results = run('test_a if {\n\tprint("hello", 1)\n\tfalse\n}\ntest_b if true');
  expect(results.map(({ output }) => output)).toEqual(['hello 1\n', '']);
});

test('policies that do not compile are an error, with their own places', () => {
  const act = (): unknown => run('test_a if true\ntest_a if {\n\tx\n}');
  expect(act).toThrow(RegoError);
  expect(act).toThrow(/var x is unsafe/);
});

test('tests can be evaluated again, those that are skipped and those with cases too', () => {
  const rules =
    'test_ok if { print("once"); true }\ntodo_test_no if false\ntest_c[n] if {\n\tsome n in ["a", "b"]\n\tn == "a"\n}';
  const modules = { 'a_test.rego': `package a_test\n\n${rules}` };
  const prepared = [...new TestSuite({ modules }).prepared()];
  const all = (): string[] =>
    prepared.map(({ name, evaluate }) => {
      const { outcome, cases, output } = evaluate({});
      return `${name} ${outcome} ${casesText(cases)}${output}`;
    });
  const expected = ['test_ok pass once\n', 'todo_test_no fail ', 'test_c fail a pass, b fail'];
  expect(all()).toEqual(expected);
  expect(all()).toEqual(expected);
  const quiet = [...new TestSuite({ modules }, { output: false }).prepared(/ok/)];
  expect(quiet.map(({ name, evaluate }) => [name, evaluate({}).output])).toEqual([['test_ok', '']]);
});

describe('reports', () => {
  const results = run(
    'test_ok if true\ntest_no if {\n\tprint("why")\n\tfalse\n}\ntodo_test_x if true\ntest_c[n] if {\n\tsome n in ["a", "b"]\n\tn == "a"\n}',
  ).map((result) => ({ ...result, durationMs: 1.5 }));

  test('as people read them', () => {
    expect(prettyReport(results)).toBe(
      [
        'a_test.rego:4:',
        'data.a_test.test_no: FAIL (1.5ms)',
        '',
        '  why',
        '',
        'a_test.rego:8:',
        'data.a_test.todo_test_x: SKIPPED',
        'a_test.rego:9:',
        'data.a_test.test_c: FAIL (1.5ms)',
        '  b: FAIL',
        '-'.repeat(80),
        'PASS: 2/5',
        'FAIL: 2/5',
        'SKIPPED: 1/5',
        '',
      ].join('\n'),
    );
    expect(prettyReport(results, { verbose: true })).toContain('data.a_test.test_ok: PASS (1.5ms)');
  });

  test('as programs read them', () => {
    expect(jsonReport(results)[1]).toEqual({
      location: { file: 'a_test.rego', row: 4, col: 1 },
      package: 'data.a_test',
      name: 'test_no',
      fail: true,
      duration: 1_500_000,
      output: btoa('why\n'),
    });
    expect(jsonReport(results)[3]!.sub_results).toEqual({ a: { name: 'a' }, b: { name: 'b', fail: true } });
  });
});

test('a test that fails is explained where that is asked for, with what it noted and what failed', () => {
  const text = 'package p\n\ntest_a if {\n\tx := 1\n\ttrace("one")\n\tx == 2\n}\n\ntest_b if true\n';
  const suite = new TestSuite({ modules: { 'p_test.rego': text } });
  const results = [...suite.run({ explain: 'notes and fails' })];
  expect(results.map(({ explanation }) => explanation)).toEqual([
    // As `opa test` prints it, with blanks at the ends of lines.
    [
      '  query:1             Enter data.p.test_a = _  ',
      '  p_test.rego:3       | Enter data.p.test_a  ',
      '  p_test.rego:5       | | Note "one"  ',
      '  p_test.rego:6       | | Fail x = 2  ',
      '  query:1             | Fail data.p.test_a = _  ',
      '',
    ].join('\n'),
    undefined,
  ]);
  const report = prettyReport(results, { verbose: true });
  expect(report).toContain('\nFAILURES\n');
  expect(report).toContain('\n  p_test.rego:6       | | Fail x = 2  \n');
  expect(prettyReport(results)).not.toContain('FAILURES');
  expect([...suite.run()].map(({ explanation }) => explanation)).toEqual([undefined, undefined]);
});

describe('with the values of variables', () => {
  const report = (rules: string): string =>
    prettyReport(run(rules, { explain: 'fails', variables: true }), { variables: true })
      .replaceAll(/ \([\d.]+\S+\)/g, '')
      .split(/^FAILURES\n-+\n/m)[1]!;

  // Each expected text is what OPA 1.20.2 prints.
  test('a test that fails comes with the expression that failed', () => {
    expect(report('test_a if {\n\tx := [[1], [2]]\n\ti := 1\n\tx[i][0] == 1\n}')).toBe(
      [
        'data.a_test.test_a: FAIL',
        '',
        '  a_test.rego:6:',
        '    \tx[i][0] == 1',
        '    \t| |',
        '    \t| 1',
        '    \tx[i][0]: 2',
        '    \tx: [[1], [2]]',
        '',
        '-'.repeat(80),
        'FAIL: 1/1',
        '',
      ].join('\n'),
    );
  });

  test('the expression stands in its own column, whatever else is in its line', () => {
    expect(report('test_c[n] if { some n in ["u", "v"]; n == "u" }')).toContain(
      [
        '      a_test.rego:3:',
        `${' '.repeat(8 + 37)}n == "u"`,
        `${' '.repeat(8 + 37)}|`,
        `${' '.repeat(8 + 37)}"v"`,
      ].join('\n'),
    );
  });

  test('so does each case that fails, with its own values', () => {
    const text = report(
      'test_c[name] if {\n\tsome name, tc in {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 2}}\n\tx := tc.b\n\tx < 1\n}',
    );
    expect(text).toContain(
      'one: FAIL\n    \n      a_test.rego:6:\n        \tx < 1\n        \t|\n        \t1    \n',
    );
    expect(text).toContain(
      'two: FAIL\n    \n      a_test.rego:6:\n        \tx < 1\n        \t|\n        \t2    \n',
    );
  });

  test('documents are not said to be undefined', () => {
    expect(report('p := {"k": 5}\ntest_a if {\n\tx := 7\n\tp.k == x\n}')).not.toContain('undefined');
  });

  test('what passed is not shown', () => {
    expect(
      prettyReport(run('test_a if true', { explain: 'fails', variables: true }), { variables: true }),
    ).toBe('PASS: 1/1\n');
  });
});
