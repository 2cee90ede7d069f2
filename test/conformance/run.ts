/**
 * `npm run conformance [-- SUITE…]`: other projects' test data, run against our code. Each `<suite>.ts` beside this
 * file exports `run(corpora)`. Prints the true counts; fails on any failure that is not on the reviewed list, on
 * any listed case that passes, and when the corpora are missing.
 */
import { existsSync, globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { judge, readExpectedFailures, type SuiteResult } from './expectations.ts';

interface SuiteModule {
  readonly run: (corpora: string) => Promise<readonly SuiteResult[]>;
}

/** How many problems of a suite are printed; the rest are counted. */
const SHOWN = 20;
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

const available = globSync('*.ts', { cwd: here })
  .map((file) => basename(file, '.ts'))
  .filter((name) => !['run', 'expectations'].includes(name) && !name.includes('.'))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !available.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`Unknown suite: ${unknown.join(', ')}. Known: ${available.join(', ')}\n`);
  process.exitCode = 3;
} else if (!existsSync(corpora)) {
  process.stderr.write(
    `The conformance corpora are not at ${corpora}.\nTry: PRATIQUE_CORPORA=DIRECTORY npm run conformance\n`,
  );
  process.exitCode = 1;
} else {
  process.exitCode = (await runAll(asked.length > 0 ? asked : available)) ? 0 : 1;
}

/** Runs the suites, prints the table and the last line; true when nothing unexpected happened. */
async function runAll(names: readonly string[]): Promise<boolean> {
  const expected = readExpectedFailures(new URL('expected-failures.json', import.meta.url));
  const rows: string[][] = [['suite', 'passed', 'failed', 'of these known', 'seconds']];
  const problems: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const name of names) {
    const started = performance.now();
    try {
      const module = (await import(pathToFileURL(resolve(here, `${name}.ts`)).href)) as SuiteModule;
      const results = await module.run(corpora);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      for (const [index, result] of results.entries()) {
        const judgement = judge(result, expected);
        const known = judgement.known;
        rows.push([
          result.suite,
          `${result.passed}`,
          `${result.failed}`,
          `${known}`,
          index === 0 ? seconds : '',
        ]);
        problems.push(...shown(result.suite, judgement.problems));
        passed += result.passed;
        failed += judgement.problems.length;
      }
    } catch (error) {
      rows.push([name, '0', '1', '0', ((performance.now() - started) / 1000).toFixed(1)]);
      problems.push(`${name}: the suite broke: ${(error as Error).stack ?? String(error)}`);
      failed++;
    }
  }
  for (const row of rows) {
    const [suite, ...numbers] = row;
    process.stdout.write(`${suite!.padEnd(32)}${numbers.map((text) => text.padStart(16)).join('')}\n`);
  }
  if (problems.length > 0) process.stdout.write(`\n${problems.join('\n')}\n`);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0;
}

function shown(suite: string, problems: readonly string[]): string[] {
  const lines = problems
    .slice(0, SHOWN)
    .map((problem) => `${suite}: ${problem.split('\n')[0]!.slice(0, 240)}`);
  return problems.length > SHOWN ? [...lines, `${suite}: and ${problems.length - SHOWN} more`] : lines;
}
