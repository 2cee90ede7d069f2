/** Explanations, profiles and coverage beside those of `opa eval`. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Context, Scenario } from '../support/context.ts';
import { EXPLAINED, type Explained } from '../support/rego-explained.ts';

const MODES = ['full', 'notes', 'fails'];

/** OPA gave ours in two of three runs. */
const maxRuns = 12;
const FILES = ['--data', 'p.rego', '--data', 'data.json', '--input', 'input.json'];

function written(context: Context, { policy, data, input }: Explained): string {
  const cwd = context.scratch();
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'p.rego'), policy);
  writeFileSync(join(cwd, 'data.json'), JSON.stringify(data ?? {}));
  writeFileSync(join(cwd, 'input.json'), JSON.stringify(input ?? {}));
  return cwd;
}

interface Profiled {
  readonly profile?: { total_time_ns?: number }[];
  readonly coverage?: object;
}

/** Times are of chance. */
function comparable(stdout: string): unknown {
  const { profile = [], coverage = {} } = JSON.parse(stdout) as Profiled;
  for (const line of profile) delete line.total_time_ns;
  return { profile, coverage };
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return EXPLAINED.flatMap((explained) => [
    { name: explained.name, run: () => compareExplanations(context, explained) },
    { name: `several runs: ${explained.name}`, run: () => compareRepeated(context, explained) },
    { name: `profile and coverage: ${explained.name}`, run: () => compareProfiles(context, explained) },
  ]);
}

async function compareExplanations(context: Context, explained: Explained): Promise<void> {
  const cwd = written(context, explained);
  for (const query of explained.queries) {
    for (const mode of MODES) {
      // Where several wildcards have values, OPA prints those in no order.
      const values = query === 'data.p' ? ['--var-values'] : [];
      const args = ['eval', ...FILES, '--format', 'pretty', '--explain', mode, ...values, query];
      const theirs = await context.run('opa', args, { cwd });
      const ours = await context.run('pratique', ['policy', ...args], { cwd });
      equal(ours.stdout, theirs.stdout, `${query}, --explain ${mode}`);
    }
  }
}

async function compareProfiles(context: Context, explained: Explained): Promise<void> {
  const cwd = written(context, explained);
  for (const query of explained.queries.slice(0, 3)) {
    // Not both at once: OPA's profile would have the evaluations for coverage in it.
    for (const wanted of [['--profile-limit', '0', '--profile-sort', 'file,line'], ['--coverage']]) {
      const args = ['eval', ...FILES, ...wanted, query];
      const ours = comparable((await context.run('pratique', ['policy', ...args], { cwd })).stdout);
      // Which of several equal rules OPA's index leaves out first is a matter of chance: ours must be one of its answers.
      let theirs: unknown;
      for (let run = 0; run < maxRuns && !isDeepStrictEqual(ours, theirs); run++)
        theirs = comparable((await context.run('opa', args, { cwd })).stdout);
      deepEqual(ours, theirs, `${query}, ${wanted[0]}`);
    }
  }
}

interface Repeated {
  readonly result?: unknown;
  readonly aggregated_metrics: Record<string, Record<string, number>>;
}

/** Times are of chance: which there are, of how many runs, is not. */
async function compareRepeated(context: Context, explained: Explained): Promise<void> {
  const cwd = written(context, explained);
  const args = ['eval', ...FILES, '--count', '3', '--metrics', explained.queries[0] as string];
  const theirs = JSON.parse((await context.run('opa', args, { cwd })).stdout) as Repeated;
  const ours = JSON.parse((await context.run('pratique', ['policy', ...args], { cwd })).stdout) as Repeated;
  deepEqual(ours.result, theirs.result);
  deepEqual(Object.keys(ours), Object.keys(theirs));
  for (const [name, times] of Object.entries(ours.aggregated_metrics)) {
    deepEqual(Object.keys(times), Object.keys(theirs.aggregated_metrics[name] ?? {}), name);
    equal(times['count'], 3);
  }
}
