import { cliErrors } from '../errors.ts';
import { directive, directives, trimStart, whiteSpace } from './dockerfile-frontend.ts';

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In upper case. */
  readonly name: string;
  /** `--name=value` before everything else, without quotes. */
  readonly flags: readonly string[];
  /** The other words, with their quotes. */
  readonly words: readonly string[];
}

/** What a Dockerfile says. */
export interface DockerfileText {
  /** Those behind ONBUILD are among the others: a later stage may be built on the one they are in. */
  readonly instructions: readonly Instruction[];
  /** The character that escapes others. */
  readonly token: string;
}

/** Instructions that may be followed by texts of their own (`<<EOF`). */
const withTexts = ['RUN', 'COPY', 'ADD'];
const empty = new RegExp(`^[${whiteSpace}]*(?:#|$)`);
const blank = new RegExp(`[${whiteSpace}]`);
const onbuild = new RegExp(`^[${whiteSpace}]*ONBUILD(?=[${whiteSpace}]|$)`, 'i');

/**
 * The instructions of a Dockerfile as BuildKit reads them: whoever writes one must not be able to hide an instruction from us
 * that is carried out. So a line that goes on is joined without a blank, a backslash that is escaped ends its line, the
 * escape directive stands before everything else, and what stands in a script is none.
 *
 * @throws USAGE for what builders read in different ways, and what none of them takes
 */
export function instructionsOf(text: string): DockerfileText {
  const lines = text.replace(/^\ufeff/, '').split(/\r*\n/);
  const token = escapeOf(lines);
  const goesOn = token === '\\' ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/;
  const found: Instruction[] = [];
  let pending = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (empty.test(line)) continue;
    if (goesOn.test(line)) {
      pending += line.replace(goesOn, '$1');
      continue;
    }
    const whole = pending + line;
    const instruction = readInstruction(whole, token);
    pending = '';
    found.push(instruction);
    if (!withTexts.includes(instruction.name)) continue;
    for (const end of endsOfTexts(whole)) at = afterText(lines, at + 1, end);
  }
  if (pending.trim() !== '') found.push(readInstruction(pending, token));
  return { instructions: found, token };
}

/** The character that continues lines and takes their meaning from others. Directives are the first lines, one below the other. */
function escapeOf(lines: readonly string[]): string {
  let token = '\\';
  let isOver = false;
  for (const line of lines) {
    const comment = trimStart(line);
    if (!comment.startsWith('#')) break;
    const [, name = '', value = ''] = directive.exec(trimStart(comment.slice(1))) ?? [];
    if (!directives.includes(name.toLowerCase())) isOver = true;
    if (name.toLowerCase() !== 'escape') continue;
    if (isOver) throw ambiguous('an escape directive below a comment, which some builders take for one');
    if (value !== '\\' && value !== '`') throw ambiguous('an escape directive that names neither \\ nor `');
    token = value;
  }
  return token;
}

/** What is kept for later (`ONBUILD`) is read then, without the directives of this file. */
function readInstruction(line: string, token: string): Instruction {
  return onbuild.test(line) ? instructionOf(line.replace(onbuild, ''), '\\') : instructionOf(line, token);
}

function instructionOf(line: string, token: string): Instruction {
  const [name = '', ...rest] = wordsOf(line, token).words;
  const words = rest.map((raw) => ({ raw, bare: bareWord(raw, token) }));
  const end = words.findIndex(({ bare }) => !bare.startsWith('--'));
  const count = end === -1 ? words.length : end;
  // BuildKit reads flags byte by byte, and takes the last byte of some letters for a blank.
  if (!isAscii([name, ...rest.slice(0, count)].join('')))
    throw ambiguous('an instruction or a flag with other characters than ASCII’s');
  return {
    name: name.toUpperCase(),
    flags: words.slice(0, count).map(({ bare }) => bare),
    words: words.slice(count).map(({ raw }) => raw),
  };
}

/** Words between white space, where that is not in quotes and not escaped; quotes and escapes stay. */
function wordsOf(
  line: string,
  token: string,
): { readonly words: readonly string[]; readonly isOpen: boolean } {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === token && quote !== "'" && at + 1 < line.length) {
      word += character + line[++at]!;
      continue;
    }
    if (quote === '' && blank.test(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    word += character;
  }
  return { words: word === '' ? words : [...words, word], isOpen: quote !== '' };
}

function isAscii(text: string): boolean {
  return /^[\t-\r -~]*$/.test(text);
}

/** Without quotes and escapes. */
function bareWord(word: string, token: string): string {
  return word.replaceAll(token, '').replace(/["']/g, '');
}

interface EndOfText {
  readonly line: string;
  /** Tabs before it are none of it. */
  readonly indented: boolean;
}

/**
 * The ends of the texts that begin below a line. They are looked for with a backslash as the escape, whatever the directive
 * says; and in no line that is no sentence of a shell, in which BuildKit sees none.
 */
function endsOfTexts(line: string): EndOfText[] {
  const { words, isOpen } = wordsOf(line, '\\');
  const ends = words.flatMap(endOfText);
  const isBroken = isOpen || /\$\{(?![A-Za-z_]\w*(?::?[-+?][^${}]*)?\})/.test(line);
  if (ends.length > 0 && isBroken)
    throw ambiguous('a text (<<) behind a quote or a variable that does not end');
  return ends;
}

/** Of a word like `<<EOF`, `<<-EOF`, `3<<"EOF"`. */
function endOfText(word: string): EndOfText[] {
  const [, dash, name] = /^\d*<<(-?)([^<]*)$/.exec(word) ?? [];
  if (dash === undefined || name === undefined) return [];
  const [, plain, inQuotes] =
    /^(?:([A-Za-z_]\w*)|(?:"(?=[^"]*"$)|'(?=[^']*'$))([A-Za-z_]\w*)["'])$/.exec(name) ?? [];
  const line = plain ?? inQuotes;
  if (line === undefined) throw ambiguous('a text (<<) of which it cannot be told where it ends');
  return [{ line, indented: dash === '-' }];
}

/** The line that ends the text which begins at `from`. */
function afterText(lines: readonly string[], from: number, { line: end, indented }: EndOfText): number {
  for (let at = from; at < lines.length; at++) {
    if ((indented ? lines[at]!.replace(/^\t+/, '') : lines[at]) === end) return at;
  }
  throw ambiguous(`a text (<<${end.slice(0, 80)}) that does not end`);
}

function ambiguous(found: string) {
  return cliErrors.error('USAGE', {
    message: `the Dockerfile has ${found}`,
    expected: 'a Dockerfile that every builder reads in one way',
    found,
  });
}
