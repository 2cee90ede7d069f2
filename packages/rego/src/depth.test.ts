import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Report {
  readonly depths: Readonly<Record<string, number>>;
  readonly wrong: Readonly<Record<string, string>>;
  readonly answers: readonly (readonly [answer: string, times: number])[];
}

/** On Bun the stack is so deep that what nests further takes minutes, and nothing more is seen. */
const depthsHere = 'bun' in process.versions ? ['300'] : ['300', '2500'];

function run(file: string, ...args: string[]): string {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

test('what nests deeply is compiled, or an error of the package; where the stack ends no answer changes', {
  timeout: 240_000,
}, () => {
  const { depths, wrong, answers } = JSON.parse(run('test-depth.ts', ...depthsHere)) as Report;
  expect(wrong).toEqual({});
  // The last one is given with the stack empty again.
  expect(answers.map(([answer]) => answer)).toEqual(['["bad/b: 2"]']);
  expect(answers[0]?.[1]).toBeGreaterThan(1);
  const shallow = Object.entries(depths).filter(([, depth]) => depth < 300);
  expect(shallow).toEqual([]);
  expect(Object.keys(depths)).toHaveLength(19);
});

test('where the stack ends, a built-in gives its answer or none, never another one', {
  timeout: 240_000,
}, () => {
  const { calls, wrong } = JSON.parse(run('builtins/test-stack-end.ts')) as { calls: number; wrong: object };
  expect(wrong).toEqual({});
  expect(calls).toBeGreaterThan(100_000);
});
