import { RegoArray } from './array.ts';
import { parseNumber } from './number.ts';
import { RegoObject } from './object.ts';
import type { Value } from './value.ts';

/** Values are walked recursively, so deeper nesting could exhaust the stack. */
const MAX_DEPTH = 2000;

/**
 * Parses JSON text, keeping the exact text of every number (which `JSON.parse` rounds). Throws `SyntaxError`.
 * A repeated key takes its last value.
 */
export function parseJsonText(text: string): Value {
  return new Reader(text).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(): Value {
    this.#space();
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(): Value {
    const object = new RegoObject();
    this.#open();
    if (this.#take(0x7d)) return this.#close(object);
    do {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x22) throw this.#unexpected();
      const key = this.#string();
      if (!this.#take(0x3a)) throw this.#unexpected();
      object.set(key, this.#value());
    } while (this.#take(0x2c));
    if (!this.#take(0x7d)) throw this.#unexpected();
    return this.#close(object);
  }

  #array(): Value {
    const items: Value[] = [];
    this.#open();
    if (this.#take(0x5d)) return this.#close(new RegoArray(items));
    do items.push(this.#value());
    while (this.#take(0x2c));
    if (!this.#take(0x5d)) throw this.#unexpected();
    return this.#close(new RegoArray(items));
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++);
      if (code === 0x22) break;
      if (code === 0x5c) this.#at++;
      else if (Number.isNaN(code)) throw new SyntaxError('unexpected end of JSON input');
    }
    // JSON.parse checks escapes and control characters.
    return (JSON.parse(this.#text.slice(start, this.#at)) as string).toWellFormed();
  }

  #number(): Value {
    const match = /[-+.\deE]+/y;
    match.lastIndex = this.#at;
    const text = match.exec(this.#text)?.[0];
    const number = text === undefined ? undefined : parseNumber(text);
    if (text === undefined || number === undefined) throw this.#unexpected();
    this.#at += text.length;
    return number;
  }

  #word(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #open(): void {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError('exceeded max depth');
    this.#at++;
  }

  #close(value: Value): Value {
    this.#depth--;
    return value;
  }

  #take(code: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(): SyntaxError {
    if (this.#at >= this.#text.length) return new SyntaxError('unexpected end of JSON input');
    return new SyntaxError(
      `unexpected character ${JSON.stringify(this.#text[this.#at])} at offset ${this.#at}`,
    );
  }
}
