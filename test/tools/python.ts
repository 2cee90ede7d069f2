/** Installs sigstore-python, python-tuf and SPDX's own tools, as `python/requirements.txt` pins them, into the cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { capture, moveIntoPlace } from './command.ts';
import { withLock } from './lock.ts';

const requirements = fileURLToPath(new URL('./python/requirements.txt', import.meta.url));

/** The directory to name in PYTHONPATH. Compiled packages are for one Python, so each has a directory of its own. */
export async function installPythonPackages(): Promise<string> {
  const python = capture('python3', ['--version']);
  if (python === undefined) throw new Error('python3 is needed. Try: apt-get install python3 python3-pip');
  const pinned = createHash('sha256').update(python).update(readFileSync(requirements)).digest('hex');
  const tools = join(cacheDirectory(), 'tools');
  const home = join(tools, `python-${pinned.slice(0, 16)}`);
  mkdirSync(tools, { recursive: true });
  return await withLock(`${home}.lock`, async () => {
    if (existsSync(home)) return home;
    process.stderr.write('Installing sigstore-python, python-tuf and spdx-tools (once)\n');
    const staging = mkdtempSync(`${home}.`);
    const options = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore', '--no-deps'];
    const args = ['-m', 'pip', 'install', ...options, '--target', staging, '-r', requirements];
    const { status } = spawnSync('python3', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) {
      rmSync(staging, { recursive: true, force: true });
      throw new Error('the Python packages could not be installed; what pip said stands above.');
    }
    moveIntoPlace(staging, home);
    return home;
  });
}
