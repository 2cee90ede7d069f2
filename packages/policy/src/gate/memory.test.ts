import { expect, test } from 'vitest';
import { MemoryBudget, MemoryShare } from './memory.ts';

const never = new AbortController().signal;
const settled = async (promise: Promise<unknown>) => {
  const state = { done: false };
  promise.then(
    () => (state.done = true),
    () => (state.done = true),
  );
  await new Promise(setImmediate);
  return state.done;
};

test('what does not fit waits for its turn, and nobody is passed by', async () => {
  const budget = new MemoryBudget(100);
  await budget.take(60, never);
  const large = budget.take(80, never);
  const small = budget.take(10, never);
  expect(await settled(large)).toBe(false);
  expect(await settled(small)).toBe(false);
  budget.release(60);
  await Promise.all([large, small]);
  expect(budget.used).toBe(90);
});

test('one alone may have more than there is, or nothing would ever be looked at', async () => {
  const budget = new MemoryBudget(100);
  await budget.take(500, never);
  const other = budget.take(1, never);
  expect(await settled(other)).toBe(false);
  budget.release(500);
  await other;
});

test('who gives up makes room for those behind', async () => {
  const budget = new MemoryBudget(100);
  await budget.take(60, never);
  const leaving = new AbortController();
  const large = budget.take(80, leaving.signal);
  const small = budget.take(10, never);
  leaving.abort(new Error('too late'));
  await expect(large).rejects.toThrow('too late');
  await small;
  expect(budget.used).toBe(70);
  await expect(budget.take(1, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

const mega = 1024 * 1024;

test('two that read from several places do not wait for each other for ever', async () => {
  const budget = new MemoryBudget(100 * mega);
  const shares = [new MemoryShare(budget, never), new MemoryShare(budget, never)];
  await Promise.all(shares.flatMap((share) => [share.reserve(50 * mega), share.reserve(50 * mega)]));
  for (const share of shares) share.close();
  expect(budget.used).toBe(0);
});

test('what is granted after the end is given back', async () => {
  const budget = new MemoryBudget(100 * mega);
  await budget.take(100 * mega, never);
  const share = new MemoryShare(budget, never);
  const late = share.reserve(10 * mega);
  share.close();
  budget.release(100 * mega);
  await late;
  expect(budget.used).toBe(0);
});

test('a few signatures never wait for those who fill the memory', async () => {
  const budget = new MemoryBudget(100);
  await budget.take(100, never);
  const share = new MemoryShare(budget, never);
  await share.reserve(2000);
  share.close();
  expect(budget.used).toBe(100);
});
