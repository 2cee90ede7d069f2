import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from '../filesystem/types.ts';
import { writeRoot } from '../filesystem/write-root.ts';
import type { CommandOutcome, Sandbox } from './run.ts';

/** A sandbox with a root file system of its own. */
export interface OpenSandbox extends Sandbox {
  /** Removes its files. */
  close(): void;
}

const limits = { milliseconds: 60_000, outputBytes: 1024 * 1024 };

/** Whether bubblewrap is there and may make namespaces. */
export function hasBubblewrap(): boolean {
  const probe = ['--unshare-all', '--ro-bind', '/', '/', '--', 'true'];
  return spawnSync('bwrap', probe, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/**
 * Unpacks a file system that was read with its contents whole, and runs its programs in it with bubblewrap: no network,
 * no files or processes of this machine, no capabilities, a minute each. What one command writes the next one sees.
 *
 * @param directory where commands start: the image's working directory
 */
export function openBubblewrap(fileSystem: FileSystem, directory: string): OpenSandbox {
  const home = mkdtempSync(join(tmpdir(), 'pratique-sandbox-'));
  const root = join(home, 'root');
  mkdirSync(root);
  const close = () => rmSync(home, { recursive: true, force: true });
  try {
    writeRoot(fileSystem, root);
  } catch (error) {
    close();
    throw error;
  }
  const start =
    fileSystem.resolve(directory)?.type === 'directory' ? `/${directory.replace(/^\/+/, '')}` : '/';
  const namespaces = ['--unshare-all', '--die-with-parent', '--new-session', '--clearenv'];
  const files = ['--bind', root, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'];
  return {
    close,
    run: (command, env) => {
      const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
      return outcomeOf([...namespaces, ...files, '--chdir', start, ...variables, '--', ...command]);
    },
  };
}

async function outcomeOf(args: readonly string[]): Promise<CommandOutcome> {
  const child = spawn('bwrap', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } });
  const timer = setTimeout(() => child.kill('SIGKILL'), limits.milliseconds);
  const collect = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size <= limits.outputBytes) chunks.push(chunk);
      else child.kill('SIGKILL');
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  try {
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      // A command that was stopped has no exit code that a test could expect.
      child.once('close', (code) => resolve(code ?? -1));
    });
    const [exitCode, stdout, stderr] = await Promise.all([
      exit,
      collect(child.stdout),
      collect(child.stderr),
    ]);
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}
