/**
 * Evaluates one case in a process of its own, as `opa bench` does: `node evaluate.ts INDEX [read]`. Prints, as JSON, what
 * one warm evaluation costs in microseconds and the answer; with `read`, the input is read anew each time.
 */
import { compile, fromJson } from '@pratique/rego';
import { median, time } from '../measure.ts';
import { cases } from './cases.ts';

const ROUNDS = 9;

const { modules, data, query, input } = cases[Number(process.argv[2])]!;
const rule = compile({ modules, data }).rule(query);
const reads = process.argv[3] === 'read';
const document = fromJson(input);
const batch = async (calls: number): Promise<number> =>
  (await time(() => {
    for (let i = 0; i < calls; i++) rule.evaluate(reads ? fromJson(input) : document);
  })) / calls;
const calls = Math.max(20, Math.round(200 / (await batch(200))));
const rounds: number[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await batch(calls));
process.stdout.write(
  JSON.stringify({ microseconds: median(rounds) * 1000, answer: rule.evaluate(document) }),
);
