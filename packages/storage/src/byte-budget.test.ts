import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

const free = 64 * 1024;

test('what all shares hold beyond their free part stays within the budget, and comes back', () => {
  const step = fc.record({
    who: fc.nat(3),
    bytes: fc.nat(100_000),
    what: fc.constantFrom('take', 'give', 'release'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new ByteBudget(200_000);
      const shares = Array.from({ length: 4 }, () => ({ share: budget.share(), held: 0 }));
      const counted = () => shares.reduce((sum, { held }) => sum + Math.max(0, held - free), 0);
      for (const { who, bytes, what } of steps) {
        const one = shares[who]!;
        if (what === 'release') {
          one.share.release();
          one.held = 0;
        } else if (what === 'give') {
          one.share.give(bytes);
          one.held = Math.max(0, one.held - bytes);
        } else {
          const wouldBe = counted() - Math.max(0, one.held - free) + Math.max(0, one.held + bytes - free);
          expect(one.share.take(bytes)).toBe(wouldBe <= 200_000);
          if (wouldBe <= 200_000) one.held += bytes;
        }
      }
      for (const { share } of shares) share.release();
      expect(budget.share().take(200_000 + free)).toBe(true);
    }),
  );
});

test('however much others hold, the first bytes of a request are taken', () => {
  const budget = new ByteBudget(1000);
  expect(budget.share().take(free + 1000)).toBe(true);
  const small = budget.share();
  expect([small.take(free), small.take(1)]).toEqual([true, false]);
});
