import { expect, test } from 'vitest';
import { compile } from '../query.ts';
import { instrument } from './instrument.ts';

const modules = { 'a.rego': 'package a\n\np if {\n\tinput.x\n\tinput.y\n}\n\nq := 1\n' };

test('coverage tells which lines one evaluation came to, and the result is the same', () => {
  const { input, coverage } = instrument({ modules });
  const query = compile(input).query('data.a');
  expect(query.evaluate({ x: true })).toEqual(compile({ modules }).query('data.a').evaluate({ x: true }));
  const rows = coverage().files['a.rego']?.not_covered.map(({ start }) => start.row);
  expect(rows).toEqual([3]);
  query.evaluate({ x: true, y: true });
  expect(coverage().coverage).toBe(100);
});
