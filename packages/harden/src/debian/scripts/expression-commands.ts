import { inLetters, letters, linesOf, textsOf } from './arguments.ts';
import { awk } from './awk.ts';
import { Expression } from './expressions.ts';
import { sed } from './sed.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

const grepWords = {
  '--quiet': '-q',
  '--silent': '-q',
  '--invert-match': '-v',
  '--fixed-strings': '-F',
  '--extended-regexp': '-E',
  '--ignore-case': '-i',
  '--line-regexp': '-x',
  '--word-regexp': '-w',
  '--count': '-c',
  '--only-matching': '-o',
  '--files-with-matches': '-l',
  '--no-messages': '-s',
  '--regexp': '-e',
};

const grep: Known = (given, shell, { input, output }) => {
  const { flags, values, rest } = letters(inLetters(given, grepWords), 'qvsFExiwcolhH', 'e');
  const patterns = (values.get('e') ?? [rest.shift() ?? '']).flatMap((pattern) => pattern.split('\n'));
  const matches = patterns.map((pattern) => lineMatcher(pattern, flags, shell.spend));
  const texts = textsOf(rest, shell, input);
  const names = (flags.has('H') || texts.length > 1) && !flags.has('h');
  let found = false;
  for (const { path, text } of texts) {
    let count = 0;
    for (const line of linesOf(text ?? '')) {
      const parts = matches.flatMap((match) => match(line));
      if (parts.length > 0 === flags.has('v')) continue;
      count++;
      if (flags.has('q') || flags.has('c') || flags.has('l')) continue;
      for (const part of flags.has('o') ? parts : [line]) output(`${names ? `${path}:` : ''}${part}\n`);
    }
    if (count > 0) found = true;
    if (flags.has('q')) continue;
    if (flags.has('c') && text !== undefined) output(`${names ? `${path}:` : ''}${count}\n`);
    if (flags.has('l') && count > 0) output(`${path}\n`);
  }
  if (found && flags.has('q')) return 0;
  return texts.some(({ text }) => text === undefined) ? 2 : found ? 0 : 1;
};

/** What of a line matches. */
function lineMatcher(
  pattern: string,
  flags: ReadonlySet<string>,
  spend: (steps: number) => void,
): (line: string) => readonly string[] {
  const source = flags.has('F') ? pattern.replace(/[\\.*[\]^$]/g, '\\$&') : pattern;
  const extended = flags.has('E') && !flags.has('F');
  const [open, close] = extended ? ['(', ')'] : ['\\(', '\\)'];
  const whole = flags.has('x')
    ? `^${open}${source}${close}$`
    : flags.has('w')
      ? `\\<${open}${source}${close}\\>`
      : source;
  // A group that is put around would be the one that `\1` means.
  if (whole !== source && /\\[1-9]/.test(source)) throw new NotUnderstood('');
  // A word is one only if it begins and ends with a character of one.
  if (flags.has('w') && !/^\w([\w -]*\w)?$/.test(source)) throw new NotUnderstood('');
  const expression = new Expression(whole, { extended, ignoreCase: flags.has('i'), spend });
  return (line) => {
    const found: string[] = [];
    for (let at = 0; at <= line.length; ) {
      const match = expression.match(line, at);
      if (match === undefined) break;
      found.push(line.slice(match.start, match.end));
      if (!flags.has('o')) break;
      if (match.end === match.start) found.pop();
      at = match.end > match.start ? match.end : match.end + 1;
    }
    return found;
  };
}

const sedWords = {
  '--quiet': '-n',
  '--silent': '-n',
  '--regexp-extended': '-E',
  '--expression': '-e',
  '--in-place': '-i',
};

const edit: Known = (given, shell, { input, output }) => {
  const { flags, values, rest } = letters(inLetters(given, sedWords), 'nErsi', 'e');
  const script = values.get('e')?.join('\n') ?? rest.shift();
  if (script === undefined) throw new NotUnderstood('');
  const options = { quiet: flags.has('n'), extended: flags.has('E') || flags.has('r'), spend: shell.spend };
  const texts = textsOf(rest, shell, input);
  const missing = texts.some(({ text }) => text === undefined);
  if (flags.has('i')) {
    if (rest.length === 0) throw new NotUnderstood('');
    for (const { path, text } of texts) {
      if (text === undefined) continue;
      // It makes a new file in the place of the old one, also of a link.
      const node = shell.changes.follow(path)!;
      if (shell.changes.at(path)?.type === 'symlink') throw new NotUnderstood('');
      shell.changes.write(path, new TextEncoder().encode(sed(script, options)(text)), node);
    }
  } else {
    const there = texts.flatMap(({ text }) => text ?? []);
    // Files are read one after the other, as one text, in which each ends with a line feed.
    const whole = there
      .map((text, at) => (at < there.length - 1 ? text.replace(/[^\n]$/, '$&\n') : text))
      .join('');
    output(sed(script, options)(whole));
  }
  return missing ? 2 : 0;
};

/** `awk -F: -v x=y PROGRAM FILE…` */
const runAwk: Known = (args, shell, { input, output }) => {
  const { values, rest } = letters(args, '', 'Fv');
  const [program, ...paths] = rest;
  const [separator = ' '] = values.get('F') ?? [];
  const variables = (values.get('v') ?? []).map((text) => /^([a-z]\w*)=([^\\]*)$/s.exec(text));
  // More than one character is an expression.
  if (program === undefined || variables.includes(null) || !/^([^\\|.^$*+?()[\]{}]|\|)$/.test(separator))
    throw new NotUnderstood('');
  const texts = textsOf(paths, shell, input);
  if (paths.some((path) => path.includes('=')) || texts.some(({ text }) => text === undefined))
    throw new NotUnderstood('');
  return awk(
    program,
    texts.flatMap(({ text }) => linesOf(text ?? '')),
    {
      separator,
      variables: new Map(variables.map((found) => [found![1]!, found![2]!])),
      output,
      spend: shell.spend,
    },
  );
};

/** Programs that look for expressions in lines. */
export const expressionCommands: Readonly<Record<string, Known>> = {
  grep,
  egrep: (args, shell, streams) => grep(['-E', ...args], shell, streams),
  fgrep: (args, shell, streams) => grep(['-F', ...args], shell, streams),
  sed: edit,
  awk: runAwk,
  mawk: runAwk,
};
