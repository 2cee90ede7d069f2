import { style } from './style.ts';
import type { Terminal } from './terminal.ts';

/** The steps of a long command, on standard error. One ends where the next begins. */
export interface Steps {
  begin(step: string): void;
  /** A line about something else, which leaves the step's own line whole. */
  say(line: string): void;
  /** The last step has ended well. */
  end(): void;
  /** The command has failed: the step it was in did. */
  fail(): void;
}

// Erases the line that the cursor is in, and goes to its start (ECMA-48, 8.3.41).
const erase = '\r\u001b[2K';

/**
 * Works in steps towards an answer. They are shown on a live terminal alone: elsewhere they are no news, and standard error
 * is for what is.
 */
export async function withProgress<T>(
  terminal: Terminal,
  work: (steps: Pick<Steps, 'begin' | 'say'>) => Promise<T>,
): Promise<T> {
  const steps = openSteps(terminal);
  try {
    const answer = await work(terminal.live ? steps : { ...steps, begin: () => {} });
    steps.end();
    return answer;
  } catch (error) {
    steps.fail();
    throw error;
  }
}

/**
 * On a live terminal the step that is being done, and those that were, each with how long it took; elsewhere a line where each
 * begins, so that logs stay plain text and the same.
 *
 * @param live false where the command's output is for programs
 * @param now milliseconds that only ever grow
 */
export function openSteps(
  terminal: Terminal,
  live: boolean = terminal.live,
  now: () => number = () => performance.now(),
): Steps {
  if (!live) {
    return {
      begin: (step) => terminal.err(`• ${step}\n`),
      say: (line) => terminal.err(`${line}\n`),
      end: () => {},
      fail: () => {},
    };
  }
  const c = style(terminal.colour.err);
  let current: { readonly step: string; readonly since: number } | null = null;
  const close = (mark: string) => {
    if (current === null) return;
    const seconds = ((now() - current.since) / 1000).toFixed(1);
    terminal.err(`${erase}${mark} ${current.step} ${c.dim(`${seconds} s`)}\n`);
    current = null;
  };
  const end = () => close(c.green('✓'));
  return {
    begin(step) {
      end();
      current = { step, since: now() };
      terminal.err(`• ${step}`);
    },
    say: (line) => terminal.err(current === null ? `${line}\n` : `${erase}${line}\n• ${current.step}`),
    end,
    fail: () => close(c.red('✗')),
  };
}
