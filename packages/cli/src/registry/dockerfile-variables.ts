import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';

/** The value of a variable; undefined where it has none. */
export type Lookup = (name: string) => string | undefined;

const maxDepth = 50;

/**
 * Expands one word of a Dockerfile as BuildKit does: quotes, escapes, `$NAME`, `${NAME}`, and `${NAME-word}` with `-`, `+` and
 * `?`, each with or without `:`. `token` is the character that escapes.
 *
 * @throws USAGE for a variable without a value, which could be any image, and for what is no word
 */
export function expandWord(word: string, token: string, lookup: Lookup): string {
  return new Expansion(word, token, lookup).text('', 0);
}

class Expansion {
  readonly #characters: readonly string[];
  readonly #token: string;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(word: string, token: string, lookup: Lookup) {
    this.#characters = [...word];
    this.#token = token;
    this.#lookup = lookup;
  }

  /** Up to `end`, or the end of the word where that is empty. */
  text(end: string, depth: number): string {
    if (depth > maxDepth) throw unreadable(`variables that are nested more than ${maxDepth} deep`);
    let result = '';
    for (;;) {
      const character = this.#next();
      if (character === undefined) {
        if (end === '') return result;
        throw unreadable('a variable that does not end');
      }
      if (character === end) return result;
      if (character === "'") result += this.#single();
      else if (character === '"') result += this.#double(depth);
      else if (character === '$') result += this.#variable(depth);
      else if (character === this.#token) result += this.#next() ?? '';
      else result += character;
    }
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }

  #single(): string {
    const end = this.#characters.indexOf("'", this.#at);
    if (end === -1) throw unreadable('a quote that does not end');
    const text = this.#characters.slice(this.#at, end).join('');
    this.#at = end + 1;
    return text;
  }

  #double(depth: number): string {
    let result = '';
    for (;;) {
      const character = this.#next();
      if (character === undefined) throw unreadable('a quote that does not end');
      if (character === '"') return result;
      const escaped = this.#characters[this.#at];
      if (character === '$') result += this.#variable(depth);
      else if (character !== this.#token) result += character;
      else if (escaped === '"' || escaped === '$' || escaped === this.#token) result += this.#next()!;
      else if (escaped !== undefined) result += character;
    }
  }

  /** What stands behind a `$`. */
  #variable(depth: number): string {
    if (this.#characters[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : (this.#lookup(name) ?? throwNoValue(name));
    }
    this.#at++;
    const name = this.#name();
    const value = this.#lookup(name);
    let operator = this.#next();
    if (name === '') throw unreadable('a variable without a name');
    if (operator === '}') return value ?? throwNoValue(name);
    const emptyIsUnset = operator === ':';
    if (emptyIsUnset) operator = this.#next();
    if (operator !== '-' && operator !== '+' && operator !== '?')
      throw unreadable(`a substitution of ${name} other than with -, + and ?`);
    const word = this.text('}', depth + 1);
    const isSet = value !== undefined && !(emptyIsUnset && value === '');
    if (operator === '+') return isSet ? word : '';
    if (isSet) return value;
    return operator === '-' ? word : throwNoValue(name);
  }

  #name(): string {
    const rest = this.#characters.slice(this.#at, this.#at + 200).join('');
    const name = /^(?:\p{Nd}+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest)?.[0] ?? '';
    this.#at += [...name].length;
    return name;
  }
}

/** @throws USAGE */
export function throwNoValue(name: string): never {
  throw cliErrors.error('USAGE', {
    message: `the Dockerfile names an image with ${printable(name, 80)}, which has no value`,
    expected: `--build-arg ${printable(name, 80)}=…, or ARG ${printable(name, 80)}=… before the first FROM`,
    found: 'nothing',
  });
}

function unreadable(found: string): Error {
  return cliErrors.error('USAGE', {
    message: `the Dockerfile names an image with ${printable(found, 200)}`,
    expected: 'a name with variables such as $NAME and those with a default',
    found: printable(found, 200),
  });
}
