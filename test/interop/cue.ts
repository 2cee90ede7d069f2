/**
 * Policies in CUE: what policy-controller's and Cosign's own code say of documents, and what we do. Ours may have no
 * answer where they have one, and never another one.
 */
import { deepEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { CueError, type CuePolicy, compilePolicy, type Json } from '../../packages/cue/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { buildGoProgram } from '../tools/go.ts';
import { type CueCase, features, policies } from './policy-controller/cue-cases.ts';
import { functions } from './policy-controller/cue-functions.ts';
import { generated } from './policy-controller/cue-generator.ts';
import { unknowns } from './policy-controller/cue-unknowns.ts';

interface Case {
  readonly policy: string;
  readonly documents: readonly unknown[];
}

const asCase = ([policy, ...documents]: CueCase): Case => ({
  policy,
  documents: documents.length > 0 ? documents : [{}],
});

type Outcome = 'complies' | 'refused' | 'no answer';
type Way = 'policy' | 'cosign';

/** What they say: null where CUE itself came to no end, or to the end of its stack. */
function theirs(program: string, file: string, cases: readonly Case[]) {
  writeFileSync(file, cases.map((one) => JSON.stringify(one)).join('\n'));
  const answers: (Record<Way, string>[] | null)[] = [];
  while (answers.length < cases.length) {
    const { stdout } = spawnSync(program, ['cue', file, String(answers.length)], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const lines = stdout.split('\n').filter((line) => line !== '');
    answers.push(...lines.map((line) => JSON.parse(line) as Record<Way, string>[]));
    if (answers.length < cases.length) answers.push(null);
  }
  if (answers.filter((answer) => answer === null).length > cases.length / 20)
    throw new Error('the oracle answers too little');
  return answers;
}

function orNone<T>(run: () => T): { value: T } | { outcome: Outcome; why: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof CueError)) throw error;
    return { outcome: error.code === 'cue_syntax_error' ? 'refused' : 'no answer', why: error.message };
  }
}

function ours(compiled: ReturnType<typeof orNone<CuePolicy>>, document: unknown, way: Way) {
  if ('outcome' in compiled) return compiled;
  const judged = orNone(() => compiled.value.validate(document as Json, { final: way === 'cosign' }));
  if ('outcome' in judged) return judged;
  const violation = judged.value;
  if (violation === null) return { outcome: 'complies' as const, why: '' };
  return { outcome: 'refused' as const, why: `${violation.path}: ${violation.message}` };
}

interface Counts {
  asked: number;
  unanswered: number;
  /** Why there was no answer, without names and places. */
  readonly reasons: Map<string, number>;
}

/** What an error says of every policy that has it. */
const reasonOf = (message: string): string =>
  message
    .replace(/^\S+:\d+:\d+: /, '')
    .replace(/ \(\S+:\d+:\d+\)/, '')
    .replace(/^the field \S+,/, 'the field …,')
    .replace(/: \S*$/, '');

/** The most frequent reasons, a line each. */
const frequent = (reasons: ReadonlyMap<string, number>): string =>
  [...reasons]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 20)
    .map(([reason, count]) => `  ${String(count).padStart(5)} ${reason}\n`)
    .join('');

/** The differences of one policy, of which there should be none, with what was counted on the way. */
function differences(
  { policy, documents }: Case,
  said: Record<Way, string>[] | null,
  counts: Counts,
): string[] {
  if (said === null) return [];
  const compiled = orNone(() => compilePolicy([{ file: 'policy.cue', text: policy }]));
  return documents.flatMap((document, index) =>
    (['policy', 'cosign'] as const).flatMap((way) => {
      const expected: Outcome = said[index]![way] === '' ? 'complies' : 'refused';
      const { outcome, why } = ours(compiled, document, way);
      counts.asked++;
      if (outcome === 'no answer') {
        counts.unanswered++;
        const reason = reasonOf(why);
        counts.reasons.set(reason, (counts.reasons.get(reason) ?? 0) + 1);
      }
      if (outcome === expected || outcome === 'no answer') return [];
      const asked = `${way}: ${JSON.stringify(document)} for\n${policy}\n`;
      return [`${asked}theirs: ${expected} ${said[index]![way]}\nours: ${outcome} ${why}`];
    }),
  );
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const program = join(context.scratch(), 'oracle');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('policy-controller', import.meta.url)),
    program,
  );
  const seed = Number(process.env.PRATIQUE_SEED ?? 1);
  const sets: readonly [string, readonly Case[], most: number][] = [
    ['policies as people write them', policies.map(asCase), 0],
    ['each part of the language', features.map(asCase), 0.1],
    ['functions of packages', functions.map(asCase), 0.25],
    ['values that are not known', unknowns.map(asCase), 0.45],
    [`1500 generated policies, seed ${seed}`, fc.sample(generated, { seed, numRuns: 1500 }), 0.6],
  ];
  return sets.map(([name, cases, most]) => ({
    name,
    run: async () => {
      const answers = theirs(program, join(context.scratch(), 'cases.jsonl'), cases);
      const counts: Counts = { asked: 0, unanswered: 0, reasons: new Map() };
      const found = cases.flatMap((one, index) => differences(one, answers[index]!, counts));
      process.stderr.write(
        `${name}: ${counts.asked} asked, ${counts.unanswered} without an answer\n${frequent(counts.reasons)}`,
      );
      deepEqual(found, []);
      if (counts.unanswered > most * counts.asked) throw new Error(`${counts.unanswered} have no answer`);
    },
  }));
}
