import type { Shell } from './shell.ts';
import { NotUnderstood, type Part, type Word } from './syntax.ts';

/** Text of which is known what of it stood in quotes. */
type Piece = { readonly text: string; readonly quoted: boolean };

const maxText = 1024 * 1024;
const maxMatched = 4096;
const maxStars = 2;

/** Expands words (XCU §2.6): parameters, command substitution, fields, file names. */
export class Words {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** One text: nothing is split. */
  text(word: Word): string {
    const text = word.map((part) => this.#valueOf(part)).join('');
    if (text.length > maxText) throw new NotUnderstood('a text is too long');
    return text;
  }

  /** A pattern, in which what stood in quotes stands for itself. */
  pattern(word: Word): string {
    return word
      .map((part) => {
        const text = this.#valueOf(part);
        return part.quoted ? text.replace(/[\\*?[\]]/g, '\\$&') : text;
      })
      .join('');
  }

  /** The fields a command gets. */
  fields(words: readonly Word[]): string[] {
    return words.flatMap((word) => this.#split(word)).flatMap((field) => this.#names(field));
  }

  #split(word: Word): readonly (readonly Piece[])[] {
    const fields: Piece[][] = [];
    let current: Piece[] | undefined;
    const add = (piece: Piece): void => {
      current ??= [];
      current.push(piece);
    };
    const end = (): void => {
      if (current !== undefined) fields.push(current);
      current = undefined;
    };
    for (const part of word) {
      if (part.kind === 'text') add({ text: part.text, quoted: part.quoted });
      else if (part.kind === 'parameter' && part.name === '@' && part.operator === '') {
        for (const [index, argument] of this.#shell.arguments.entries()) {
          if (index > 0) end();
          if (part.quoted || argument !== '') add({ text: argument, quoted: true });
        }
      } else if (part.quoted) add({ text: this.#valueOf(part), quoted: true });
      else {
        for (const [index, text] of this.#valueOf(part)
          .split(/[ \t\n]+/)
          .entries()) {
          if (index > 0) end();
          if (text !== '') add({ text, quoted: false });
        }
      }
    }
    end();
    return fields;
  }

  /** File names that an unquoted pattern matches; the text where there is none. */
  #names(field: readonly Piece[]): readonly string[] {
    const text = field.map((piece) => piece.text).join('');
    if (!field.some((piece) => !piece.quoted && /[*?]|\[[^\]]+\]/.test(piece.text))) return [text];
    const pattern = field
      .map((piece) => (piece.quoted ? piece.text.replace(/[\\*?[\]]/g, '\\$&') : piece.text))
      .join('');
    // Of a relative pattern, names in the current directory.
    if (!pattern.startsWith('/') && pattern.includes('/'))
      throw new NotUnderstood(`the names that ${text} matches`);
    let paths = [''];
    for (const name of pattern.startsWith('/') ? pattern.split('/').slice(1) : [pattern]) {
      paths = paths.flatMap((path) =>
        this.#shell.changes
          .list(path !== '' ? path : pattern.startsWith('/') ? '/' : '.')
          .map((node) => node.path.slice(node.path.lastIndexOf('/') + 1))
          .filter((found) => isMatch(name, found) && (name.startsWith('.') || !found.startsWith('.')))
          .map((found) => (pattern.startsWith('/') ? `${path}/${found}` : found)),
      );
    }
    return paths.length === 0 ? [text] : paths;
  }

  #valueOf(part: Part): string {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'unknown') throw new NotUnderstood(part.text);
    if (part.kind === 'output') return this.#shell.outputOf(part.of);
    const { name, operator, argument } = part;
    const value = this.#parameter(name);
    const absent = value === undefined || (operator.startsWith(':') && value === '');
    switch (operator.replace(':', '')) {
      case '':
        return value ?? '';
      case '-':
        return absent ? this.text(argument) : value;
      case '=':
        if (!absent) return value;
        this.#shell.assign(name, this.text(argument));
        return this.#shell.variable(name)!;
      case '+':
        return absent ? '' : this.text(argument);
      case '#':
      case '##':
        return withoutPrefix(value ?? '', this.pattern(argument), operator === '##');
      case '%':
      case '%%':
        return withoutSuffix(value ?? '', this.pattern(argument), operator === '%%');
      default:
        throw new NotUnderstood(`\${${name}${operator}…}`);
    }
  }

  #parameter(name: string): string | undefined {
    if (name === '?') return String(this.#shell.status);
    if (name === '#') return String(this.#shell.arguments.length);
    if (name === '*' || name === '@') return this.#shell.arguments.join(' ');
    if (name === '0') return this.#shell.name;
    return /^\d$/.test(name) ? this.#shell.arguments[Number(name) - 1] : this.#shell.variable(name);
  }
}

/** Whether a pattern of the shell (XCU §2.13) matches the whole of a text. */
export function isMatch(pattern: string, text: string): boolean {
  // A pattern with many stars can take very long on a long text.
  if (text.length > maxMatched) throw new NotUnderstood('a pattern on a long text');
  return compiled(pattern).test(text);
}

function compiled(pattern: string): RegExp {
  if (pattern.length > maxMatched || (pattern.match(/\*/g)?.length ?? 0) > maxStars)
    throw new NotUnderstood('a long pattern');
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    const set = character === '[' ? /^\[(!?)([^\\\]]+)\]/.exec(pattern.slice(at)) : null;
    if (set !== null) {
      source += `[${set[1] === '!' ? '^' : ''}${set[2]!.replace(/[\\^[]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else {
      if (character === '\\' && at + 1 < pattern.length) at++;
      source += pattern[at]!.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    }
  }
  return new RegExp(`^(?:${source})$`, 'u');
}

function withoutPrefix(text: string, pattern: string, longest: boolean): string {
  const lengths = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? lengths.reverse() : lengths).find((at) => isMatch(pattern, text.slice(0, at)));
  return found === undefined ? text : text.slice(found);
}

function withoutSuffix(text: string, pattern: string, longest: boolean): string {
  const starts = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? starts : starts.reverse()).find((at) => isMatch(pattern, text.slice(at)));
  return found === undefined ? text : text.slice(0, found);
}
