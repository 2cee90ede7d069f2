// `npm start`, `npm test` and the rest on a fresh machine: finds or fetches Node 24, installs the locked
// dependencies when they are missing or stale, then runs the given file. Must itself run on Node 18.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findNode, npmCommand, runNode } from '../packages/cli/bin/node24.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether `node_modules` is what the lock file says. */
function areInstalled(wanted) {
  const stamp = join(root, 'node_modules', '.pratique-lock');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

async function ensureDependencies(node) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (areInstalled(wanted)) return;
  const release = await takeInstallLock();
  try {
    // Another script may have installed them while this one waited.
    if (!areInstalled(wanted)) install(node, wanted);
  } finally {
    release();
  }
}

/** Waits until no other script installs; resolves to what lets the next one go. */
async function takeInstallLock() {
  const file = join(root, '.cache', 'install.lock');
  mkdirSync(dirname(file), { recursive: true });
  // Linked to its name when it is written: nobody sees a lock that does not say whose it is.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  for (let waited = false; ; waited = true) {
    try {
      linkSync(own, file);
      rmSync(own);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isHeld(file)) rmSync(file, { force: true });
    else if (!waited) process.stderr.write('Waiting for another script that installs the dependencies\n');
    await delay(200);
  }
}

/** Whether who took the lock still runs: one that was killed never gives it back. */
function isHeld(file) {
  try {
    return process.kill(Number(readFileSync(file, 'utf8')), 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function install(node, wanted) {
  process.stderr.write('Installing the locked dependencies with npm ci\n');
  const [command, ...prefix] = npmCommand(node);
  const result = spawnSync(command, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) throw new Error('npm ci failed. Try: npm ci, and read what it says.');
  writeFileSync(join(root, 'node_modules', '.pratique-lock'), wanted);
}

try {
  await ensureDependencies(findNode());
  process.exitCode = await runNode(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
