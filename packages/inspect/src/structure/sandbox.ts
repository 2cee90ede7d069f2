import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from '../filesystem/types.ts';
import { writeRoot } from '../filesystem/write-root.ts';
import { bubblewrap } from './bubblewrap.ts';
import { crun } from './crun.ts';
import { openPipe } from './pipe.ts';
import type { CommandOutcome, Sandbox } from './run.ts';
import type { SandboxedCommand, SandboxRuntime } from './sandbox-runtime.ts';

/** A sandbox with a root file system of its own. */
export interface OpenSandbox extends Sandbox {
  /** Removes its files. */
  close(): void;
}

const limits = { milliseconds: 60_000, outputBytes: 1024 * 1024 };

/** The first of bubblewrap and crun that can be used here; undefined where neither can. */
export function findSandbox(): SandboxRuntime | undefined {
  return [bubblewrap, crun].find((runtime) => runtime.isUsable());
}

/**
 * Unpacks a file system that was read with its contents whole, and runs its programs in it: a minute each, and 1 MiB of
 * output. What one command writes the next one sees.
 *
 * @param directory where commands start: the image's working directory
 */
export function openSandbox(runtime: SandboxRuntime, fileSystem: FileSystem, directory: string): OpenSandbox {
  const home = mkdtempSync(join(tmpdir(), 'pratique-sandbox-'));
  mkdirSync(join(home, 'root'));
  const close = () => rmSync(home, { recursive: true, force: true });
  try {
    writeRoot(fileSystem, join(home, 'root'));
  } catch (error) {
    close();
    throw error;
  }
  const start =
    fileSystem.resolve(directory)?.type === 'directory' ? `/${directory.replace(/^\/+/, '')}` : '/';
  return {
    close,
    run: (command, env) => outcomeOf(runtime, { home, directory: start, command, env }),
  };
}

async function outcomeOf(runtime: SandboxRuntime, one: SandboxedCommand): Promise<CommandOutcome> {
  const [program, ...args] = runtime.invocation(one);
  const [stdout, stderr] = [openPipe(join(one.home, 'stdout')), openPipe(join(one.home, 'stderr'))];
  const child = spawn(program, args, {
    stdio: ['ignore', stdout.descriptor, stderr.descriptor],
    env: { PATH: process.env.PATH },
  });
  for (const { descriptor } of [stdout, stderr]) closeSync(descriptor);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    runtime.stop?.(one.home);
    child.kill('SIGKILL');
  };
  const timer = setTimeout(stop, limits.milliseconds);
  const collect = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size <= limits.outputBytes) chunks.push(chunk);
      else if (!isStopped) stop();
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  try {
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      // A command that was stopped has no exit code that a test could expect, whatever the runtime makes of it.
      child.once('close', (code) => resolve(isStopped ? -1 : (code ?? -1)));
    });
    const [exitCode, said, complained] = await Promise.all([
      exit,
      collect(stdout.output),
      collect(stderr.output),
    ]);
    return { exitCode, stdout: said, stderr: complained };
  } finally {
    clearTimeout(timer);
  }
}
