import { Accounts } from './accounts.ts';
import { arithmetic } from './arithmetic.ts';
import { pieces } from './fields.ts';
import { isMatch, withoutPrefix, withoutSuffix } from './patterns.ts';
import type { Shell } from './shell.ts';
import { NotUnderstood, type Part, type Word } from './syntax.ts';

/** Text of which is known what of it stood in quotes. */
type Piece = { readonly text: string; readonly quoted: boolean };

const maxText = 1024 * 1024;

/** Expands words (XCU §2.6): parameters, command substitution, fields, file names. */
export class Words {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** `~` and `~user` at the beginning of a word (XCU §2.6.1). */
  #home(word: Word): Word {
    const [first, ...rest] = word;
    if (first?.kind !== 'text' || first.quoted || !first.text.startsWith('~')) return word;
    const [, name = '', path = ''] = /^~([^/]*)(.*)$/s.exec(first.text) ?? [];
    // A name that goes on after a quotation mark or a parameter is none.
    if (path === '' && rest.length > 0) return word;
    const home =
      name === ''
        ? this.#shell.variable('HOME')
        : new Accounts(this.#shell.changes).line('passwd', name)?.split(':')[5];
    if (home === undefined && name === '') throw new NotUnderstood('its home directory');
    if (home === undefined) return word;
    return [{ kind: 'text', text: home, quoted: true }, { kind: 'text', text: path, quoted: false }, ...rest];
  }

  /** One text: nothing is split. */
  text(given: Word): string {
    const word = this.#home(given);
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
    return words.flatMap((word) => this.#split(this.#home(word))).flatMap((field) => this.#names(field));
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
    const split = (text: string): void => {
      for (const { text: piece, end: after } of pieces(text, this.#shell.variable('IFS'))) {
        if (piece !== '') add({ text: piece, quoted: false });
        // Nothing between two separators that are no blanks is a field as well.
        if (after === 'separator' && current === undefined) add({ text: '', quoted: true });
        if (after !== 'none') end();
      }
    };
    for (const part of word) {
      if (part.kind === 'text') add({ text: part.text, quoted: part.quoted });
      else if (part.kind === 'parameter' && /^[@*]$/.test(part.name) && part.operator === '') {
        if (part.quoted && part.name === '*') add({ text: this.#valueOf(part), quoted: true });
        else
          for (const [index, argument] of this.#shell.arguments.entries()) {
            if (index > 0) end();
            if (part.quoted) add({ text: argument, quoted: true });
            else split(argument);
          }
      } else if (part.quoted) add({ text: this.#valueOf(part), quoted: true });
      else split(this.#valueOf(part));
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
    this.#shell.spend(text.length);
    let paths = [''];
    for (const name of pattern.startsWith('/') ? pattern.split('/').slice(1) : [pattern]) {
      // A slash after another one stays one.
      if (name === '') {
        paths = paths.map((path) => `${path}/`);
        continue;
      }
      paths = paths.flatMap((path) =>
        this.#shell.changes
          .list(path !== '' ? path : pattern.startsWith('/') ? '/' : '.')
          .map((node) => node.path.slice(node.path.lastIndexOf('/') + 1))
          .filter(
            (found) =>
              isMatch(name, found, this.#shell.spend) && (name.startsWith('.') || !found.startsWith('.')),
          )
          .map((found) => (pattern.startsWith('/') ? `${path}/${found}` : found)),
      );
    }
    return paths.length === 0 ? [text] : paths;
  }

  #valueOf(part: Part): string {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'unknown') throw new NotUnderstood(part.text);
    if (part.kind === 'output') return this.#shell.outputOf(part.of);
    if (part.kind === 'arithmetic')
      return String(arithmetic(this.text(part.expression), (name) => this.#parameter(name)));
    const { name, operator, argument } = part;
    const value = this.#parameter(name);
    if (value === undefined && this.#shell.has('u') && !/^:?[-=+?]$/.test(operator)) this.#shell.exit(2);
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
      case '?':
        return absent ? this.#shell.exit(2) : value;
      case 'length':
        return String(value?.length ?? 0);
      case '#':
      case '##':
        return withoutPrefix(value ?? '', this.pattern(argument), operator === '##', this.#shell.spend);
      case '%':
      case '%%':
        return withoutSuffix(value ?? '', this.pattern(argument), operator === '%%', this.#shell.spend);
      default:
        throw new NotUnderstood(`\${${name}${operator}…}`);
    }
  }

  #parameter(name: string): string | undefined {
    if (name === '?') return String(this.#shell.status);
    if (name === '#') return String(this.#shell.arguments.length);
    if (name === '@') return this.#shell.arguments.join(' ');
    if (name === '*') return this.#shell.arguments.join((this.#shell.variable('IFS') ?? ' ').charAt(0));
    if (name === '0') return this.#shell.name;
    // The number of a process: there is none, and names that are made with it are taken away again.
    if (name === '$') return '2';
    return /^\d$/.test(name) ? this.#shell.arguments[Number(name) - 1] : this.#shell.variable(name);
  }
}
