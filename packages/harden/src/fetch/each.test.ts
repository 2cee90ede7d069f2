import { expect, test } from 'vitest';
import { fetchEach } from './each.ts';

test('what is fetched stays in order whatever is there first, and no more than four at a time are', async () => {
  let [running, most] = [0, 0];
  const waiting: (() => void)[] = [];
  const all = fetchEach([0, 1, 2, 3, 4, 5], async (one) => {
    most = Math.max(most, ++running);
    await new Promise<void>((resume) => waiting.push(resume));
    running--;
    return `package ${one}`;
  });
  // The last that waits goes on first.
  for (let done = 0; done < 6; done++) {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    waiting.pop()!();
  }
  expect(await all).toEqual([0, 1, 2, 3, 4, 5].map((one) => `package ${one}`));
  expect(most).toBe(4);
});

test('one that cannot be had is the fault of all', async () => {
  const fetching = fetchEach(['a', 'b'], async (one) => {
    if (one === 'b') throw new Error('not there');
    return one;
  });
  await expect(fetching).rejects.toThrow('not there');
});
