import type { EventEmitter } from 'node:events';
import { ByteBudget } from '@pratique/storage';
import { Refusal } from './refusal.ts';

/** Answers on their way out, of all servers in the process: a client may read what it asked for slowly, or not at all. */
const leaving = new ByteBudget(128 * 1024 * 1024);

/**
 * Counts an answer that may be large, until its connection is done with it.
 *
 * @throws Refusal 503 where too much is on its way already
 */
export function countAnswer(outgoing: EventEmitter, bytes: number, budget = leaving): void {
  const share = budget.share();
  if (!share.take(bytes)) throw new Refusal(503, 'too many large answers at the same time');
  outgoing.once('close', share.release);
}
