import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { readEscapedNames } from './json-names.ts';

const read = (text: string) => parseJson(new TextEncoder().encode(text), 'it');

test('a name is what it says, whatever names there were before', () => {
  for (const before of ['{"k":1,"image\\\\":1}', '{"k":1,"\\\\":1}', '{"k":1,"a\\\\bc":1}']) read(before);
  for (const [text, name] of [
    ['{"k":1,"image\\u0073":1}', 'images'],
    ['{"k":1,"\\u0061":1}', 'a'],
    ['{"k":1,"\\"":1}', '"'],
    ['{"k":1,"a\\u0062cd":1}', 'abcd'],
  ] as const)
    expect(read(text)).toEqual({ k: 1, [name]: 1 });
});

test('whatever is written as JSON is read as it was, also with white space', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, ' ', '\t\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      expect(JSON.stringify(readEscapedNames(text))).toBe(JSON.stringify(value));
    }),
  );
  expect(readEscapedNames(' [ true , null , -1.5e3 , { } , [ ] , "\\\\" ] \n')).toEqual([
    true,
    null,
    -1500,
    {},
    [],
    '\\',
  ]);
  expect(Object.keys(readEscapedNames('{"__proto__":1,"\\u0061":2}') as object)).toEqual(['__proto__', 'a']);
});

test('long texts and numbers are read beside a name with an escape', () => {
  const long = 'x'.repeat(5_000_000);
  expect(read(`{"\\u0061":"${long}","b":${'1'.repeat(100_000)}}`)).toEqual({
    a: long,
    b: Number.POSITIVE_INFINITY,
  });
});
