import { compareVersions } from '@pratique/inspect';
import { letters, linesOf, textsOf } from './arguments.ts';
import { operands } from './files.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** As with `LC_ALL=C`, which is what scripts see where nothing says otherwise. */
const sort: Known = (args, shell, { input, output }) => {
  const { flags, rest } = letters(args, 'urVngb', '');
  const texts = textsOf(rest, shell, input);
  const lines = texts.flatMap(({ text }) => linesOf(text ?? ''));
  shell.spend(lines.length * 10);
  const numberOf = (line: string): number => Number(/^\s*-?\d+(\.\d+)?/.exec(line)?.[0] ?? '0');
  const isNumeric = flags.has('n') || flags.has('g');
  const compare = (a: string, b: string): number => {
    if (isNumeric) return numberOf(a) - numberOf(b);
    return flags.has('V') ? compareVersions('deb', a, b) : compareBytes(a, b);
  };
  // Which versions are equal, or how they compare beyond what packages have, is another matter.
  if (flags.has('V') && lines.some((line) => !/^\d[\w.+~-]*$/.test(line))) throw new NotUnderstood('');
  if (flags.has('b') && lines.some((line) => /^\s/.test(line))) throw new NotUnderstood('');
  const direction = flags.has('r') ? -1 : 1;
  const sorted = [...lines].sort((a, b) => direction * (compare(a, b) || compareBytes(a, b)));
  for (const [at, line] of sorted.entries())
    if (!flags.has('u') || at === 0 || compare(line, sorted[at - 1]!) !== 0) output(`${line}\n`);
  return texts.some(({ text }) => text === undefined) ? 2 : 0;
};

/** `head` and `tail`: `-n 5`, `-5`, `-n +2`, `-c 5`. */
function part(of: (items: readonly string[], count: number, fromStart: boolean) => readonly string[]): Known {
  return (args, shell, { input, output }) => {
    const { values, rest } = letters(
      args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1').replace(/^--(lines)=/, '-n')),
      'q',
      'nc',
    );
    const [text = '10'] = values.get('n') ?? values.get('c') ?? [];
    const isBytes = values.has('c');
    if (!/^\+?\d{1,6}$/.test(text) || rest.length > 1) throw new NotUnderstood('');
    const [one] = textsOf(rest, shell, input);
    if (one?.text === undefined) return 1;
    if (isBytes && /[^\x00-\x7f]/.test(one.text)) throw new NotUnderstood('');
    const items = isBytes ? [...one.text] : linesOf(one.text).map((line) => `${line}\n`);
    if (!isBytes && !one.text.endsWith('\n') && items.length > 0) items.push(items.pop()!.slice(0, -1));
    output(of(items, Number(text.replace('+', '')), text.startsWith('+')).join(''));
    return 0;
  };
}

/** `tr a-z A-Z`, `tr -d ' '`, `tr -cd 0-9`, `tr -s '\n'` */
const translate: Known = (args, _shell, { input, output }) => {
  const { flags, rest } = letters(args, 'dcCs', '');
  const [from, to] = rest.map(setOf);
  const complement = flags.has('c') || flags.has('C');
  const text = input.rest();
  if (from === undefined || rest.length !== (flags.has('d') || (flags.has('s') && to === undefined) ? 1 : 2))
    throw new NotUnderstood('');
  const isIn = (character: string): boolean => from.includes(character) !== complement;
  if (flags.has('d')) {
    if (flags.has('s')) throw new NotUnderstood('');
    output([...text].filter((character) => !isIn(character)).join(''));
    return 0;
  }
  const last = to?.at(-1) ?? '';
  const changed = [...text].map((character) => {
    if (to === undefined || !isIn(character)) return character;
    return complement ? last : (to[from.indexOf(character)] ?? last);
  });
  const squeezed = (character: string): boolean =>
    to === undefined ? isIn(character) : to.includes(character);
  output(
    changed
      .filter((character, at) => !flags.has('s') || character !== changed[at - 1] || !squeezed(character))
      .join(''),
  );
  return 0;
};

const named: Readonly<Record<string, string>> = {
  '[:upper:]': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  '[:lower:]': 'abcdefghijklmnopqrstuvwxyz',
  '[:digit:]': '0123456789',
  '[:space:]': ' \t\n\v\f\r',
  '[:blank:]': ' \t',
};

/** The characters of a set of tr(1). */
function setOf(text: string): readonly string[] {
  if (text.length > 200) throw new NotUnderstood('');
  return [...text.matchAll(/\[:[a-z]+:\]|(\\.|.)-(\\.|.)|\\.|./gs)].flatMap(([whole, low, high]) => {
    if (/^\[:/.test(whole)) {
      const known = named[whole];
      if (known === undefined) throw new NotUnderstood('');
      return [...known];
    }
    if (low === undefined) return [single(whole)];
    const [first, last] = [single(low).charCodeAt(0), single(high!).charCodeAt(0)];
    if (last < first || last > 127) throw new NotUnderstood('');
    return Array.from({ length: last - first + 1 }, (_, at) => String.fromCharCode(first + at));
  });
}

function single(text: string): string {
  if (!text.startsWith('\\')) return text;
  const known = { n: '\n', t: '\t', r: '\r' }[text[1]!] ?? text[1]!;
  if (/\w/.test(known)) throw new NotUnderstood('');
  return known;
}

/** Programs that read lines, and write some of them or others. */
export const lineCommands: Readonly<Record<string, Known>> = {
  sort,
  tr: translate,
  head: part((items, count, fromStart) => {
    if (fromStart) throw new NotUnderstood('');
    return items.slice(0, count);
  }),
  tail: part((items, count, fromStart) =>
    fromStart ? items.slice(Math.max(count - 1, 0)) : items.slice(Math.max(items.length - count, 0)),
  ),
  uniq: (args, shell, { input, output }) => {
    const { rest } = operands(args, /^$/);
    const [one] = textsOf(rest, shell, input);
    if (rest.length > 1) throw new NotUnderstood('');
    const lines = linesOf(one?.text ?? '');
    for (const [at, line] of lines.entries()) if (line !== lines[at - 1]) output(`${line}\n`);
    return 0;
  },
};
