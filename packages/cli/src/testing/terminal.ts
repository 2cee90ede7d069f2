import type { Terminal } from '../program/terminal.ts';

/** A terminal that remembers what was written. */
export function testTerminal(
  init: {
    env?: Record<string, string>;
    cwd?: string;
    stdin?: string;
    live?: boolean;
    /** What a person types when asked; absent: there is nobody. */
    answer?: string;
  } = {},
): Terminal & { stdout: string; stderr: string } {
  return {
    stdout: '',
    stderr: '',
    out(text) {
      this.stdout += text;
    },
    err(text) {
      this.stderr += text;
      return true;
    },
    env: init.env ?? {},
    cwd: init.cwd ?? '/',
    stdin: () => new TextEncoder().encode(init.stdin ?? ''),
    interactive: init.answer !== undefined,
    async ask(question) {
      this.stderr += question;
      return init.answer ?? '';
    },
    live: init.live ?? false,
    colour: { out: false, err: false },
  };
}
