import { Reader } from './reader.ts';
import { type List, NotUnderstood, type Part } from './syntax.ts';

/** What ends a word that is not in quotes. */
export const wordEnds = /[\s;&|<>()]/;

/** Parts of a word as they come; text gathers until another part does. */
class Parts {
  readonly #parts: Part[] = [];
  readonly #quoted: boolean;
  #text = '';

  constructor(quoted: boolean) {
    this.#quoted = quoted;
  }

  text(more: string): void {
    this.#text += more;
  }

  add(...parts: readonly Part[]): void {
    if (this.#text !== '') this.#parts.push({ kind: 'text', text: this.#text, quoted: this.#quoted });
    this.#text = '';
    this.#parts.push(...parts);
  }

  end(): Part[] {
    this.add();
    return this.#parts;
  }
}

function quoted(text: string): Part {
  return { kind: 'text', text, quoted: true };
}

/** Reads words (XCU §2.2, §2.6): quoting, parameters, command substitution. */
export abstract class WordReader extends Reader {
  /** Commands up to `)`, in this text. */
  protected abstract commands(): List;
  /** All commands of a text that stood in this one with characters of its own to quote. */
  protected abstract commandsOf(text: string): List;
  /** A text in which parameters and commands are replaced and nothing else means anything. */
  protected abstract wordOf(text: string): readonly Part[];
  protected abstract expect(text: string): void;

  protected word(stop: RegExp = wordEnds): Part[] {
    const start = this.at;
    const parts = new Parts(false);
    while (!this.isAtEnd && !stop.test(this.text[this.at]!)) {
      if (this.accepts('\\')) {
        const next = this.#character();
        if (next !== '\n') parts.add(quoted(next));
      } else if (this.accepts("'")) parts.add(quoted(this.#upToQuote()));
      else if (this.accepts('"')) parts.add(...this.#inQuotes());
      else this.#plain(parts, false);
    }
    if (this.at === start) throw this.unexpected();
    return parts.end();
  }

  /** Text in which only `$`, backquotes and backslashes mean something, up to `end`. */
  protected quotedText(end: '"' | ''): Part[] {
    const parts = new Parts(true);
    while (!this.isAtEnd && this.text[this.at] !== end) {
      if (this.accepts('\\')) {
        const next = this.#character();
        const isQuoted = /[$`\\]/.test(next) || (next === '"' && end === '"');
        if (next !== '\n') parts.text(isQuoted ? next : `\\${next}`);
      } else this.#plain(parts, true);
    }
    return parts.end();
  }

  /** The next character, or what `$` and backquotes stand for. */
  #plain(parts: Parts, isQuoted: boolean): void {
    const part = this.sees('$') || this.sees('`') ? this.#expansion(isQuoted) : undefined;
    if (part === undefined) parts.text(this.#character());
    else parts.add(part);
  }

  #character(): string {
    return this.text[this.at++] ?? '';
  }

  /** After `'`. */
  #upToQuote(): string {
    const end = this.text.indexOf("'", this.at);
    if (end < 0) throw new NotUnderstood('a quotation does not end');
    const text = this.text.slice(this.at, end);
    this.at = end + 1;
    return text;
  }

  /** After `"`. */
  #inQuotes(): readonly Part[] {
    const inside = this.quotedText('"');
    this.expect('"');
    return inside.length === 0 ? [quoted('')] : inside;
  }

  /** `$x`, `${x…}`, `$(…)` or a backquote; undefined for a `$` that stands for itself. */
  #expansion(isQuoted: boolean): Part | undefined {
    if (this.accepts('`'))
      return { kind: 'output', of: this.commandsOf(this.#upToBackquote()), quoted: isQuoted };
    if (this.peek(/\$\(\((?:[^()`'"\\]|\((?:[^()`'"\\])*\))*\)\)/y) !== undefined) {
      const text = this.match(/\$\(\((?:[^()`'"\\]|\((?:[^()`'"\\])*\))*\)\)/y);
      return { kind: 'arithmetic', expression: this.wordOf(text.slice(3, -2)), quoted: isQuoted };
    }
    if (this.accepts('$(')) {
      const of = this.commands();
      this.expect(')');
      return { kind: 'output', of, quoted: isQuoted };
    }
    if (this.accepts('${#')) {
      if (this.accepts('}'))
        return { kind: 'parameter', name: '#', operator: '', argument: [], quoted: isQuoted };
      const name = this.match(/[A-Za-z_]\w*|\d/y);
      this.expect('}');
      return { kind: 'parameter', name, operator: 'length', argument: [], quoted: isQuoted };
    }
    if (this.accepts('${')) {
      const name = this.match(/[A-Za-z_]\w*|\d|[@*#?]/y);
      const operator = this.match(/(?::?[-+=?]|%%|%|##|#)?/y);
      const argument = this.sees('}') ? [] : this.word(isQuoted ? /[}"]/ : /\}/);
      this.expect('}');
      return { kind: 'parameter', name, operator, argument, quoted: isQuoted };
    }
    if (this.accepts('$$'))
      return { kind: 'parameter', name: '$', operator: '', argument: [], quoted: isQuoted };
    if (this.peek(/\$[!-]/y) !== undefined)
      return { kind: 'unknown', text: this.match(/\$./y), quoted: isQuoted };
    const name = this.peek(/\$([A-Za-z_]\w*|\d|[@*#?])/y);
    if (name === undefined) return undefined;
    this.at += name[0].length;
    return { kind: 'parameter', name: name[1]!, operator: '', argument: [], quoted: isQuoted };
  }

  /** After a backquote: the text up to the next one, without the backslashes that quote in it. */
  #upToBackquote(): string {
    let code = '';
    while (!this.accepts('`')) {
      if (this.isAtEnd) throw new NotUnderstood('a command substitution does not end');
      if (this.sees('\\') && /[$`\\]/.test(this.text[this.at + 1] ?? '')) this.at++;
      code += this.#character();
    }
    return code;
  }
}
