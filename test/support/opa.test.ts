import { expect, test } from 'vitest';
import { canonical } from './opa.ts';

test('two spellings of a number are equal, two numbers that differ in the last digit are not', () => {
  expect(canonical('[1.50, 15e-1, 1.5]')).toBe('[15e-1,15e-1,15e-1]');
  expect(canonical('100')).toBe(canonical('1e2'));
  expect(canonical('-0.0')).toBe(canonical('0'));
  expect(canonical('12345678901234567890')).not.toBe(canonical('12345678901234567891'));
});

test('the order of keys does not matter, the order of items does', () => {
  expect(canonical('{"b":1,"a":{"d":1,"c":2}}')).toBe(canonical('{"a":{"c":2,"d":1},"b":1}'));
  expect(canonical('[1,2]')).not.toBe(canonical('[2,1]'));
});

test('text that looks like a number stays text', () => {
  expect(canonical('"1"')).not.toBe(canonical('1'));
});
