import { expect, test } from 'vitest';
import { compile } from '../query.ts';
import { Profiler } from './profiler.ts';

const policy = compile({
  modules: { 'p.rego': 'package p\n\np contains x if {\n\tsome x in input.xs\n\tx > 1\n}\n' },
});

test('a profile counts by line what was evaluated, what again, and what the compiler made of it', () => {
  const profiler = new Profiler();
  policy.tracedQuery('data.p.p').values({ xs: [1, 2, 3] }, profiler);
  const lines = profiler.report(['file', 'line']).map(({ total_time_ns: _, ...line }) => line);
  // What OPA 1.20.2 counts.
  expect(lines).toEqual([
    {
      num_eval: 3,
      num_redo: 2,
      num_gen_expr: 1,
      location: { file: 'p.rego', row: 5, col: 2 },
      text: 'x > 1',
    },
    {
      num_eval: 1,
      num_redo: 3,
      num_gen_expr: 1,
      location: { file: 'p.rego', row: 4, col: 2 },
      text: 'some x in input.xs',
    },
    { num_eval: 1, num_redo: 1, num_gen_expr: 1, location: { file: '', row: 1, col: 1 }, text: 'data.p.p' },
  ]);
});

test('a profile has the lines first that it is asked for, and no more than it is asked for', () => {
  const profiler = new Profiler();
  policy.tracedQuery('data.p.p').values({ xs: [1, 2, 3] }, profiler);
  expect(profiler.report(['num_eval'], 1).map(({ location }) => location.row)).toEqual([5]);
  expect(profiler.report(['num_redo'], 2).map(({ location }) => location.row)).toEqual([4, 5]);
  expect(profiler.report([], 0)).toHaveLength(3);
});
