import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromJson, parseJsonText } from '../values/index.ts';
import { goJson, indentJson } from './json.ts';

test('every JSON value is written so that it reads as itself, indented or not', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const compact = goJson(fromJson(value));
      expect(JSON.parse(compact)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(indentJson(compact, '  ')).toBe(goJson(parseJsonText(compact), '  '));
    }),
  );
});

test('text is escaped as Go escapes it, so that output equals OPA’s byte for byte', () => {
  expect(goJson('<a href="x">&\u2028é</a>')).toBe(
    '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028é\\u003c/a\\u003e"',
  );
});

test('members of structs keep their order, those of documents are sorted, absent ones are left out', () => {
  expect(goJson({ b: 1, a: undefined, c: parseJsonText('{"z":1,"a":2}') })).toBe('{"b":1,"c":{"a":2,"z":1}}');
});
