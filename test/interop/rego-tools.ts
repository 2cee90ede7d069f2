/** `pratique policy bench|build|fmt|inspect|capabilities` beside `opa`: what their less common flags do. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';

const FILES: Readonly<Record<string, string>> = {
  'p.rego': `package p.q

import data.lib

allow if input.x > 1

deny contains "x" if lib.f(input.z)
`,
  'lib/lib.rego': 'package lib\n\nf(x) if x == data.limit.least\n',
  'limit/data.json': '{"least": 1}',
  'input.json': '{"z": 1}',
};

function written(context: Context, files: Readonly<Record<string, string>>): string {
  const directory = context.scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

/** Figures of opa's benchmarks that are not here: what is allocated, and what WebAssembly in a bundle takes. */
const ELSEWHERE = /^(?:B|allocs)\/op$|external_resolve/;

/** The figures that a benchmark reports, without their values. */
async function bench(context: Context): Promise<void> {
  const cwd = written(context, FILES);
  const sources = ['-d', 'p.rego', '-d', 'lib', '-d', 'limit'];
  for (const { args, input } of [
    { args: ['-i', 'input.json', 'data.p.q.deny'] },
    { args: ['-i', 'input.json', '--package', 'p.q', 'deny'] },
    { args: ['--import', 'data.p.q', '--metrics=false', '-i', 'input.json', 'q.deny'] },
    { args: ['--stdin-input', 'data.p.q.allow'], input: '{"x": 2}' },
    { args: ['--stdin', '-i', 'input.json'], input: 'data.p.q.deny' },
    { args: ['--partial', 'data.p.q.allow'] },
    { args: ['--partial', '-u', 'data.limit', '-i', 'input.json', 'data.p.q.deny'] },
    { args: ['--partial', '-u', 'data.limit', 'data.p.q.allow'] },
    { args: ['data.p.q.allow'] },
    { args: ['--optimize-store-for-read-speed', '-i', 'input.json', 'data.p.q.allow', '--fail=false'] },
  ] as { args: string[]; input?: string }[]) {
    const options = { cwd, ...(input === undefined ? {} : { input }) };
    const theirs = await context.run('opa', ['bench', ...sources, ...args], options);
    const ours = await context.run('pratique', ['policy', 'bench', ...sources, ...args], options);
    equal(ours.code, theirs.code, `${args.join(' ')}\n${ours.stderr}`);
    const figures = (text: string): string[] => [...text.matchAll(/^│ (\S+)/gm)].map(([, name]) => name!);
    deepEqual(
      figures(ours.stdout),
      figures(theirs.stdout).filter((name) => !ELSEWHERE.test(name)),
      args.join(' '),
    );
  }
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [{ name: 'bench measures the same queries on the same input', run: () => bench(context) }];
}
