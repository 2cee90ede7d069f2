import { fstatSync, writeSync } from 'node:fs';
import { readDescriptor } from '@pratique/storage';
import { type FileKind, maxFileBytes, unreadable } from './read-file.ts';
import { unwritable } from './write-file.ts';

/** Where a command reads and writes: data to `out`, everything else to `err`. Tests pass their own. */
export interface Terminal {
  out(text: string): void;
  /** @returns false where nobody reads it any more, as after the end of a collector of logs */
  err(text: string): boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whole standard input, a `document` unless told; never called unless the user asked for `-`. @throws FILE_UNREADABLE */
  stdin(kind?: FileKind): Uint8Array;
  /** Whether a person can be asked: a terminal on both sides and not in CI. */
  readonly interactive: boolean;
  /** A line that the person types; only where there is one. */
  ask(question: string): Promise<string>;
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
 * standalone executable).
 *
 * @returns false where nobody reads any more
 */
function writeAll(descriptor: number, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      // Whoever shares the pipe does not want to be waited for: the reader needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}

interface Output {
  readonly isTerminal: boolean;
  /** @returns false where nobody reads it any more */
  write(text: string): boolean;
  /** Calls back when all of it is written. */
  flush(then: () => void): void;
}

/**
 * Standard output or standard error. A reader that stops early (`pratique admit … | head -1`) is not a failure of ours, and no
 * success either: what is written from then on goes nowhere, and the exit code is what it would have been.
 */
function openOutput(name: 'stdout' | 'stderr', descriptor: number): Output {
  if (process.platform !== 'win32') {
    const isTerminal = isDevice(descriptor) && process.getBuiltinModule('node:tty').isatty(descriptor);
    let isRead = true;
    const write = (text: string) => {
      if (isRead) isRead = writeAll(descriptor, text);
      return isRead;
    };
    return { isTerminal, write, flush: (then) => then() };
  }
  const stream = process[name];
  let isRead = true;
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exit(1);
    isRead = false;
  });
  return {
    isTerminal: Boolean(stream.isTTY),
    write: (text) => {
      stream.write(text);
      return isRead;
    },
    flush: (then) => void stream.write('', then),
  };
}

function readStdin(kind: FileKind = 'document'): Uint8Array {
  try {
    return readDescriptor(0, maxFileBytes[kind]);
  } catch (cause) {
    throw unreadable('standard input', cause);
  }
}

/** Whether it may be a terminal. */
function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

async function askPerson(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

/** The process's own terminal. `flush` calls back when all is written. */
export function processTerminal(): Terminal & { flush(then: () => void): void } {
  const env = process.env;
  const out = openOutput('stdout', 1);
  const err = openOutput('stderr', 2);
  return {
    out(text) {
      try {
        out.write(text);
      } catch (cause) {
        throw unwritable('standard output', cause);
      }
    },
    err(text) {
      try {
        return err.write(text);
      } catch {
        // There is no place left to say so.
        process.exit(1);
      }
    },
    flush: (then) => out.flush(() => err.flush(then)),
    env,
    cwd: process.cwd(),
    stdin: readStdin,
    // Asked by few, and the first look at process.stdin loads what reads it.
    get interactive() {
      return Boolean(process.stdin.isTTY) && err.isTerminal && !env['CI'];
    },
    ask: askPerson,
    live: err.isTerminal && env['TERM'] !== 'dumb' && !env['CI'] && !env['NO_COLOR'],
    colour: { out: wantsColour(env, out.isTerminal), err: wantsColour(env, err.isTerminal) },
  };
}
