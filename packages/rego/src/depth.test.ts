import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Report {
  readonly depths: Readonly<Record<string, number>>;
  readonly wrong: Readonly<Record<string, string>>;
  readonly answers: readonly (readonly [answer: string, times: number])[];
}

/** On Bun as much of the stack as Node has: all that there is takes minutes to come to the end of, and nothing more is seen. */
const env = { ...process.env, BUN_JSC_maxPerThreadStackUsage: '1000000' };

function run(file: string, ...args: string[]): string {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

test('what nests deeply is compiled, or an error of the package; where the stack ends no answer changes', {
  timeout: 240_000,
}, () => {
  const { depths, wrong, answers } = JSON.parse(run('test-depth.ts', '300', '2500')) as Report;
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
