// `npm start`, `npm test` and the rest on a fresh machine: finds or fetches Node 24, installs the locked
// dependencies when they are missing or stale, then runs the given file. Must itself run on Node 18.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, npmCommand, runNode } from '../packages/cli/bin/node24.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function ensureDependencies(node) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.pratique-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('Installing the locked dependencies with npm ci\n');
  const [command, ...prefix] = npmCommand(node);
  const result = spawnSync(command, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) throw new Error('npm ci failed. Try: npm ci, and read what it says.');
  writeFileSync(stamp, wanted);
}

try {
  ensureDependencies(findNode());
  process.exitCode = await runNode(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
