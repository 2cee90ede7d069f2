import { expect, test } from 'vitest';
import { RegoError } from '../errors.ts';
import { compile } from '../query.ts';

/** Policies made to hold the compiler up. Each ends, well or with an error of ours; a hang is a time-out of the test. */
function compiles(text: string): 'compiled' | RegoError {
  try {
    compile({ modules: { 'p.rego': `package p\n\n${text}\n` } }).rule('data.p');
    return 'compiled';
  } catch (error) {
    if (error instanceof RegoError) return error;
    throw error;
  }
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('\n\t');
}

function body(...parts: readonly string[]): string {
  return `r if {\n\t${parts.join('\n\t')}\n}`;
}

const N = 1_000;

test.each<[string, string]>([
  [
    'arrays that double',
    body(
      'x0 := [1, "a"]',
      lines(N, (i) => `x${i + 1} := [x${i}, x${i}]`),
      `x${N} == 1`,
    ),
  ],
  [
    'objects that double',
    body(
      'x0 := {"a": 1}',
      lines(N, (i) => `x${i + 1} := {"a": x${i}, "b": x${i}}`),
      `x${N}.a.b`,
    ),
  ],
  [
    'sets that double',
    body(
      'x0 := {1}',
      lines(N, (i) => `x${i + 1} := {x${i}, [x${i}]}`),
      `x${N}[_] == 1`,
    ),
  ],
  [
    'doubled types that are compared',
    body(
      'x0 := [1]\n\ty0 := [1]',
      lines(60, (i) => `x${i + 1} := [x${i}, x${i}]\n\ty${i + 1} := [y${i}, y${i}]`),
      lines(N, (i) => `x${i % 60} == y${i % 60}`),
    ),
  ],
  ['rules whose types double', `r0 := [1]\n\n${lines(N, (i) => `r${i + 1} := [r${i}, r${i}]\n`)}`],
  ['a union of many types', lines(N, (i) => `r := {"k${i}": ${i}} if input.x == ${i}\n`)],
  [
    'a union of many types, read',
    `${lines(N, (i) => `r := {"k${i}": ${i}} if input.x == ${i}\n`)}\n${lines(200, (i) => `s${i} := r.k${i}\n`)}`,
  ],
  [
    'expressions in the worst order',
    body(
      lines(N, (i) => `x${N - i} = x${N - i - 1} + 1`),
      'x0 = 1',
    ),
  ],
  [
    'equalities in the worst order',
    body(
      lines(N, (i) => `x${N - i} = x${N - i - 1}`),
      'x0 = 1',
    ),
  ],
  [
    'comprehensions in the worst order',
    body(
      lines(300, (i) => `x${300 - i} = [1 | x${300 - i - 1} == 1]`),
      'x0 = 1',
    ),
  ],
  [
    'one variable in many patterns',
    body(
      lines(N, (i) => `[y${i}, z] = [z, y${i + 1}]`),
      `y${N} = 1`,
    ),
  ],
  ['comprehensions in comprehensions', `r := ${'[x | x := '.repeat(150)}1${']'.repeat(150)}`],
  [
    'comprehensions that see all outside',
    body(
      lines(60, (i) => `x${i} := 1`),
      `y := ${'[x0 | x1 == 1; z := '.repeat(60)}1${']'.repeat(60)}`,
    ),
  ],
  [
    'every in every',
    body(`${lines(120, (i) => `every x${i} in input.xs { x${i};`)} true ${'}'.repeat(120)}`),
  ],
  [
    'not in not',
    `import future.keywords.not\n\n${body(`${'not { '.repeat(100)}input.x${' }'.repeat(100)}`)}`,
  ],
  ['parentheses', `r := ${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
  ['brackets', `r := ${'['.repeat(5_000)}1${']'.repeat(5_000)}`],
  ['braces', `r := ${'{'.repeat(500)}1${'}'.repeat(500)}`],
  ['operators', `r := ${'1 + '.repeat(5_000)}1`],
  ['else', `r := 1 if input.x\n${lines(1_000, (i) => `else := ${i} if input.y == ${i}`)}`],
  ['a ref of many parts', `r if input${'.a'.repeat(20_000)}`],
  ['a ref of many variables', body(`input${lines(500, (i) => `[x${i}]`).replaceAll('\n\t', '')}`)],
  ['many rules of one name', lines(5_000, (i) => `r contains ${i}\n`)],
  ['many names in a package', `${lines(3_000, (i) => `r${i} := data.p`)}`],
  [
    'rules that each need all before',
    lines(
      400,
      (i) =>
        `r${i} if { ${Array.from({ length: Math.min(i, 200) + 1 }, (_, j) => (j === 0 ? 'true' : `r${i - j}`)).join('; ')} }\n`,
    ),
  ],
  [
    'many functions with many patterns',
    lines(500, (i) => `f([${Array.from({ length: 20 }, (_, j) => `x${j}`).join(', ')}, ${i}]) := x0\n`),
  ],
  ['with on with', body(lines(500, (i) => `input.x with input.y as ${i} with data.z as ${i}`))],
  [
    'with on a rule that all depend on',
    `base := 1\n\n${lines(600, (i) => `r${i} := ${i === 0 ? 'base' : `r${i - 1}`}\n`)}\n${lines(300, (i) => `s${i} if r${i} == 1 with data.p.r${i + 1} as 1\n`)}`,
  ],
  ['general refs', lines(1_000, (i) => `a[x].b${i} := 1 if some x in ["a"]\n`)],
  ['nested general refs', lines(300, (i) => `a${'[x]'.repeat(i % 20)}.b${i} := 1 if some x in ["a"]\n`)],
  ['patterns of objects', body(lines(N, (i) => `{"a": x${i}, "b": x${i + 1}} = {"a": x${i + 1}, "b": 1}`))],
  ['template strings', body(lines(500, (i) => `x${i} := $"{input.a} {[$"{input.b}" | true]}"`))],
  ['a long regular expression', `r if regex.match("${'(a|b)*'.repeat(3_000)}", input.x)`],
  ['unused variables', body(lines(N, (i) => `some x${i}`))],
  ['unsafe variables', body(lines(N, (i) => `x${i} == y${i}`))],
])('%s', { timeout: 20_000 }, (_name, text) => {
  const outcome = compiles(text);
  if (outcome !== 'compiled') expect(outcome.problems.length).toBeGreaterThan(0);
});
