import { expect, test } from 'vitest';
import { figure, goLine, measure } from './benchmark.ts';

test.each([
  [0, '0'],
  [123_456.7, '123457'],
  [999.94, '999.9'],
  [12.345, '12.35'],
  [1.23456, '1.235'],
  [0.000123, '0.0001230'],
])('%d is written with the digits that Go shows', (value, text) => {
  expect(figure(value)).toBe(text);
});

test('figures of a line stand one below the other, as tools for Go’s benchmarks read them', () => {
  const measured = { samples: new Float64Array(4), totalNs: 50, bytes: 4099 };
  const figures = new Map([['timer_rego_query_eval_ns/op', 1234.4]]);
  // What Go's testing.BenchmarkResult prints of the same.
  expect(goLine(measured, figures, true)).toBe(
    '       4\t        12.50 ns/op\t      1234 timer_rego_query_eval_ns/op\t    1024 B/op',
  );
  expect(goLine(measured, new Map(), false)).toBe('       4\t        12.50 ns/op');
});

test('what runs allocate is counted over collections of garbage', () => {
  const kept: unknown[] = [];
  let runs = 0;
  const { samples, bytes } = measure(() => {
    // 800 bytes of elements and a header, of which the last hundred are not garbage.
    kept[runs % 100] = new Array(100).fill(runs);
    runs += 1;
  });
  const perRun = bytes / samples.length;
  expect(perRun).toBeGreaterThan(800);
  expect(perRun).toBeLessThan(1600);
});
