// Finds a Node that can run TypeScript directly (>= 24), fetching one from npm when the installed one is older.
// Plain JavaScript on purpose: this file must itself run on Node 18.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The version fetched when the running Node is too old. The npm package `node` carries the official binaries. */
export const NODE_VERSION = '24.21.0';
const MINIMUM_MAJOR = 24;

/** Directory for what is slow to fetch or build: $PRATIQUE_CACHE, else $XDG_CACHE_HOME/pratique, else ~/.cache/pratique. */
export function cacheDirectory() {
  if (process.env.PRATIQUE_CACHE) return process.env.PRATIQUE_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pratique');
}

/** How to start npm: the npm that started us, else the one on PATH. */
export function npmCommand(node = process.execPath) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.[cm]?js$/.test(cli)) return [node, cli];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function binary(directory) {
  return join(directory, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Path of a Node executable of version 24 or newer. Throws with a remedy when there is none and none can be fetched. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) return process.execPath;
  if (process.env.PRATIQUE_NODE) return process.env.PRATIQUE_NODE;
  const home = join(cacheDirectory(), `node-${NODE_VERSION}-${process.platform}-${process.arch}`);
  if (existsSync(binary(home))) return binary(home);
  process.stderr.write(
    `Node ${process.versions.node} is too old to run TypeScript; fetching Node ${NODE_VERSION} from npm (once)\n`,
  );
  mkdirSync(cacheDirectory(), { recursive: true });
  // Installed beside the final place and renamed, so that an interrupted download is never mistaken for a Node.
  const staging = mkdtempSync(`${home}.`);
  const [command, ...prefix] = npmCommand();
  const install = spawnSync(
    command,
    [
      ...prefix,
      'install',
      '--prefix',
      staging,
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--ignore-scripts=false',
      '--loglevel=error',
      `node@${NODE_VERSION}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const works = install.status === 0 && spawnSync(binary(staging), ['--version']).status === 0;
  if (!works) {
    rmSync(staging, { recursive: true, force: true });
    throw new Error(
      `Pratique needs Node ${MINIMUM_MAJOR} or newer; found ${process.versions.node}, and Node ${NODE_VERSION} could not be installed from npm.\n` +
        `Try: install Node ${MINIMUM_MAJOR} yourself, or set PRATIQUE_NODE to the path of one.`,
    );
  }
  try {
    renameSync(staging, home);
  } catch (error) {
    // Another process won the race and put the same thing there.
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(binary(home))) throw error;
  }
  return binary(home);
}

/** Runs `node ARGS` with a new enough Node, passing signals on; resolves to its exit code. */
export function runNode(args, env = process.env) {
  const node = findNode();
  const path = `${dirname(node)}${delimiter}${env.PATH ?? ''}`;
  const child = spawn(node, args, { stdio: 'inherit', env: { ...env, PATH: path } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
