import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseModule } from '../ast/parse.ts';
import { modules } from '../format/testing/modules.ts';
import type { Range } from './coverage.ts';
import { rewrite } from './rewrite.ts';
import { TestSuite } from './test-suite.ts';

const POLICY = `package p

allow if {
	input.x == 1
	some y in input.ys
	every z in y.zs {
		z > 0
		z < 10
	}
	names == ["a"]
}

names := [n |
	some n in input.names
	n != "b"
]

never if {
	false
	input.y
}

constant := 1
`;

const TESTS = `package p_test

import data.p

test_allow if p.allow with input as {"x": 1, "ys": [{"zs": [1]}], "names": ["a", "b"]}
test_constant if p.constant == 1
test_never if not p.never
`;

function rows(ranges: readonly Range[]): number[] {
  return [...new Set(ranges.map(({ start }) => start.row))];
}

test('coverage tells which lines the tests evaluate', () => {
  const suite = new TestSuite({ modules: { 'p.rego': POLICY, 'p_test.rego': TESTS } }, { coverage: true });
  expect([...suite.run()].map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass']);
  const { files, coverage } = suite.coverage()!;
  expect(rows(files['p.rego']!.covered)).toEqual([3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 23]);
  expect(rows(files['p.rego']!.not_covered)).toEqual([18, 19, 20]);
  // `input.y` is not there: the index knows without evaluating `false`.
  const excluded = files['p.rego']!.not_covered.filter(({ kinds }) => kinds?.includes('index_excluded'));
  expect(rows(excluded)).toEqual([19]);
  expect(files['p_test.rego']).toMatchObject({ coverage: 100, not_covered: [] });
  expect(coverage).toBeGreaterThan(75);
  expect(coverage).toBeLessThan(100);
});

test('nothing is recorded that was not asked for', () => {
  const suite = new TestSuite({ modules: { 'p.rego': POLICY } });
  expect(suite.coverage()).toBeUndefined();
});

test('v0 modules report as well', () => {
  const text =
    'package p\n\np = 1 { input.x }\n\nq { p == 1 } { false; true }\n\ntest_q { q with input.x as 1 }\n';
  const suite = new TestSuite({ modules: { 'p.rego': text }, regoVersion: 'v0' }, { coverage: true });
  expect([...suite.run()].map(({ outcome }) => outcome)).toEqual(['pass']);
  expect(rows(suite.coverage()!.files['p.rego']!.covered)).toEqual([3, 5, 7]);
});

test('whatever a module looks like, the rewritten one parses and its rules stay on their rows', () => {
  fc.assert(
    fc.property(modules('both'), (text) => {
      const module = parseModule(text);
      const rewritten = parseModule(rewrite(text, module, new Map()).text);
      const found = ({ rules }: typeof module): number[] => rules.map(({ location }) => location.row);
      expect(found(rewritten)).toEqual(found(module));
    }),
    { numRuns: 300 },
  );
});
