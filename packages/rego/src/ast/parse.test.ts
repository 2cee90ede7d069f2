import { describe, expect, test } from 'vitest';
import { moduleJson } from './json.ts';
import { parseBody, parseModule, parseTermText } from './parse.ts';
import { bodyText, exprText, termText } from './print.ts';
import type { Head, RegoVersion, Rule } from './types.ts';

function rules(text: string, regoVersion: RegoVersion = 'v1'): Rule[] {
  return parseModule(`package test\n${text}`, { regoVersion }).rules;
}

function rule(text: string, regoVersion: RegoVersion = 'v1'): Rule {
  const all = rules(text, regoVersion);
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** A head in one line: ref, arguments, key and value. */
function headText({ ref, args, key, value, assign }: Head): string {
  const text = (term: typeof key): string => (term === undefined ? '-' : termText(term));
  const list = args === undefined ? '' : `(${args.map(termText).join(', ')})`;
  const path = ref.map((term) => (term.kind === 'string' ? term.value : termText(term))).join('.');
  return `${path}${list} key ${text(key)} value ${text(value)}${assign ? ' assign' : ''}`;
}

describe('heads of rules become what the evaluator has to build', () => {
  test.each<[string, RegoVersion, string]>([
    ['p := 1', 'v1', 'p key - value 1 assign'],
    ['p = 1', 'v1', 'p key - value 1'],
    ['p if { true }', 'v1', 'p key - value true'],
    ['p contains x if x := 1', 'v1', 'p key x value -'],
    ['p[x] { x := 1 }', 'v0', 'p key x value -'],
    ['p[x]', 'v0', 'p key x value -'],
    ['p[x] = y { x := 1; y := 2 }', 'v0', 'p.x key x value y'],
    ['p[x] := y if { x := 1; y := 2 }', 'v1', 'p.x key x value y assign'],
    ['p.q if { true }', 'v1', 'p.q key - value true'],
    ['p.q.r if { true }', 'v1', 'p.q.r key - value true'],
    ['p[x].r := 1 if x := 1', 'v1', 'p.x.r key - value 1 assign'],
    ['p.q contains x if x := 1', 'v1', 'p.q key x value -'],
    ['f(x) := y if y := x', 'v1', 'f(x) key - value y assign'],
    ['f() if { true }', 'v1', 'f() key - value true'],
    ['a.f(x, [y]) if x == y', 'v1', 'a.f(x, [y]) key - value true'],
    ['if.not := 1', 'v1', 'if.not key "not" value 1 assign'],
    ['default p := [1]', 'v1', 'p key - value [1] assign'],
    ['default f(_) := false', 'v1', 'f(_) key - value false assign'],
  ])('%s', (text, version, expected) => {
    expect(headText(rule(text, version).head)).toBe(expected);
  });
});

describe('expressions print as OPA prints them', () => {
  test.each([
    ['1 + 2 * 3 - 4', 'minus(plus(1, mul(2, 3)), 4)'],
    ['a | b & c == d', 'equal(or(a, and(b, c)), d)'],
    ['x in xs', 'internal.member_2(x, xs)'],
    ['k, v in xs', 'internal.member_3(k, v, xs)'],
    ['x := [y | y := a[_].b]', 'assign(x, [y | assign(y, a[_].b)])'],
    ['x = {a: b | b := 1}', 'x = {a: b | assign(b, 1)}'],
    ['{x | y}', '{x | y}'],
    ['{1, 2, 1}', '{1, 2}'],
    ['set()', 'set()'],
    ['{}', '{}'],
    ['{"b": 1, "a": 2}', '{"a": 2, "b": 1}'],
    ['not p.q with input.x as 1 with data.y as 2', 'not p.q with input.x as 1 with data.y as 2'],
    ['some x, y', 'some x, y'],
    ['some k, v in xs', 'some k, v in xs'],
    ['every x in xs { x > 1; y }', 'every x in xs { gt(x, 1); y }'],
    ['f(g(1), "a\\nb")', 'f(g(1), "a\\nb")'],
    ['io.jwt.decode(x)', 'io.jwt.decode(x)'],
    ['a["b c"].d["if"]', 'a["b c"].d["if"]'],
    ['-x', 'minus(0, x)'],
    ['-1.50e3', '-1.50e3'],
    ['`raw\\n`', '"raw\\\\n"'],
    ['$"a {x + 1} \\{"', '$"a {plus(x, 1)} \\{"'],
    ['(1 + 2) * 3', 'mul(plus(1, 2), 3)'],
    ['[1, 2,]', '[1, 2]'],
    ['true; null; false', 'true; null; false'],
  ])('%s', (text, expected) => {
    expect(bodyText(parseBody(text))).toBe(expected);
  });

  test('a union in a set literal is read as comprehension, in parentheses as union', () => {
    expect(bodyText(parseBody('x = {(a | b)}'))).toBe('x = {or(a, b)}');
  });

  test('the keywords and, or and not of future.keywords nest by precedence', () => {
    const text = 'import future.keywords\np if { a or b and not { c; d } }';
    const terms = rule(text).body[0]!.terms;
    expect(terms).toMatchObject({ kind: 'logicalOr' });
    expect(exprText(rule(text).body[0]!)).toBe('a or b and not {c; d}');
  });
});

test('numbers keep every digit of their source', () => {
  expect(parseTermText('123456789012345678901234567890.10')).toMatchObject({
    kind: 'number',
    text: '123456789012345678901234567890.10',
  });
});

test('each wildcard is its own variable', () => {
  expect(parseBody('a[_][_]')[0]!.terms).toMatchObject({ terms: [{}, { name: '$0' }, { name: '$1' }] });
});

test('else chains and further bodies keep the head of their rule', () => {
  const chain = rule('f(x) := 1 if x == 1\nelse := 2 if x == 2\nelse := 3');
  expect(chain.else?.head.value).toMatchObject({ text: '2' });
  expect(chain.else?.else).toMatchObject({
    generatedBody: true,
    head: { value: { text: '3' }, args: [{ name: 'x' }] },
  });
  expect(rules('p { a } { b }', 'v0').map(({ head }) => head.name)).toEqual(['p', 'p']);
});

test('v0 takes keywords as names until they are imported', () => {
  expect(rule('p { contains := 1; every := contains }', 'v0').body).toHaveLength(2);
  expect(headText(rule('import future.keywords.contains\np contains 1', 'v0').head)).toBe('p key 1 value -');
  expect(parseModule('package a\nimport rego.v1\np if { true }', { regoVersion: 'v0' }).regoVersion).toBe(
    'v0v1',
  );
});

test('locations count characters, not UTF-16 units, and hold the source text', () => {
  const { body } = rule('p if {\n\t"🙂🙂" == x\n}');
  expect(body[0]!.location).toMatchObject({ row: 3, col: 2, text: '"🙂🙂" == x' });
  expect(body[0]!.terms).toMatchObject({ args: [{}, { location: { row: 3, col: 10, text: 'x' } }] });
});

test('keys such as __proto__ are data', () => {
  const { value } = rule('p := {"__proto__": 1, "constructor": {"__proto__": null}}').head;
  expect(termText(value!)).toBe('{"__proto__": 1, "constructor": {"__proto__": null}}');
  expect(Object.prototype).not.toHaveProperty('kind');
});

describe('OPA JSON', () => {
  test('has OPA names and order of keys, and escapes as Go does', () => {
    expect(moduleJson(parseModule('package a\n\np := "<&>"'))).toBe(
      '{"package":{"path":[{"type":"var","value":"data"},{"type":"string","value":"a"}]},' +
        '"rules":[{"body":[{"index":0,"terms":{"type":"boolean","value":true}}],' +
        '"head":{"name":"p","value":{"type":"string","value":"\\u003c\\u0026\\u003e"},"assign":true,' +
        '"ref":[{"type":"var","value":"p"}]}}]}',
    );
  });

  test('holds places and source text on demand, and comments unless unwanted', () => {
    const module = parseModule('package a # c\n', { file: 'a.rego' });
    expect(JSON.parse(moduleJson(module, { locations: true }))).toMatchObject({
      package: { location: { file: 'a.rego', row: 1, col: 1, text: btoa('package') } },
      comments: [{ Text: btoa(' c'), Location: { row: 1, col: 11 } }],
    });
    expect(moduleJson(module, { comments: false })).not.toContain('comments');
  });
});
