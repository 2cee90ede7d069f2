/**
 * Run by `depth.test.ts` as a program of its own, since what tests are loaded with answers `undefined` for imports
 * where the stack ends. Calls each built-in of `answers/` in each of the last frames of the stack; prints, as a JSON
 * object by name, what was neither its answer nor the end of the stack.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isStackOverflow } from '../stack.ts';
import { ground, outcome } from './test-calls.ts';

/** Further from the end of the stack than this many frames, calls with small operands have room enough. */
const FRAMES = 400;

function nearTheEnd(body: () => void): void {
  let frames = 0;
  const descend = (): void => {
    try {
      descend();
    } catch (error) {
      if (!isStackOverflow(error)) throw error;
    }
    if (frames++ < FRAMES) body();
  };
  descend();
}

const folder = new URL('answers/', import.meta.url);
const wrong: Record<string, unknown[]> = {};
let calls = 0;
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
for (const line of files.flatMap((name) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n'))) {
  const { call, operands } = JSON.parse(line) as { call: string; operands: string[] };
  // One call of many finds what is compiled or filled in on first use, which the others do not see any more.
  const values = operands.map(ground);
  const found: unknown[] = [];
  nearTheEnd(() => {
    try {
      found.push(outcome(call, ...values));
    } catch (error) {
      if (!isStackOverflow(error)) found.push(String(error));
    }
    calls++;
  });
  const expected = JSON.stringify(outcome(call, ...values));
  const others = found.filter((answer) => JSON.stringify(answer) !== expected);
  if (others.length > 0) wrong[call] = [operands, others[0]];
}
process.stdout.write(JSON.stringify({ calls, wrong }, undefined, 1));
