import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-policy-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
}

async function policy(argv: readonly string[], stdin = '') {
  const terminal = testTerminal({ cwd, env: { HOME: cwd }, stdin });
  const code = await run(['policy', ...argv], terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const POLICY = 'package p\n\ndefault allow := false\n\nallow if input.user in data.users\n';

test('eval gives the value of a rule, with documents where their directories say', async () => {
  write({ 'site/p.rego': POLICY, 'site/users/data.json': '["al"]', 'in.yaml': 'user: al\n' });
  const given = ['eval', '-d', 'site/p.rego', '-d', 'users:site/users/data.json', '--format', 'raw'];
  expect(await policy([...given, '-i', 'in.yaml', 'data.p.allow'])).toEqual({
    code: 0,
    stdout: 'true\n',
    stderr: '',
  });
  expect((await policy([...given, '-I', 'data.p.allow'], '{"user":"eve"}')).stdout).toBe('false\n');
});

test('eval keeps every digit, escapes as Go does, and shows members named __proto__', async () => {
  write({ 'd.json': '{"n":1.50,"big":123456789012345678901,"__proto__":"<"}' });
  const { stdout } = await policy(['eval', '-d', 'd.json', '--format', 'raw', 'data']);
  expect(stdout).toBe('{"__proto__":"\\u003c","big":123456789012345678901,"n":1.50}\n');
});

test('eval shows errors of built-ins on request, beside the results and without failing', async () => {
  write({ 'p.rego': 'package p\n\ndeny contains y if {\n\tsome x in [1, 0]\n\ty := 1 / x\n}\n' });
  const given = ['eval', '-d', 'p.rego', 'data.p.deny'];
  expect((await policy(given)).stdout).not.toContain('errors');
  const { code, stdout } = await policy([...given, '--show-builtin-errors', '--coverage']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    errors: [{ code: 'eval_builtin_error', message: 'div: divide by zero', location: { row: 5 } }],
    result: [{ expressions: [{ value: [1] }] }],
  });
  expect((await policy([...given, '--show-builtin-errors', '--strict-builtin-errors'])).code).toBe(3);
  expect(await policy([...given, '--show-builtin-errors', '-f', 'pretty', '--fail-defined'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('p.rego:5:7: eval_builtin_error: div: divide by zero') as string,
  });
});

test('eval --optimize answers the same, and not at all where an entry point has no value', async () => {
  write({
    'p.rego': 'package p\n\n# METADATA\n# entrypoint: true\nallow if input.x in data.xs\n\nnever if false\n',
    'd.json': '{"xs": [1, 2]}',
    'i.json': '{"x": 2}',
  });
  const given = ['eval', '-O1', '-d', 'p.rego', '-d', 'd.json', '-i', 'i.json', '-f', 'raw'];
  expect(await policy([...given, 'data.p'])).toEqual({ code: 0, stdout: '{"allow":true}\n', stderr: '' });
  expect(await policy([...given, '-e', 'p/never', 'data.p'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'undefined entrypoint data.p.never\n',
  });
  expect((await policy([...given, '-b', '.', 'data.p'])).code).toBe(3);
});

test('eval names the steps it measured, up to the one that failed', async () => {
  write({ 'p.rego': 'package p\n\np := 1\n', 'bad.rego': 'package bad\n\np := nothing(1)\n' });
  const names = async (...args: string[]) =>
    Object.keys(
      (JSON.parse((await policy(['eval', '--metrics', ...args])).stdout) as { metrics: object }).metrics,
    ).map((name) => name.replace(/^timer_rego_(.*)_ns$/, '$1'));
  const query = ['query_compile', 'query_eval', 'query_parse'];
  expect(await names('1')).toEqual(query);
  expect(await names('-d', 'p.rego', 'data')).toEqual([
    'load_files',
    'module_compile',
    'module_parse',
    ...query,
  ]);
  expect(await names('-d', 'bad.rego', 'data')).toEqual(['load_files', 'module_compile', 'module_parse']);
  expect(await names('--partial', '1')).toEqual(['partial_eval', 'query_compile', 'query_parse']);
});

test('eval refuses what it cannot do, and says why', async () => {
  for (const flags of [['--target', 'wasm'], ['--instrument'], ['--coverage-runs', 'other']]) {
    const { code, stderr } = await policy(['eval', ...flags, 'true']);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/is not done here|invalid --coverage-runs/)]);
  }
});

test('exit codes tell scripts what came out', async () => {
  expect((await policy(['eval', '--fail', 'data.nothing'])).code).toBe(1);
  expect((await policy(['eval', '--fail-defined', 'true'])).code).toBe(1);
  expect((await policy(['eval', 'nothing(1)'])).code).toBe(2);
  expect((await policy(['eval', '-i', 'missing', 'true'])).code).toBe(2);
  expect(
    (
      await policy([
        'eval',
        '--timeout',
        '1ms',
        'x := numbers.range(1, 3000); [1 | some a in x; some b in x; some c in x; a + b + c == 0]',
      ])
    ).code,
  ).toBe(2);
  expect((await policy(['eval', '--timeout', 'soon', 'true'])).code).toBe(3);
  expect((await policy(['eval'])).code).toBe(3);
  expect((await policy(['eval', '--count', '0', 'true'])).code).toBe(3);
});

test('files that would overwrite each other are refused', async () => {
  write({ 'a.json': '{"x":1}', 'b.yaml': 'x: 2\n' });
  const { code, stdout } = await policy(['eval', '-d', 'a.json', '-d', 'b.yaml', 'data']);
  expect([code, JSON.parse(stdout).errors[0].message]).toEqual([2, 'b.yaml: merge error']);
});

test('a document never takes the place of a rule', async () => {
  write({ 'p.rego': POLICY, 'd.json': '{"p":{"allow":true}}' });
  const { code, stdout } = await policy(['eval', '-d', 'p.rego', '-d', 'd.json', 'data.p.allow']);
  expect([code, JSON.parse(stdout).errors[0].message]).toEqual([
    2,
    'conflicting rule for data path p/allow found',
  ]);
});

test('policies are kept to the functions of older engines', async () => {
  write({
    'p.rego': 'package p\n\nx := count(input.a)\n',
    'some.json': '{"builtins":[{"name":"eq"}],"features":["rego_v1"]}',
    'old.json': '{"builtins":[{"name":"eq"},{"name":"count"}]}',
    'none.json': '{}',
  });
  const all = (await policy(['capabilities', '--current'])).stdout;
  write({ 'all.json': all });
  expect((await policy(['check', '--capabilities', 'all.json', 'p.rego'])).code).toBe(0);
  const refused = await policy(['check', '--capabilities', 'some.json', 'p.rego']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('undefined function count')]);
  expect((await policy(['check', '--capabilities', 'none.json', 'p.rego'])).code).toBe(1);
  const old = await policy(['check', '--capabilities', 'old.json', 'p.rego']);
  expect([old.code, old.stderr]).toEqual([1, expect.stringContaining('rego_v1 feature required')]);
  const release = await policy(['check', '--capabilities', 'v0.99.0', 'p.rego']);
  expect([release.code, release.stderr]).toEqual([1, expect.stringContaining('version found: v0.99.0')]);
});

test('policies of a gate are checked with the library they have there', async () => {
  const text = 'package site\n\nimport data.pratique.lib\n\nx := lib.name(input.image)\n\ntest_x if true\n';
  write({ 'p.rego': text });
  expect(await policy(['check', 'p.rego'])).toEqual({ code: 0, stdout: '', stderr: '' });
  const { code, stdout } = await policy(['test', '--coverage', 'p.rego']);
  expect([code, Object.keys(JSON.parse(stdout).files)]).toEqual([0, ['p.rego']]);
  write({ 'typo.rego': text.replace('lib.name', 'lib.nmae') });
  expect((await policy(['check', 'typo.rego'])).code).toBe(1);
});

test('a bundle holds the library that its policies import, where its roots leave room for it', async () => {
  const text =
    'package site\n\nimport data.pratique.lib\n\nx := lib.name({"registry": "r", "repository": "a"})\n';
  const held = async () => {
    const { stdout } = await policy(['inspect', '--format', 'json', 'bundle.tar.gz']);
    const { namespaces } = JSON.parse(stdout) as { namespaces: object };
    return Object.keys(namespaces)
      .filter((name) => name !== 'data')
      .sort();
  };
  write({ 'p.rego': text });
  expect((await policy(['build', 'p.rego'])).code).toBe(0);
  expect(await held()).toEqual(['data.pratique.lib', 'data.site']);
  // A file of its name is something else, and stays.
  write({ 'pratique/lib/lib.rego': 'package other\n\ny := 1\n' });
  expect((await policy(['build', 'p.rego', 'pratique'])).code).toBe(0);
  expect(await held()).toEqual(['data.other', 'data.pratique.lib', 'data.site']);
  // Built in the language of old, it is still read in its own.
  expect((await policy(['build', '--v0-compatible', 'p.rego'])).code).toBe(0);
  const { stdout } = await policy([
    'eval',
    '--v0-compatible',
    '-b',
    'bundle.tar.gz',
    '-f',
    'raw',
    'data.site.x',
  ]);
  expect(stdout).toBe('r/a\n');
  write({ 'bundle/p.rego': text, 'bundle/.manifest': '{"roots": ["site"]}' });
  const { code, stderr } = await policy(['build', '-b', 'bundle']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('add pratique/lib to the roots')]);
  write({ 'bundle/.manifest': '{"roots": ["site", "pratique/lib"]}' });
  expect((await policy(['build', '-b', 'bundle'])).code).toBe(0);
  expect(await held()).toEqual(['data.pratique.lib', 'data.site']);
});

test('check shows place, line, caret and what to do, for every broken file', async () => {
  write({ 'a.rego': 'package a\n\np {\n', 'b.rego': 'package b\n\nq[x] { x := 1 }\n' });
  const { code, stderr } = await policy(['check', '.']);
  expect(code).toBe(1);
  expect(stderr).toContain('a.rego:4:');
  expect(stderr).toContain(
    'b.rego:3:1: rego_parse_error: `if` keyword is required before rule body\n\tq[x] { x := 1 }\n\t^',
  );
  expect(stderr).toContain('hint: this is Rego v0: add --v0-compatible');
  expect((await policy(['check', '--v0-compatible', 'b.rego'])).code).toBe(0);
});

test('no byte of a policy reaches the terminal as a control character', async () => {
  write({ 'a.rego': 'package a\n\np := "\u001b[2J" +\n' });
  const { stderr } = await policy(['check', 'a.rego']);
  expect(stderr).not.toContain('\u001b');
});

test('fmt lists, fails, shows and rewrites', async () => {
  write({ 'a.rego': 'package a\nx   := 1\n', 'b.rego': 'package b\n' });
  expect(await policy(['fmt', '-l', '.'])).toMatchObject({ code: 0, stdout: 'a.rego\n' });
  expect((await policy(['fmt', '-l', '--fail', '.'])).code).toBe(2);
  expect((await policy(['fmt', '-d', 'a.rego'])).stdout).toContain('-x   := 1\n+\n+x := 1\n');
  expect(readFileSync(join(cwd, 'a.rego'), 'utf8')).toBe('package a\nx   := 1\n');
  expect((await policy(['fmt', '-w', '.'])).code).toBe(0);
  expect(readFileSync(join(cwd, 'a.rego'), 'utf8')).toBe('package a\n\nx := 1\n');
  expect(await policy(['fmt'], 'package a\nx   := 1\n')).toMatchObject({
    code: 0,
    stdout: 'package a\n\nx := 1\n',
  });
});

const TESTS = 'package t\n\ntest_good if true\n\ntest_bad if false\n\ntodo_test_later if false\n';

test('test exits 2 for failures and skipped tests, and reports for CI', async () => {
  write({ 't_test.rego': TESTS });
  expect((await policy(['test', '.'])).code).toBe(2);
  expect((await policy(['test', '-r', 'good', '.'])).code).toBe(0);
  expect((await policy(['test', '-r', 'later', '.'])).code).toBe(2);
  expect((await policy(['test', '-r', 'later', '-z', '.'])).code).toBe(0);
  expect((await policy(['test', '-r', 'none', '--fail-on-empty', '.'])).code).toBe(1);
  const { stdout } = await policy(['test', '--format', 'junit', '.']);
  expect(stdout).toContain('tests="3" failures="1" errors="0" skipped="1"');
});

test('test measures tests instead, and says which failed', async () => {
  write({ 't_test.rego': TESTS });
  const { code, stdout } = await policy(['test', '--bench', '-r', 'good|bad', '.']);
  expect(code).toBe(2);
  expect(stdout).toMatch(
    /^data\.t\.test_good\t *\d+\t *[\d.]+ ns\/op\t *[\d.]+ timer_rego_query_eval_ns\/op\t *\d+ B\/op$/m,
  );
  expect(stdout).toContain('data.t.test_bad: FAIL');
  const lines = await policy(['test', '--bench', '-f', 'gobench', '--benchmem=false', '-r', 'good', '.']);
  expect(lines.stdout).toMatch(/^BenchmarkDataTTestGood\t[^B]*$/m);
  const json = await policy(['test', '--bench', '-f', 'json', '-r', 'good|bad', '.']);
  expect(JSON.parse(json.stdout)).toMatchObject([
    { name: 'test_good', benchmark_result: { N: expect.any(Number), MemBytes: expect.any(Number) } },
    { name: 'test_bad', fail: true, benchmark_result: { N: 0, Extra: null } },
  ]);
  for (const flags of [
    ['-f', 'gobench'],
    ['--bench', '--coverage'],
    ['--bench', '-f', 'junit'],
  ])
    expect((await policy(['test', ...flags, '.'])).code).toBe(3);
});

test('test --watch runs again when a file changes, tells what is wrong with it, and ends with 0', async () => {
  write({ 't_test.rego': 'package t\n\ntest_a if false\n' });
  const abort = new AbortController();
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const running = run(['policy', 'test', '-w', '.'], terminal, abort.signal);
  const waits = (times: number): Promise<void> =>
    expect.poll(() => terminal.stdout.split('Watching for changes ...')).toHaveLength(times + 1);
  await waits(1);
  write({ 't_test.rego': 'package t\n\ntest_a if {\n' });
  await waits(2);
  write({ 't_test.rego': 'package t\n\ntest_a if true\n' });
  await waits(3);
  abort.abort();
  expect(await running).toBe(0);
  const [first, second, third] = terminal.stdout.split(/^\*+\nWatching for changes \.\.\.\n/m);
  expect(first).toContain('FAIL: 1/1');
  expect(second).toContain('rego_parse_error');
  expect(third).toBe('PASS: 1/1\n');
});

test('test has the slowest first where that is asked for', async () => {
  write({
    't_test.rego':
      'package t\n\ntest_a if true\n\ntest_b if count([1 | some i in numbers.range(1, 3000); i > 0]) > 0\n',
  });
  const { stdout } = await policy(['test', '--sort', 'duration', '-f', 'json', '.']);
  const durations = (JSON.parse(stdout) as { duration: number }[]).map(({ duration }) => duration);
  expect(durations).toEqual(durations.toSorted((a, b) => b - a));
  expect((await policy(['test', '--sort', 'duration', '.'])).stderr).toContain('only supported with JSON');
});

test('coverage tells apart only the reasons that are asked for', async () => {
  write({
    'p.rego': 'package p\n\na if input.x == 1\n\na if input.x == 2\n',
    'p_test.rego': 'package p_test\n\ntest_x if data.p.a with input as {"x": 2}\n',
  });
  const kinds = async (...flags: string[]): Promise<unknown> => {
    const { stdout } = await policy(['test', ...flags, '.']);
    return JSON.parse(stdout).files['p.rego'].not_covered[1].kinds;
  };
  expect(await kinds('--coverage')).toEqual(['index_excluded']);
  expect(await kinds('--coverage-runs', 'index_excluded')).toEqual(['index_excluded']);
  expect(await kinds('--coverage-runs=')).toBeUndefined();
  expect(await kinds('--coverage-runs', 'early_exit')).toBeUndefined();
  expect((await policy(['test', '--coverage-runs', 'all', '.'])).code).toBe(3);
});

test('problems are told up to the wanted number, and all that do not parse', async () => {
  const rules = Array.from({ length: 12 }, (_, index) => `r${index} := x${index}\n`).join('');
  write({ 'p.rego': `package p\n\n${rules}`, 'broken/a.rego': 'package a\n\np {', 'broken/b.rego': 'x' });
  const unsafe = async (...argv: string[]): Promise<(number | boolean)[]> => {
    const { stderr } = await policy([...argv, 'p.rego']);
    return [stderr.match(/is unsafe/g)?.length ?? 0, stderr.includes('error limit reached')];
  };
  for (const command of ['test', 'check']) {
    expect(await unsafe(command)).toEqual([10, true]);
    expect(await unsafe(command, '-m', '3')).toEqual([3, true]);
    expect(await unsafe(command, '-m', '13')).toEqual([12, false]);
    expect(await unsafe(command, '-m', '0')).toEqual([12, false]);
    const { stderr } = await policy([command, '-m', '1', 'broken']);
    expect([stderr.includes('broken/a.rego'), stderr.includes('broken/b.rego')]).toEqual([true, true]);
  }
});

test('test fails below the wanted coverage', async () => {
  write({ 'p.rego': POLICY, 'p_test.rego': 'package p_test\n\ntest_x if data.p.allow == false\n' });
  expect((await policy(['test', '--threshold', '10', '.'])).code).toBe(0);
  expect(await policy(['test', '--threshold', '100', '.'])).toMatchObject({ code: 2, stdout: '' });
});

test('build refuses what does not compile, entrypoints that are not there, and signatures nobody checked', async () => {
  write({ 'good/p.rego': POLICY, 'bad/p.rego': 'package p\n\nx := y\n' });
  expect((await policy(['build', 'bad'])).code).toBe(1);
  const sign = ['--signing-key', 'secret', '--signing-alg', 'HS256'];
  expect((await policy(['build', ...sign, 'good'])).code).toBe(1);
  expect((await policy(['build', '-b', ...sign, 'good', '-o', 's.tar.gz'])).code).toBe(0);
  expect((await policy(['build', '-b', 's.tar.gz', '-o', 'x.tar.gz'])).code).toBe(1);
  const verify = ['--verification-key', 'secret', '--signing-alg', 'HS256'];
  expect((await policy(['eval', '-b', 's.tar.gz', ...verify, 'data.p'])).code).toBe(0);
  expect(
    (await policy(['eval', '-b', 's.tar.gz', '--verification-key', 'other', '--signing-alg', 'HS256', '1']))
      .code,
  ).toBe(2);
  expect((await policy(['eval', '-b', 'good', ...verify, '1'])).code).toBe(2);
});

test('deps names what has to be provided', async () => {
  write({ 'p.rego': POLICY });
  const { stdout } = await policy(['deps', '-d', 'p.rego', 'data.p.allow']);
  expect(stdout).toMatch(/data\.users.*data\.p\.allow(.|\n)*input\.user/);
});

test('check --schema finds a member that the input cannot have', async () => {
  write({
    'pod.json': '{"properties": {"kind": {"type": "string"}}}',
    'schemas/deep/pod.yaml': 'properties: {kind: {type: string}}',
    'p.rego': 'package p\n\nallow if input.kinds == "Pod"\n',
    'q.rego':
      'package q\n\n# METADATA\n# schemas:\n#   - input: schema.deep.pod\nallow if input.kinds == "Pod"\n',
  });
  expect((await policy(['check', 'p.rego', 'q.rego'])).code).toBe(0);
  const { code, stderr } = await policy(['check', '--schema', 'pod.json', 'p.rego']);
  expect(code).toBe(1);
  expect(stderr).toContain('p.rego:3:10: rego_type_error: undefined ref: input.kinds');
  expect(stderr).toContain('want (one of): ["kind"]');
  expect((await policy(['check', '--schema', 'schemas', 'p.rego'])).code).toBe(0);
  expect((await policy(['check', '--schema', 'schemas', 'q.rego'])).stderr).toContain('q.rego:6:10');
  expect((await policy(['eval', '--schema', 'pod.json', 'input.kinds'])).code).toBe(2);
  expect((await policy(['test', '--schema', 'none.json', 'p.rego'])).stderr).toContain('no such file');
});

test('links of a bundle are followed on request, and never into a directory or a device', async () => {
  write({ 'p.rego': POLICY, 'site/data.json': '{"users": ["al"]}' });
  const built = async (...flags: string[]) => {
    const { code, stderr } = await policy(['build', '-b', 'site', ...flags]);
    if (code !== 0) return stderr;
    return (await policy(['inspect', 'bundle.tar.gz'])).stdout.includes('p.rego');
  };
  symlinkSync('../p.rego', join(cwd, 'site/p.rego'));
  expect([await built(), await built('--follow-symlinks')]).toEqual([false, true]);
  for (const target of ['/dev/zero', '..']) {
    symlinkSync(target, join(cwd, 'site/other.rego'));
    expect(await built('--follow-symlinks')).toContain('other.rego: not a regular file');
    rmSync(join(cwd, 'site/other.rego'));
  }
});

test('what METADATA blocks of a bundle say cannot move the cursor of a terminal', async () => {
  write({ 'p.rego': '# METADATA\n# title: "a\\e[2Jb"\npackage p\n' });
  const { stdout } = await policy(['inspect', '-a', 'p.rego']);
  expect(stdout).toContain('a\\u{1b}[2Jb\n');
  expect(stdout).not.toContain('\u001b');
});

test('targets that the engine does not have are refused with what makes them', async () => {
  write({ 'p.rego': POLICY });
  for (const argv of [
    ['build', '-t', 'wasm', 'p.rego'],
    ['bench', '-t', 'wasm', 'data.p'],
    ['test', '-t', 'wasm', 'p.rego'],
  ]) {
    const { code, stderr } = await policy(argv);
    expect([code, stderr]).toEqual([3, expect.stringContaining('--target wasm is not done here')]);
  }
});
