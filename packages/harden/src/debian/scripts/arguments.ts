import type { Shell } from './shell.ts';
import { type Input, textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** Lines without their line feeds. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The text of each file, or what is read where none is named; undefined for a file that is not there. */
export function textsOf(
  paths: readonly string[],
  { changes }: Shell,
  input: Input,
): readonly { readonly path: string; readonly text: string | undefined }[] {
  return (paths.length === 0 ? ['-'] : paths).map((path) => {
    if (path === '-') return { path: '(standard input)', text: input.rest() };
    if (path === '/dev/null') return { path, text: '' };
    const bytes = changes.read(path);
    return { path, text: bytes === undefined ? undefined : textOf(bytes) };
  });
}

/** Options of one letter, apart: `-qxE` is `-q -x -E`. Those of `valued` take the rest, or the next argument. */
export function letters(args: readonly string[], plain: string, valued: string) {
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    for (let letter = 1; letter < arg.length; letter++) {
      const name = arg[letter]!;
      if (plain.includes(name)) flags.add(name);
      else if (valued.includes(name)) {
        const own = arg.slice(letter + 1);
        const value = own !== '' ? own : args[++at];
        if (value === undefined) throw new NotUnderstood('');
        values.set(name, [...(values.get(name) ?? []), value]);
        break;
      } else throw new NotUnderstood('');
    }
  }
  return { flags, values, rest };
}

/** Options that are words, as the letters they stand for. */
export function inLetters(
  args: readonly string[],
  words: Readonly<Record<string, string>>,
): readonly string[] {
  return args.flatMap((arg) => {
    const [, name = '', value] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const letter = words[name];
    return letter === undefined ? [arg] : value === undefined ? [letter] : [letter, value];
  });
}
