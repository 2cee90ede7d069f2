import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNumbers, compareStrings, compareTerms } from './compare.ts';
import { parseTermText } from './parse.ts';
import { termText } from './print.ts';

test('sets and objects print in OPA order: null, booleans, numbers, strings, vars, refs, arrays, objects, sets', () => {
  const text = '{[1], {1}, {"a": 1}, "b", "a", 2, 10, true, false, null, x, input.y}';
  expect(termText(parseTermText(text))).toBe(
    '{null, false, true, 2, 10, "a", "b", x, input.y, [1], {"a": 1}, {1}}',
  );
});

test('equal members of a set literal are one, whatever their spelling', () => {
  expect(termText(parseTermText('{1, 1.0, 10e-1, [ "a" ], ["a"], x, x}'))).toBe(
    '{1, "x", ["a"]}'.replace('"x"', 'x'),
  );
});

test('numbers compare by value beyond the precision of doubles', () => {
  expect(compareNumbers('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
  expect(compareNumbers('-1e3', '-1000.0')).toBe(0);
  expect(compareNumbers('0', '-0.00')).toBe(0);
  expect(compareNumbers('-2', '-10')).toBeGreaterThan(0);
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
      expect(Math.sign(compareNumbers(String(a), String(b)))).toBe(a === b ? 0 : a < b ? -1 : 1);
    }),
  );
});

test('strings compare by code points, as their UTF-8 bytes do', () => {
  const encoder = new TextEncoder();
  const unit = fc.string({ unit: 'binary', maxLength: 5 });
  fc.assert(
    fc.property(unit, unit, (a, b) => {
      const [x, y] = [encoder.encode(a), encoder.encode(b)];
      const at = x.findIndex((byte, i) => byte !== y[i]);
      const expected = at < 0 ? x.length - y.length : at >= y.length ? 1 : x[at]! - y[at]!;
      expect(Math.sign(compareStrings(a, b))).toBe(Math.sign(expected));
    }),
  );
});

test('comparison looks into comprehensions and not at places', () => {
  const [a, b, c] = ['[x | x := 1]', '[ x|x:=1 ]', '[x | x := 2]'].map((text) => parseTermText(text));
  expect(compareTerms(a!, b!)).toBe(0);
  expect(compareTerms(a!, c!)).toBeLessThan(0);
});
