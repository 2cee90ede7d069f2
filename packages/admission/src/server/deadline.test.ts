import fc from 'fast-check';
import { expect, test } from 'vitest';
import { innerDeadline, parseGoDuration } from './deadline.ts';

test.each([
  ['10s', 8000],
  ['30s', 10_000],
  ['1s', 800],
  ['500ms', 400],
  ['1m0s', 10_000],
  [undefined, 10_000],
  ['', 10_000],
  ['-5s', 10_000],
  ['soon', 10_000],
  ['0s', 10_000],
])('with the API server waiting %s the decision must be there after %i ms', (timeout, expected) => {
  expect(innerDeadline(10_000, timeout)).toBe(expected);
});

test('the answer is always due before the API server gives up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60_000 }), (seconds, own) => {
      expect(innerDeadline(own, `${seconds}s`)).toBeLessThan(seconds * 1000);
      expect(innerDeadline(own, `${seconds}s`)).toBeLessThanOrEqual(own);
    }),
  );
});

test('whatever stands there is a duration or nothing', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const duration = parseGoDuration(text);
      expect(duration === undefined || duration >= 0).toBe(true);
    }),
  );
});
