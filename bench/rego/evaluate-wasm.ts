/**
 * Evaluates one case with `opa-wasm`, in a process of its own: `node evaluate-wasm.ts INDEX WASM`. Prints, as JSON, what one
 * warm evaluation costs in microseconds, the answer, or why there is none. It reads the input anew each time, since
 * opa-wasm knows no other way.
 */
import { readFileSync } from 'node:fs';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { median, time } from '../measure.ts';
import { cases } from './cases.ts';

const ROUNDS = 9;

const { data, input } = cases[Number(process.argv[2])]!;
try {
  const policy = await loadPolicy(new Uint8Array(readFileSync(process.argv[3]!)));
  policy.setData(data);
  const batch = async (calls: number): Promise<number> =>
    (await time(() => {
      for (let i = 0; i < calls; i++) policy.evaluate(input);
    })) / calls;
  const calls = Math.max(5, Math.round(200 / (await batch(20))));
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await batch(calls));
  const [first] = policy.evaluate(input) as { result: unknown }[];
  process.stdout.write(JSON.stringify({ microseconds: median(rounds) * 1000, answer: first?.result }));
} catch (error) {
  process.stdout.write(JSON.stringify({ problem: (error as Partial<Error>).message ?? String(error) }));
}
