// `npm test`: the source checks, then every unit, property, integration and end-to-end test.
import { spawnSync } from 'node:child_process';

const run = (args: string[]): number => spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
const checks = run(['scripts/check.ts']);
const tests = run(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]);
process.exitCode = checks === 0 && tests === 0 ? 0 : 1;
