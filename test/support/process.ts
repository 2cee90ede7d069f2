/** Runs programs the way a user does: one to its end, or a server until it is told to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds until the program is killed, which counts as exit code 124. */
  readonly timeout?: number;
  /** Hears everything that was said so far, on either stream, whenever more is said. */
  readonly onOutput?: (said: string) => void;
}

/** Runs `command ARGS` to its end. A non-zero exit is an answer, not an exception. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr, timedOut] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onOutput?.(`${stdout}\n${stderr}`);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onOutput?.(`${stdout}\n${stderr}`);
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, options.timeout ?? 120_000);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve(status ?? (signal === 'SIGKILL' ? 137 : 143)));
    });
    return { code: timedOut ? 124 : code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** A command line and everything it said, for a failure report. */
export function describe(command: string, args: readonly string[], result: Result): string {
  const said = `${result.stdout.trim()}\n${result.stderr.trim()}`.trim();
  return `${[command, ...args].join(' ')}\nexited ${result.code}\n${said}`;
}

/** A server in its own process. */
export interface Server {
  readonly pid: number;
  /** What `ready` matched in its output. */
  readonly match: RegExpExecArray;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

/** Starts `command ARGS` and resolves when what it prints, on either stream, matches `ready`. */
export async function startServer(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: RunOptions = {},
): Promise<Server> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  }).then(() => void running.delete(child));
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    let output = '';
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`${[command, ...args].join(' ')}: ${why}\n${output}`));
    };
    const timer = setTimeout(() => fail('not ready in time'), options.timeout ?? 30_000);
    const read = (text: string) => {
      // A long-running server's log must keep being read, and must not be kept.
      output = (output + text).slice(-20_000);
      const found = ready.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code) => {
      clearTimeout(timer);
      fail(`exited ${code} before it was ready`);
    });
  });
  return {
    pid: child.pid!,
    match,
    async stop() {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(killer);
    },
  };
}

/** A port of loopback that nobody uses now, for programs that cannot be told to take any. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
