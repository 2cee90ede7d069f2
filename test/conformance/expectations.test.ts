import { expect, test } from 'vitest';
import { judge, type SuiteResult } from './expectations.ts';

const suite = (failures: string[], passed = 1): SuiteResult => ({
  suite: 's',
  passed,
  failed: failures.length,
  failures,
});

test('a failure nobody reviewed fails the run', () => {
  expect(judge(suite(['a: wrong']), {})).toEqual({ known: 0, problems: ['a: wrong'] });
});

test('a reviewed failure is counted as known and does not fail the run', () => {
  expect(judge(suite(['a: wrong', 'b']), { s: { 'not built yet': ['a', 'b'] } })).toEqual({
    known: 2,
    problems: [],
  });
});

test('a listed case that passes must be taken off the list', () => {
  expect(judge(suite([]), { s: { 'not built yet': ['a'] } }).problems).toEqual([
    expect.stringContaining('remove it'),
  ]);
});

test('another suite’s list excuses nothing', () => {
  expect(judge(suite(['a']), { other: { reason: ['a'] } }).problems).toEqual(['a']);
});

test('a suite that hides failures or runs nothing fails the run', () => {
  expect(judge({ ...suite(['a']), failed: 2 }, { s: { reason: ['a'] } }).problems).toHaveLength(1);
  expect(judge(suite([], 0), {}).problems).toEqual(['s: ran no case']);
});
