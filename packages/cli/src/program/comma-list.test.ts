import { expect, test } from 'vitest';
import { commaList } from './comma-list.ts';

test.each([
  ['', []],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,,b,', ['a', '', 'b', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi""",x', ['say "hi"', 'x']],
  ['"two\nlines",x', ['two\nlines', 'x']],
  [' a , b ', [' a ', ' b ']],
])('%j holds %j', (text, values) => {
  expect(commaList(text)).toEqual(values);
});

test.each(['a"b', '"a', '"a"b', 'a\nb', '"a" ,b'])('%j is refused', (text) => {
  expect(() => commaList(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
