import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('an address has twice its rate at once, then its rate; others are not held up', () => {
  let now = 0;
  const limiter = new RateLimiter(5, () => now);
  const take = (address: string, times: number) =>
    Array.from({ length: times }, () => limiter.take(address)).filter((wait) => wait === 0).length;
  expect(take('a', 30)).toBe(10);
  expect(limiter.take('a')).toBeCloseTo(0.2);
  expect(take('b', 3)).toBe(3);
  now += 1000;
  expect(take('a', 30)).toBe(5);
  now += 3_600_000;
  expect(take('a', 30)).toBe(10);
});
