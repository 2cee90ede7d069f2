import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from '../filesystem/types.ts';
import { writeRoot } from '../filesystem/write-root.ts';
import { bubblewrap } from './bubblewrap.ts';
import { crun } from './crun.ts';
import { everyone, hasEveryone, type Identities, onlyRoot } from './identities.ts';
import { type Accounts, type ImageUser, readAccounts, resolveUser, UserUnresolved } from './image-user.ts';
import { giveOwners, giveTo } from './owners.ts';
import { openPipe } from './pipe.ts';
import type { CommandOutcome, CommandRunner, Sandbox } from './run.ts';
import type { Invocation, SandboxedCommand, SandboxRuntime } from './sandbox-runtime.ts';
import { subordinateIdentities } from './subordinate.ts';
import { asRoot } from './user-namespace.ts';

/** A sandbox with a root file system of its own. */
export interface OpenSandbox extends Sandbox {
  /** Removes its files. */
  close(): void;
}

/** A runtime that can be used here, and whom it can run commands as. */
export interface UsableRuntime {
  readonly runtime: SandboxRuntime;
  readonly identities: Identities;
}

const limits = { milliseconds: 60_000, outputBytes: 1024 * 1024 };
const root: ImageUser = { uid: 0, gid: 0, groups: [], home: '/' };

/** The first of bubblewrap and crun that can be used here, with every user of an image rather than root alone; undefined where neither can. */
export async function findSandbox(): Promise<UsableRuntime | undefined> {
  const most = hasEveryone() ? everyone : await subordinateIdentities();
  for (const identities of [...(most === undefined ? [] : [most]), onlyRoot()]) {
    for (const runtime of [bubblewrap, crun]) {
      const usable = { runtime, identities };
      if (await isUsable(usable)) return usable;
    }
  }
  return undefined;
}

/** Most is known only when a command is started: one that is not there, which is what is said where all else works. */
async function isUsable({ runtime, identities }: UsableRuntime): Promise<boolean> {
  const home = openHome();
  try {
    if (identities.count > 1) giveTo(identities, root, [Buffer.from(join(home, 'root'))]);
    const probe = { home, directory: '/', user: root, capabilities: [], command: ['/none'], env: {} };
    const { stderr } = await outcomeOf(runtime, { ...probe, identities }, 10_000);
    return /\/none.*No such file/.test(stderr);
  } catch {
    return false;
  } finally {
    removeHome(home, identities);
  }
}

/**
 * Unpacks a file system that was read with its contents whole, and runs its programs in it: a minute each, and 1 MiB of
 * output. What one command writes the next one sees.
 *
 * @param directory where commands start: the image's working directory
 */
export function openSandbox(
  { runtime, identities }: UsableRuntime,
  fileSystem: FileSystem,
  directory: string,
): OpenSandbox {
  const home = openHome();
  const close = () => removeHome(home, identities);
  try {
    writeRoot(fileSystem, join(home, 'root'));
    if (identities.count > 1) giveOwners(fileSystem, join(home, 'root'), identities);
  } catch (error) {
    close();
    throw error;
  }
  const start =
    fileSystem.resolve(directory)?.type === 'directory' ? `/${directory.replace(/^\/+/, '')}` : '/';
  const accounts = attempt(() => readAccounts(fileSystem));
  return {
    close,
    commandsAs({ user: name, capabilities }) {
      const user = attempt(() => resolveUser(accounts instanceof UserUnresolved ? none : accounts, name));
      const problem = [accounts, user].find((one) => one instanceof UserUnresolved);
      if (user instanceof UserUnresolved || problem !== undefined) return { problem: problem!.message };
      const unable = whyNot(identities, user, capabilities);
      if (unable !== undefined) return { problem: unable };
      const one = {
        home,
        directory: start,
        identities,
        user,
        // As container runtimes do: they are for root, and for what a program would gain, which none does here.
        capabilities: user.uid === 0 ? capabilities : [],
      };
      const run: CommandRunner['run'] = (command, env) =>
        outcomeOf(runtime, { ...one, command, env: { HOME: user.home, ...env } }, limits.milliseconds);
      return { run };
    },
  };
}

const none: Accounts = { passwd: undefined, group: undefined };

/** Where the machine lends us one user, its files are all that user's: whoever else were to run would be taken for root. */
function whyNot({ count }: Identities, user: ImageUser, capabilities: readonly string[]): string | undefined {
  const ids = [user.uid, user.gid, ...user.groups];
  const name = `the user ${user.uid}:${user.gid} of the image`;
  if (count > 1)
    return ids.some((id) => id >= count)
      ? `${name} is beyond the ${count} ids that this machine lends (/etc/subuid, /etc/subgid)`
      : undefined;
  const who = 'only root of this machine, and whom it lends ids to (/etc/subuid, /etc/subgid),';
  if (user.uid !== 0 || user.gid !== 0)
    return `${who} can run commands as ${name}; containerRunOptions: {user: "0:0"} runs them as its root`;
  if (capabilities.length > 0) return `${who} can give a command capabilities`;
  return undefined;
}

function attempt<T>(resolve: () => T): T | UserUnresolved {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof UserUnresolved) return error;
    throw error;
  }
}

/** An empty root that nobody else on this machine can reach. */
function openHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'pratique-sandbox-'));
  const directory = join(home, 'root');
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  return home;
}

function removeHome(home: string, identities: Identities): void {
  // Who is not root cannot remove what is somebody else’s, or in a directory that may not be written to.
  if (identities.entry.length > 0) asRoot(identities, ['rm', '-rf', join(home, 'root')]);
  else if (process.getuid?.() !== 0) spawnSync('chmod', ['-R', 'u+rwX', home], { stdio: 'ignore' });
  rmSync(home, { recursive: true, force: true });
}

async function outcomeOf(
  runtime: SandboxRuntime,
  one: SandboxedCommand,
  milliseconds: number,
): Promise<CommandOutcome> {
  const invocation = await runtime.invocation(one);
  const { descriptor, group } = invocation;
  try {
    if (one.identities.count > 1) {
      chmodSync(one.home, 0o710);
      asRoot(one.identities, ['chown', `0:${group}`, one.home]);
    }
    return await outcomeOfInvocation(one, invocation, milliseconds);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function outcomeOfInvocation(
  one: SandboxedCommand,
  { command: [program, ...args], descriptor, hasLifeline = false }: Invocation,
  milliseconds: number,
): Promise<CommandOutcome> {
  const pipe = (name: string) => {
    const path = join(one.home, name);
    // That of the command before may be somebody else’s.
    rmSync(path, { force: true });
    const opened = openPipe(path);
    if (one.identities.count > 1) giveTo(one.identities, one.user, [Buffer.from(path)]);
    return opened;
  };
  const [stdout, stderr] = [pipe('stdout'), pipe('stderr')];
  const more = descriptor === undefined ? [] : [descriptor];
  const child = spawn(program!, args, {
    stdio: [hasLifeline ? 'pipe' : 'ignore', stdout.descriptor, stderr.descriptor, ...more],
    env: { PATH: process.env.PATH },
    // Who ends us with all of our group must not end what ends the command.
    detached: hasLifeline,
  });
  for (const { descriptor } of [stdout, stderr]) closeSync(descriptor);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    child.stdin?.destroy();
    if (!hasLifeline) child.kill('SIGKILL');
  };
  const timer = setTimeout(stop, milliseconds);
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
