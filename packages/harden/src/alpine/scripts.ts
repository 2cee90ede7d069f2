import { type AccountCommand, parseAccountCommand } from './accounts.ts';

/** What a script does: accounts it adds, and lines of which nobody here knows what they do. */
export interface ScriptWork {
  readonly accounts: readonly AccountCommand[];
  readonly unknown: readonly string[];
}

/** Nothing but a frame. */
const harmless = /^(exit( 0)?|set -\w+|true|:|umask \d+)$/;

/** Reads a script of a package without running it. */
export function readScript(script: string): ScriptWork {
  const accounts: AccountCommand[] = [];
  const unknown: string[] = [];
  for (const whole of script.replace(/\\\n\s*/g, ' ').split('\n')) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || harmless.test(line)) continue;
    const account = parseAccountCommand(line);
    if (account === null) unknown.push(line);
    else accounts.push(account);
  }
  return { accounts, unknown };
}

/**
 * Packages whose scripts’ work is done here: links to busybox’s applets, the bundle of certificates. The layout’s script
 * is about virtual servers and about the mode of a file that the package brings.
 */
export const emulated: ReadonlySet<string> = new Set(['busybox', 'ca-certificates', 'alpine-baselayout']);
