/** Installs sigstore-js and tuf-js, as `sigstore-js/package-lock.json` pins them, into the cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { moveIntoPlace } from './command.ts';

const pinned = fileURLToPath(new URL('./sigstore-js/', import.meta.url));

/** The directory whose node_modules has the packages. */
export function installSigstoreJs(): string {
  const lock = createHash('sha256')
    .update(readFileSync(join(pinned, 'package-lock.json')))
    .digest('hex');
  const tools = join(cacheDirectory(), 'tools');
  const home = join(tools, `sigstore-js-${lock.slice(0, 16)}`);
  if (existsSync(home)) return home;
  mkdirSync(tools, { recursive: true });
  const staging = mkdtempSync(`${home}.`);
  cpSync(pinned, staging, { recursive: true });
  process.stderr.write('Installing sigstore-js (once)\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  const { status } = spawnSync('npm', args, { cwd: staging, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    rmSync(staging, { recursive: true, force: true });
    throw new Error('sigstore-js could not be installed; what npm said stands above.');
  }
  moveIntoPlace(staging, home);
  return home;
}
