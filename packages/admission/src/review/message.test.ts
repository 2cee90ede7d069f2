import type { Decision, Denial } from '@pratique/policy';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { denialMessage, warningLines, wrap } from './message.ts';

const denial: Denial = {
  policy: 'pratique.image.signed',
  code: 'SIGNATURE_MISSING',
  fault: false,
  message: 'it has no signature',
  expected: null,
  found: null,
  remedy: null,
  image: null,
  container: null,
};

const decisionWith = (parts: Partial<Decision>) =>
  ({ decisionId: 'id', denials: [], warnings: [], ...parts }) as unknown as Decision;

test('a message of many reasons is cut, says how many more there are, and keeps the decision id', () => {
  const many = denialMessage(decisionWith({ denials: Array(25).fill(denial) }));
  expect(many.split('\n').filter((line) => line.includes('SIGNATURE_MISSING'))).toHaveLength(10);
  expect(many).toContain('and 15 more');
  const long = denialMessage(
    decisionWith({ denials: Array(10).fill({ ...denial, message: 'x'.repeat(5000) }) }),
  );
  expect(long.length).toBeLessThan(8100);
  expect(long.endsWith('(decision id)')).toBe(true);
});

test('a reason without place, expectation or remedy is one line', () => {
  expect(denialMessage(decisionWith({ denials: [denial] }))).toBe(
    'it has no signature [SIGNATURE_MISSING]\n(decision id)',
  );
});

test('a warning of any text comes in lines of at most 120 characters with nothing but spaces lost', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 600 }), (text) => {
      const lines = wrap(text, 120);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
      expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
    }),
  );
});

test('warnings are named by code and container', () => {
  const warnings = [{ ...denial, container: 'containers[0] "a"' }];
  expect(warningLines(decisionWith({ warnings }))).toEqual([
    'SIGNATURE_MISSING: containers[0] "a": it has no signature',
  ]);
});
