/**
 * One of the processes in which `npm run interop` runs its files: `lane.ts`, started with an IPC channel. It asks for the
 * name of a file when it has none, runs its scenarios in a context of its own, and says how many passed and failed.
 */
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Context, type Scenario } from './context.ts';

interface ScenarioModule {
  readonly scenarios: (context: Context) => Promise<readonly Scenario[]>;
}

/** What a lane says: that it is free, with what the file it had came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** What a lane is told: the file to run, or that there is none left. */
export interface Assignment {
  readonly file: string | null;
}

const interop = fileURLToPath(new URL('../interop/', import.meta.url));

const context = await Context.open();
try {
  for (let counts: Counts = { passed: 0, failed: 0 }; ; ) {
    const { file } = await next(counts);
    if (file === null) break;
    counts = await runFile(file);
  }
} finally {
  await context.close();
  process.disconnect();
}
// All is said. What a scenario left behind must not keep whoever waits for the result waiting.
setTimeout(() => {
  process.stderr.write(`Still open at the end: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit();
}, 5_000).unref();

/** Says that this lane is free and waits for the next file. */
async function next(counts: Counts): Promise<Assignment> {
  const answer = new Promise<Assignment>((resolve) => process.once('message', resolve));
  process.send!(counts);
  return await answer;
}

/** Runs the scenarios of one file, one after another, a line each. */
async function runFile(name: string): Promise<Counts> {
  let [passed, failed] = [0, 0];
  const attempt = async (what: string, action: () => Promise<void>) => {
    const started = performance.now();
    let failure: string | undefined;
    try {
      await action();
      passed++;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      failed++;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
    const said = failure === undefined ? '' : `${failure.replace(/^/gm, '       | ')}\n`;
    // In one write: the lines of another lane must not come between.
    process.stdout.write(`${failure === undefined ? 'ok    ' : 'FAILED'} ${seconds} s  ${what}\n${said}`);
  };
  try {
    const module = (await import(pathToFileURL(resolve(interop, `${name}.ts`)).href)) as ScenarioModule;
    const scenarios = await module.scenarios(context);
    if (scenarios.length === 0) throw new Error('has no scenario');
    for (const scenario of scenarios) await attempt(`${name}: ${scenario.name}`, scenario.run);
  } catch (error) {
    await attempt(`${name}: set-up`, () => Promise.reject(error));
  }
  return { passed, failed };
}
