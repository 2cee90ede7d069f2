import { expect, test, vi } from 'vitest';
import { readYaml, readYamlDocuments, toJs, YamlError } from './read.ts';

test('what is YAML is read as YAML 1.2 has it', () => {
  expect(readYaml('a: [1, "2", yes, ~]\nb: &x {c: 1.5}\nd: *x\n')).toEqual({
    a: [1, '2', 'yes', null],
    b: { c: 1.5 },
    d: { c: 1.5 },
  });
  expect(readYaml('{"a": {"b": []}}')).toEqual({ a: { b: [] } });
  expect(readYaml('')).toBeNull();
  expect(readYaml('# nothing\n')).toBeNull();
});

test('a key may be an alias of a text', () => {
  expect(readYaml('a: &a x\nb: {*a : 1}')).toEqual({ a: 'x', b: { x: 1 } });
  expect(() => readYaml('a: &a x\nb: {*a : 1, x: 2}')).toThrow('Map keys must be unique');
  expect(() => readYaml('a: &a [x]\nb: {*a : 1}')).toThrow('a key that is no text');
});

test('documents are read one by one, and merge keys where that is asked for', () => {
  const documents = readYamlDocuments('a: &a {b: 1}\nc: {<<: *a, d: 2}\n---\n---\n3\n', { merge: true });
  expect(documents.map((one) => toJs(one))).toEqual([{ a: { b: 1 }, c: { b: 1, d: 2 } }, null, 3]);
  expect(readYaml('a: &a {b: 1}\nc: {<<: *a}\n')).toEqual({ a: { b: 1 }, c: { '<<': { b: 1 } } });
});

const many = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => of(index));

test.each<[string, string, string]>([
  ['a tag that is not known', 'a: !thing 1', 'Unresolved tag: !thing at line 1, column 4'],
  ['a key twice', 'a: 1\nb: 2\na: 3', 'Map keys must be unique at line 3, column 1'],
  ['a key twice, as text and as number', '1: a\n"1": b', 'Map keys must be unique at line 2, column 1'],
  ['a key that is a list', '? [a]\n: b', 'a key that is no text'],
  ['a second document', 'a: 1\n---\nb: 2', 'a second document'],
  ['an alias of nothing', 'a: *b', 'too many or unknown aliases'],
  ['brackets that do not end', 'a: [', 'Flow sequence in block collection must be'],
  ['brackets that did not begin', 'a: ]', 'at line 1, column 4'],
  ['an escape that is none', 'a: "\\y"', 'Invalid escape sequence \\y at line 1, column 5'],
  ['too deep in brackets', '['.repeat(201), 'nested too deep at line 1, column 201'],
  ['too deep in lines', many(201, (index) => `${' '.repeat(index)}a:\n`).join(''), 'nested too deep'],
  ['too deep in dashes', `${'- '.repeat(201)}a`, 'nested too deep'],
  [
    'too many aliases',
    `a: &a [${'1,'.repeat(20)}]\n${many(9, (index) => `b${index}: [*a, *a]\n`).join('')}c: &c [${'*a,'.repeat(30)}]\nd: [${'*c,'.repeat(30)}]`,
    'too many or unknown aliases',
  ],
])('%s is refused with its place', (_, text, message) => {
  const problem = (() => {
    try {
      return readYaml(text);
    } catch (error) {
      return error;
    }
  })();
  expect(problem).toBeInstanceOf(YamlError);
  expect((problem as YamlError).text).toContain(message);
});

test('limits are those that are given', () => {
  expect(readYaml('['.repeat(4) + ']'.repeat(4), { maxDepth: 6 })).toEqual([[[[]]]]);
  expect(() => readYaml('['.repeat(4) + ']'.repeat(4), { maxDepth: 3 })).toThrow('nested too deep');
  expect(() => readYaml('abc', { maxCharacters: 2 })).toThrow('more than 2 characters');
  expect(() => readYaml('[a, b, c]', { maxParts: 5 })).toThrow('more than 5 words');
});

test('garbage is not read on behind what is wrong with it: it would take minutes', () => {
  for (const part of ['[', ']', '{[', '- ', '}', '? ']) {
    expect(() => readYaml(part.repeat(16 * 2 ** 20), { maxCharacters: 2 ** 26 })).toThrow(YamlError);
  }
});

test('many keys are compared once each', () => {
  const keys = many(30_000, (index) => `k${index}: v\n`).join('');
  expect(Object.keys(readYaml(keys, { maxCharacters: 2 ** 24 }) as object)).toHaveLength(30_000);
});

test('nothing is printed, whatever the text', () => {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (const text of ['!a b', '? {a: 1}\n: 2', '%FOO 1\n---\na'])
    expect(() => readYaml(text)).toThrow(YamlError);
  expect([...emit.mock.calls, ...log.mock.calls]).toEqual([]);
  emit.mockRestore();
  log.mockRestore();
});
