import { expect, test } from 'vitest';
import { groupCommit } from './group-commit.ts';

test('a caller is never answered by a run that began before it came', async () => {
  let written = 0;
  let value = 0;
  let runs = 0;
  const commit = groupCommit(async () => {
    runs += 1;
    const seen = value;
    await new Promise((resolve) => setTimeout(resolve, 1));
    written = seen;
  });
  const save = async (next: number) => {
    value = next;
    await commit();
    expect(written).toBeGreaterThanOrEqual(next);
  };
  const saves: Promise<void>[] = [];
  for (let next = 1; next <= 100; next += 1) {
    saves.push(save(next));
    if (next % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(saves);
  expect(runs).toBeLessThan(100);
});

test('a run that failed fails its callers only, and the next one starts fresh', async () => {
  let attempt = 0;
  const commit = groupCommit(async () => {
    attempt += 1;
    await Promise.resolve();
    if (attempt === 1) throw new Error('disk full');
  });
  await expect(Promise.all([commit(), commit()])).rejects.toThrow('disk full');
  await expect(commit()).resolves.toBeUndefined();
});
