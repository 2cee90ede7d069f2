/**
 * `npm run interop [-- NAME…]`: us against real, unmodified foreign tools, which it installs itself. Each
 * `<name>.ts` beside this file exports `scenarios(context)`. One line a scenario; ends `N passed, N failed`.
 */
import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Context, type Scenario } from '../support/context.ts';

interface ScenarioModule {
  readonly scenarios: (context: Context) => Promise<readonly Scenario[]>;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const available = globSync('*.ts', { cwd: here })
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'run')
  .sort();
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
  process.exitCode = (await runAll(asked.length > 0 ? asked : available)) ? 0 : 1;
  // All is said. What a scenario left behind must not keep whoever waits for the result waiting.
  setTimeout(() => {
    process.stderr.write(`Still open at the end: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit();
  }, 5_000).unref();
}

/** Runs the named files' scenarios one after another; true when all passed. */
async function runAll(names: readonly string[]): Promise<boolean> {
  let [passed, failed] = [0, 0];
  const attempt = async (name: string, action: () => Promise<void>) => {
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
    process.stdout.write(`${failure === undefined ? 'ok    ' : 'FAILED'} ${seconds} s  ${name}\n`);
    if (failure !== undefined) process.stdout.write(`${failure.replace(/^/gm, '       | ')}\n`);
  };

  let context: Context | undefined;
  try {
    context = await Context.open();
    for (const name of names) {
      try {
        const module = (await import(pathToFileURL(resolve(here, `${name}.ts`)).href)) as ScenarioModule;
        const scenarios = await module.scenarios(context);
        if (scenarios.length === 0) throw new Error('has no scenario');
        for (const scenario of scenarios) await attempt(`${name}: ${scenario.name}`, scenario.run);
      } catch (error) {
        await attempt(`${name}: set-up`, () => Promise.reject(error));
      }
    }
  } catch (error) {
    await attempt('tools and registries', () => Promise.reject(error));
  } finally {
    await context?.close();
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0;
}
