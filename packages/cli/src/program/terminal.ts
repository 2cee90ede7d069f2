import { fstatSync, readFileSync, writeSync } from 'node:fs';

/** Where a command reads and writes: data to `out`, everything else to `err`. Tests pass their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whole standard input; never called unless the user asked for `-`. */
  stdin(): Uint8Array;
  /** Whether a person can be asked: a terminal on both sides and not in CI. */
  readonly interactive: boolean;
  /** Whether a line on standard error can be written over: a terminal that knows how, watched by a person. */
  readonly live: boolean;
  readonly colour: { readonly out: boolean; readonly err: boolean };
}

/** NO_COLOR and CLICOLOR_FORCE (no-color.org, bixense.com/clicolors) before what the stream is. */
export function wantsColour(env: Terminal['env'], isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['CLICOLOR_FORCE'] && env['CLICOLOR_FORCE'] !== '0') return true;
  return isTerminal && env['TERM'] !== 'dumb' && env['CLICOLOR'] !== '0';
}

/**
 * Writes all of `text` before it returns, as process.stdout does on POSIX, without loading the stream that is (8 ms in the
 * standalone executable). A reader that stops early (`pratique tree … | head`) is not a failure of ours.
 */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever shares the pipe does not want to be waited for: the reader needs a moment.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      else process.exit(code === 'EPIPE' ? 0 : 1);
    }
  }
}

interface Output {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** Calls back when all of it is written. */
  flush(then: () => void): void;
}

/** Standard output or standard error. */
function openOutput(name: 'stdout' | 'stderr', descriptor: number): Output {
  if (process.platform !== 'win32') {
    const isTerminal = isDevice(descriptor) && process.getBuiltinModule('node:tty').isatty(descriptor);
    return { isTerminal, write: (text) => writeAll(descriptor, text), flush: (then) => then() };
  }
  const stream = process[name];
  stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
  return {
    isTerminal: Boolean(stream.isTTY),
    write: (text) => void stream.write(text),
    flush: (then) => void stream.write('', then),
  };
}

/** Whether it may be a terminal. */
function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** The process's own terminal. `flush` calls back when all is written. */
export function processTerminal(): Terminal & { flush(then: () => void): void } {
  const env = process.env;
  const out = openOutput('stdout', 1);
  const err = openOutput('stderr', 2);
  return {
    out: out.write,
    err: err.write,
    flush: (then) => out.flush(() => err.flush(then)),
    env,
    cwd: process.cwd(),
    stdin: () => new Uint8Array(readFileSync(0)),
    // Asked by few, and the first look at process.stdin loads what reads it.
    get interactive() {
      return Boolean(process.stdin.isTTY) && err.isTerminal && !env['CI'];
    },
    live: err.isTerminal && env['TERM'] !== 'dumb' && !env['CI'] && !env['NO_COLOR'],
    colour: { out: wantsColour(env, out.isTerminal), err: wantsColour(env, err.isTerminal) },
  };
}
