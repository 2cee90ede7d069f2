import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParseError } from './errors.ts';
import { MAX_TEXT_LENGTH, parseBody, parseModule, parseTermText } from './parse.ts';
import type { RegoVersion } from './types.ts';

function failure(parse: () => unknown): ParseError {
  try {
    parse();
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
  throw new Error('parsed');
}

/** Complaints as `row:col message`. */
function complaints(text: string, regoVersion: RegoVersion = 'v1'): string[] {
  const { errors } = failure(() => parseModule(`package test\n${text}`, { regoVersion }));
  return errors.map(({ location, message }) => `${location.row}:${location.col} ${message}`);
}

describe('mistakes are told in the words and at the place of OPA', () => {
  test.each<[string, ...string[]]>([
    ['p { true }', '2:1 `if` keyword is required before rule body'],
    ['p[x] if', '2:7 unexpected eof token'],
    ['p["x"]', '2:1 `contains` keyword is required for partial set rules'],
    ['p.q.r', '2:1 rule must have value assignment and/or body declaration'],
    ['p if { every x in xs {} }', '2:23 found empty body'],
    ['p if { x y }', '2:10 unexpected identifier token: expected \\n or ; or }'],
    ['p if { x := [1, 2 }', '2:19 unexpected } token: expected "," or "]"'],
    ['p if { {1: 2 }', '2:14 unexpected eof token: expected \\n or ; or }'],
    ['p if { not some x }', "2:12 unexpected some keyword: illegal negation of 'some'"],
    ['p if { some x := 1 }', '2:15 unexpected assign token: expected \\n or ; or }'],
    ['p if { every x { true } }', '2:16 unexpected { token: expected `x[, y] in xs { ... }` expression'],
    ['p if { "a\n" }', '2:8 non-terminated string', '2:8 illegal token'],
    ['p := "\\q"', '2:6 illegal escape sequence', '2:6 illegal token', '2:6 illegal token'],
    ['p := 01', '2:6 unexpected number token: expected number without leading zero'],
    ['p := 1e400000', '2:6 number too big'],
    ['p contains', '2:10 unexpected eof token'],
    ['default p := input.x', '2:1 illegal default rule (value cannot contain ref)'],
    ['default p.q', '2:1 illegal default rule (must have a value)'],
    ['default f(1) := 2', '2:1 illegal default rule (arguments cannot contain number)'],
    ['count(x)', '2:1 rule name conflicts with built-in function'],
    ['"a"', '2:1 string cannot be used for rule name'],
    ['p := 1 with input as 2', '2:1 expressions using with keyword cannot be used for rule head'],
    ['package b', '2:1 unexpected package'],
    [
      'import foo.bar',
      '2:8 unexpected import path, must begin with one of: {data, future, input, rego}, got: foo (hint: if this is unexpected, try updating OPA)',
    ],
    [
      'import data.x.if',
      '2:15 unexpected import path, must not end with a keyword, got: if (hint: import a different path or use an alias)',
    ],
    ['import future.keywords.no', '2:8 unexpected keyword, must be one of [and contains every if in not or]'],
    ['import rego.v2', '2:8 invalid import `rego.v2`, must be `rego.v1`'],
    ['p contains x if { x := 1 } else { true }', '2:28 else keyword cannot be used on multi-value rules'],
    ['p := $"{x := 1}"', "2:9 unexpected assignment (':=') in template-string expression"],
    ['p := "\u{feff}"', '2:6 illegal byte-order mark'],
    ['p := "\0"', '2:6 illegal null character'],
  ])('%j', (text, first, ...more) => {
    const found = complaints(text);
    expect(found[0]).toBe(first);
    for (const message of more) expect(found).toContain(message);
  });

  test('v0 hints at the import that is missing', () => {
    expect(complaints('p { some x in xs }', 'v0')).toEqual([
      '2:12 unexpected identifier token: expected \\n or ; or } (hint: `import future.keywords.in` for `some x in xs` expressions)',
    ]);
  });

  test('and and or ask for parentheses where braces could be body or value', () => {
    const text = 'import future.keywords\np if { {x | x} or y }';
    expect(complaints(text)[0]).toMatch(/^3:8 ambiguous `\{ \.\.\. \| \.\.\. \}` operand/);
  });
});

test('the message shows file, line, source and caret', () => {
  const { message } = failure(() => parseModule('package a\n\n\tp := = 1\n', { file: 'a.rego' }));
  expect(message).toContain('a.rego:3: rego_parse_error: unexpected eq token\n\tp := = 1\n\t     ^');
});

test('an empty file and a file without a package are told apart', () => {
  expect(failure(() => parseModule('# nothing')).errors[0]!.message).toBe('empty module');
  expect(failure(() => parseModule('p := 1')).errors[0]!.message).toBe('package expected');
});

test('a query is no module and a term is no query', () => {
  expect(failure(() => parseBody('package a')).errors[0]!.message).toContain('expected body');
  expect(failure(() => parseTermText('a; b')).errors[0]!.message).toBe(
    'expected exactly one term but got: a; b',
  );
  expect(failure(() => parseTermText('x := 1')).errors[0]!.message).toBe(
    'expected term but got assign(x, 1)',
  );
  expect(parseBody('')).toEqual([]);
});

test('at most ten complaints are kept of a file full of mistakes', () => {
  expect(complaints('p { true }\n'.repeat(100))).toHaveLength(10);
});

describe('hostile text ends in an error, not in a crash or a hang', () => {
  test.each([
    ['brackets', '[', ']'],
    ['braces', '{', '}'],
    ['objects', '{"a":', '}'],
    ['parentheses', '(', ')'],
    ['comprehensions', '[x | x = ', ']'],
    ['calls', 'f(', ')'],
    ['template strings', '$"{', '}"'],
  ])('deeply nested %s', (_, open, close) => {
    const text = `p := ${open.repeat(50_000)}1${close.repeat(50_000)}`;
    expect(complaints(text)[0]).toContain('the policy nests further than the stack goes');
  });

  test('a long chain of operators, which nests to the left', () => {
    expect(complaints(`p := 1${' + 1'.repeat(60_000)}`)[0]).toContain('max parsing recursion depth exceeded');
  });

  test('lists that read like comprehensions at every level', () => {
    const text = `p := ${'[a | '.repeat(60)}b${', c]'.repeat(60)}`;
    expect(complaints(text)[0]).toContain('parsing takes too many steps');
  });

  test('text beyond the limit', () => {
    expect(failure(() => parseModule(' '.repeat(MAX_TEXT_LENGTH + 1))).errors[0]!.message).toContain(
      'longer than',
    );
  });
});

const versions = fc.constantFrom<RegoVersion[]>('v0', 'v0v1', 'v1');

/** Parses and asserts that whatever goes wrong is a parse error. */
function parseAnyhow(text: string, regoVersion: RegoVersion): void {
  for (const parse of [parseModule, parseBody]) {
    try {
      parse(text, { regoVersion });
    } catch (error) {
      expect(error).toBeInstanceOf(ParseError);
    }
  }
}

test('any text parses or fails with a parse error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), versions, parseAnyhow), {
    numRuns: 500,
  });
});

const FRAGMENTS =
  'p q x _ input data if contains else default import package with as some every in not and or true null 1 -1 .5 "a" `a` $"{ $` { } [ ] ( ) , ; : . := = == | & + - * / % set() future.keywords rego.v1'.split(
    ' ',
  );

test('any sequence of tokens parses or fails with a parse error', () => {
  const fragment = fc.constantFrom(...FRAGMENTS, '\n', ' ', ' ', '# METADATA\n# title: x\n', '# x\n');
  const text = fc
    .array(fragment, { maxLength: 60 })
    .map((parts) => `package a\nimport future.keywords\n${parts.join(' ')}`);
  fc.assert(fc.property(text, versions, parseAnyhow), { numRuns: 1000 });
});
