import { expect, test } from 'vitest';
import { mapPool } from './pool.ts';

test('what comes out stays in order whatever is ready first, and no more are worked on at a time than may be', async () => {
  let [running, most] = [0, 0];
  const waiting: (() => void)[] = [];
  const all = mapPool([0, 1, 2, 3, 4, 5], 4, async (one) => {
    most = Math.max(most, ++running);
    await new Promise<void>((resume) => waiting.push(resume));
    running--;
    return `result ${one}`;
  });
  // The last that waits goes on first.
  for (let done = 0; done < 6; done++) {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    waiting.pop()!();
  }
  expect(await all).toEqual([0, 1, 2, 3, 4, 5].map((one) => `result ${one}`));
  expect(most).toBe(4);
});

test('the fault of one is the fault of all', async () => {
  const working = mapPool(['a', 'b'], 4, async (one) => {
    if (one === 'b') throw new Error('not there');
    return one;
  });
  await expect(working).rejects.toThrow('not there');
});
