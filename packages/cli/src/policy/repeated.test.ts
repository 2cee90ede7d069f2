import { expect, test } from 'vitest';
import { goNumber, repeatedMetrics, repeatedProfile, spread } from './repeated.ts';

// The first two are what OPA 1.20.2 printed for these times.
test('times are spread as OPA counts', () => {
  expect(spread([6340, 11297])).toEqual({
    '75%': 11297,
    '90%': 11297,
    '95%': 11297,
    '99%': 11297,
    '99.9%': 11297,
    '99.99%': 11297,
    count: 2,
    max: 11297,
    mean: 8818.5,
    median: 8818.5,
    min: 6340,
    stddev: 2478.5,
  });
  expect(spread([91957, 177524, 124205])).toMatchObject({
    median: 124205,
    mean: 131228.66666666666,
    '75%': 177524,
  });
  expect(spread([1, 2, 3, 4, 5, 6, 7])).toMatchObject({ median: 4, '75%': 6 });
  expect(spread([5])).toMatchObject({ median: 5, '99%': 5, stddev: 0 });
});

test('each timer and each line has the times of all runs', () => {
  expect(repeatedMetrics([{ a: 1 }, { a: 3 }]).a).toMatchObject({ min: 1, max: 3, count: 2 });
  const line = (total_time_ns: number, row: number) => ({
    total_time_ns,
    num_eval: 1,
    num_redo: 2,
    num_gen_expr: 3,
    location: { file: 'p.rego', row, col: 1 },
    text: 'x',
  });
  const profile = repeatedProfile(
    [
      [line(4, 1), line(2, 2)],
      [line(9, 2), line(6, 1)],
    ],
    1,
  );
  expect(profile).toHaveLength(1);
  expect(profile[0]).toMatchObject({
    num_eval: 1,
    location: { row: 1 },
    total_time_ns_stats: { min: 4, max: 6 },
  });
});

test('numbers are those of Go', () => {
  expect([392628, 141877.66666666666, 3814217, 833334644, 138322312].map(goNumber)).toEqual([
    '392628',
    '141877.66666666666',
    '3.814217e+06',
    '8.33334644e+08',
    '1.38322312e+08',
  ]);
});
