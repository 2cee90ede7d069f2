/** What the first line of a script says runs it: `#!/usr/bin/env -S node --x` asks for `env` and, by name, `node`. */
export interface Shebang {
  readonly interpreter: string;
  /** A command that `env` looks up in PATH. */
  readonly command: string | null;
}

/** Linux reads no more of the line (execve(2)). */
const maxLine = 255;

export function shebangOf(head: string): Shebang | null {
  const line = /^#![ \t]*([^\n]*)/.exec(head.slice(0, maxLine))?.[1];
  const [interpreter, ...args] = line?.trim().split(/[ \t]+/) ?? [];
  if (interpreter === undefined || !interpreter.startsWith('/')) return null;
  if (!/(^|\/)env$/.test(interpreter)) return { interpreter, command: null };
  const command = args.find((arg) => !arg.startsWith('-') && !arg.includes('='));
  return { interpreter, command: command ?? null };
}

export function isShell(interpreter: string): boolean {
  return /(^|\/)(sh|ash|bash|dash|ksh|mksh|zsh|busybox)$/.test(interpreter);
}

const maxWords = 50_000;

/**
 * Every word of a shell script that could name a command: outside comments, whatever its place. A word too many keeps
 * a file too many; a word too few would break the image.
 */
export function wordsOf(script: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const line of script.split('\n')) {
    const code = line.replace(/(^|\s)#.*$/, '');
    for (const [word] of code.matchAll(/[A-Za-z0-9_./+[-]+/g)) {
      words.add(word);
      if (words.size === maxWords) return words;
    }
  }
  return words;
}
