/**
 * `npm run interop [-- NAME…]`: us against real, unmodified foreign tools, which it installs itself. Each
 * `<name>.ts` beside this file exports `scenarios(context)`; files run side by side, one in each lane, as many lanes as
 * there are processors. One line a scenario; ends `N passed, N failed`.
 */
import { fork } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Assignment, Counts } from '../support/lane.ts';
import { toolNames } from '../tools/catalog.ts';
import { installTools } from '../tools/install.ts';

/** These take longest, and so begin first: what is last must not be long, or one lane works alone. */
const longest = ['executable', 'harden'];

const here = fileURLToPath(new URL('.', import.meta.url));
const lane = fileURLToPath(new URL('../support/lane.ts', import.meta.url));
const rank = (name: string) => (longest.includes(name) ? longest.indexOf(name) : longest.length);
const available = globSync('*.ts', { cwd: here })
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'run')
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
/** `rego` stands for `rego-check`, `rego-flags` and so on. */
const asked = process.argv.slice(2).flatMap((name) => {
  const group = available.filter((file) => file.startsWith(`${name}-`));
  return available.includes(name) || group.length === 0 ? [name] : group;
});
const unknown = asked.filter((name) => !available.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. Known: ${available.join(', ')}\n`);
  process.exitCode = 3;
} else {
  const { passed, failed } = await runAll(asked.length > 0 ? asked : available);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

/** Runs the named files. A file whose lane ended before it counts as one failure, and so does one nobody took. */
async function runAll(names: readonly string[]): Promise<Counts> {
  let [passed, failed] = [0, 0];
  const fail = (what: string) => {
    failed++;
    process.stdout.write(`FAILED  ${what}\n`);
  };
  try {
    await installTools(toolNames);
  } catch (error) {
    fail(`tools: ${error instanceof Error ? error.message : String(error)}`);
    return { passed, failed };
  }

  const waiting = [...names];
  const runLane = () =>
    new Promise<void>((resolve) => {
      let current: string | null = 'registries';
      const child = fork(lane, { stdio: 'inherit' });
      child.on('message', (counts: Counts) => {
        passed += counts.passed;
        failed += counts.failed;
        current = waiting.shift() ?? null;
        child.send({ file: current } satisfies Assignment);
      });
      child.on('close', (code, signal) => {
        if (current !== null) fail(`${current}: its process ended early (${signal ?? `exit ${code}`})`);
        resolve();
      });
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), names.length) }, runLane));
  for (const name of waiting) fail(`${name}: no process was left to run it`);
  return { passed, failed };
}
