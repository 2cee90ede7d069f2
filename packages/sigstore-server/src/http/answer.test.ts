import { EventEmitter } from 'node:events';
import { ByteBudget } from '@pratique/storage';
import { expect, test } from 'vitest';
import { countAnswer } from './answer.ts';

test('large answers that clients read slowly take no more memory together than there is for them', () => {
  const budget = new ByteBudget(100_000);
  const [first, second, third] = [new EventEmitter(), new EventEmitter(), new EventEmitter()];
  countAnswer(first, 64 * 1024 + 90_000, budget);
  const refused = expect.objectContaining({ status: 503 });
  expect(() => countAnswer(second, 64 * 1024 + 20_000, budget)).toThrow(refused);
  countAnswer(third, 64 * 1024, budget);
  second.emit('close');
  expect(() => countAnswer(second, 64 * 1024 + 20_000, budget)).toThrow(refused);
  first.emit('close');
  countAnswer(second, 64 * 1024 + 20_000, budget);
});
