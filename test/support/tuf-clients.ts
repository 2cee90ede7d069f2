/** Clients of TUF repositories, each with a directory for what it keeps between its updates. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cache, openMirror, openTuf } from '../../packages/tuf/src/index.ts';
import { installPythonPackages } from '../tools/python.ts';
import { installSigstoreJs } from '../tools/sigstore-js.ts';
import { describe, type Result, run } from './process.ts';

const javascript = fileURLToPath(new URL('./sigstore-js-client.mjs', import.meta.url));
const python = fileURLToPath(new URL('./tuf-client.py', import.meta.url));

/** Updates from a mirror and reads a target; throws where it does not believe what it is given. */
export type ReadTarget = (directory: string, url: string, target: string) => Promise<string>;

/** tuf-js, python-tuf and ours by their names. */
export async function tufClients(): Promise<Readonly<Record<string, ReadTarget>>> {
  const environment = { SIGSTORE_JS: installSigstoreJs(), PYTHONPATH: await installPythonPackages() };
  const command =
    (program: string, args: readonly string[]): ReadTarget =>
    async (...rest) =>
      printed(program, args, await run(program, [...args, ...rest], { env: environment }));
  return {
    'tuf-js': command(process.execPath, [javascript, 'tuf']),
    'python-tuf': command('python3', [python, 'read']),
    ours: readWithOurs,
  };
}

/** Runs python-tuf's metadata library. */
export async function runPythonTuf(...args: string[]): Promise<void> {
  const env = { PYTHONPATH: await installPythonPackages() };
  printed('python3', [python, ...args], await run('python3', [python, ...args], { env }));
}

function printed(program: string, args: readonly string[], result: Result): string {
  if (result.code !== 0) throw new Error(describe(program, args, result));
  return result.stdout;
}

async function readWithOurs(directory: string, url: string, target: string): Promise<string> {
  const failed = (error: Error) => {
    throw error;
  };
  // It asks once a day only; the clock goes to tomorrow and back, well within the life of a timestamp.
  const tomorrow = join(directory, 'tomorrow');
  const ahead = existsSync(tomorrow) ? 0 : 25 * 3_600_000;
  if (ahead === 0) rmSync(tomorrow);
  else writeFileSync(tomorrow, '');
  const client = await openTuf({
    cache: new Cache(join(directory, 'kept'), failed),
    mirror: openMirror(url, { environment: {} }),
    bootstrap: readFileSync(join(directory, 'root.json')),
    offline: false,
    now: new Date(Date.now() + ahead),
    onStale: failed,
  });
  return new TextDecoder().decode(await client.read(target));
}

/** A directory for a client that trusts `root`. */
export function clientDirectory(parent: string, root: string): string {
  mkdirSync(parent, { recursive: true });
  copyFileSync(root, join(parent, 'root.json'));
  return parent;
}
