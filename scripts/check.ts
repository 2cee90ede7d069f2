// Format, lint, types, layering: everything that reads the source without running it.
import { spawnSync } from 'node:child_process';
import { biome } from './biome.ts';
import { checkLayers } from './check-layers.ts';

const node = process.execPath;
const steps: [name: string, run: () => number][] = [
  ['format and lint', () => biome(['ci', '--error-on-warnings', '.'])],
  [
    'types',
    () => spawnSync(node, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' }).status ?? 1,
  ],
];
let failed = 0;
for (const [name, run] of steps) {
  const status = run();
  process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'}  ${name}\n`);
  if (status !== 0) failed++;
}
const layering = await checkLayers(process.cwd());
for (const line of layering) process.stdout.write(`${line}\n`);
process.stdout.write(`${layering.length === 0 ? 'ok' : 'FAILED'}  layering\n`);
if (layering.length > 0) failed++;
process.exitCode = failed === 0 ? 0 : 1;
