import { CueError } from '../errors.ts';
import { numberLiteral } from './number-literal.ts';
import { malformed, type Place, type Source, unsupported } from './source.ts';
import { stringLiteral } from './string-literal.ts';
import { operators, type Token } from './tokens.ts';

const identifier = /[#_$\p{L}][#_$\p{L}\p{Nd}]*/uy;
const space = /[ \t\r]*(?:\/\/[^\n]*)?/y;
/** After these, the end of the line ends a declaration or an element, as a comma does. */
const closing = new Set([')', ']', '}', '...', '?', '_|_']);

/** Reads tokens one after another; a string with interpolations reads those by a scanner of its own. */
export class Scanner {
  readonly source: Source;
  /** Where the next token is looked for. */
  offset: number;
  #ends = false;

  constructor(source: Source, offset = 0) {
    this.source = source;
    this.offset = offset;
  }

  /** @throws cue_syntax_error, cue_unsupported_error for what is no token */
  next(): Token {
    const { text } = this.source;
    for (;;) {
      space.lastIndex = this.offset;
      this.offset += space.exec(text)![0].length;
      if (text[this.offset] !== '\n') break;
      const offset = this.offset++;
      if (this.#ends) {
        this.#ends = false;
        return { type: 'comma', text: 'newline', offset };
      }
    }
    const offset = this.offset;
    const at = { source: this.source, offset };
    if (offset >= text.length) {
      if (!this.#ends) return { type: 'end', offset };
      this.#ends = false;
      return { type: 'comma', text: 'newline', offset };
    }
    const character = text[offset]!;
    if (character === ',') {
      this.offset++;
      this.#ends = false;
      return { type: 'comma', text: ',', offset };
    }
    if (character === "'" || /#+'/y.test(text.slice(offset, offset + 8)))
      throw unsupported(at, 'a literal of bytes');
    if (character === '@') return this.#attribute(offset);
    if (/^(?:"|#+")/.test(text.slice(offset, offset + 16))) {
      const { parts, end } = stringLiteral(this.source, offset);
      this.offset = end;
      this.#ends = true;
      return { type: 'string', parts, offset };
    }
    if (/^\.?\d/.test(text.slice(offset, offset + 2))) {
      const { value, end } = numberLiteral(this.source, offset);
      this.offset = end;
      this.#ends = true;
      return { type: 'number', value, offset };
    }
    const operator = operators.find((one) => text.startsWith(one, offset));
    if (operator !== undefined) {
      this.offset += operator.length;
      this.#ends = closing.has(operator);
      return { type: 'operator', text: operator, offset };
    }
    identifier.lastIndex = offset;
    const word = identifier.exec(text)?.[0];
    if (word === undefined)
      throw malformed(
        at,
        `illegal character ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset)!))}`,
      );
    if (!/^(?:_?#|_)?[\p{L}$_][\p{L}\p{Nd}$_]*$|^_?#$|^_$/u.test(word))
      throw malformed(at, `illegal identifier ${word}`);
    this.offset += word.length;
    this.#ends = true;
    return { type: 'identifier', text: word, offset };
  }

  /** `@name(…)`, up to the parenthesis that closes it. */
  #attribute(offset: number): Token {
    const at = { source: this.source, offset };
    const name = /^@([\p{L}$_][\p{L}\p{Nd}$_]*)\(/u.exec(this.source.text.slice(offset, offset + 256))?.[1];
    if (name === undefined) throw unsupported(at, 'such an attribute');
    const inner = new Scanner(this.source, offset + name.length + 2);
    for (let depth = 1; depth > 0; ) {
      const token = attributed(inner, at);
      if (token.type === 'end') throw malformed(at, 'attribute not terminated');
      if (token.type !== 'operator') continue;
      if ('([{'.includes(token.text)) depth++;
      if (')]}'.includes(token.text)) depth--;
    }
    this.offset = inner.offset;
    this.#ends = true;
    return { type: 'attribute', text: name, offset };
  }
}

/** An attribute may hold anything: what is no token here may be one to CUE. */
function attributed(scanner: Scanner, at: Place): Token {
  try {
    return scanner.next();
  } catch (error) {
    if (error instanceof CueError) throw unsupported(at, `an attribute of such a text (${error.message})`);
    throw error;
  }
}
