import { readFileSync } from 'node:fs';

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
  readonly colour: { readonly out: boolean; readonly err: boolean };
}

/** NO_COLOR and CLICOLOR_FORCE (no-color.org, bixense.com/clicolors) before what the stream is. */
export function wantsColour(env: Terminal['env'], isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['CLICOLOR_FORCE'] && env['CLICOLOR_FORCE'] !== '0') return true;
  return isTerminal && env['TERM'] !== 'dumb' && env['CLICOLOR'] !== '0';
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const env = process.env;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env,
    cwd: process.cwd(),
    stdin: () => new Uint8Array(readFileSync(0)),
    // Asked by few, and the first look at process.stdin loads what reads it.
    get interactive() {
      return Boolean(process.stdin.isTTY && process.stderr.isTTY) && !env['CI'];
    },
    colour: {
      out: wantsColour(env, Boolean(process.stdout.isTTY)),
      err: wantsColour(env, Boolean(process.stderr.isTTY)),
    },
  };
}
