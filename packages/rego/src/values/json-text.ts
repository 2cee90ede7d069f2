import { RegoArray } from './array.ts';
import { parseNumber } from './number.ts';
import { RegoObject } from './object.ts';
import type { Value } from './value.ts';

/** How deep a text may nest: as deep as Go's `encoding/json` reads, which is OPA's. */
const MAX_DEPTH = 10_000;

/**
 * Parses JSON text, keeping the exact text of every number (which `JSON.parse` rounds). Throws `SyntaxError`.
 * A repeated key takes its last value.
 */
export function parseJsonText(text: string): Value {
  return new Reader(text).document();
}

/** An array or object whose end is yet to come. */
interface Open {
  readonly items: Value[];
  readonly object: RegoObject | undefined;
  /** Of the member that is read next. */
  name: string;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  /** A value with all in it. What is open is kept here and not on the stack, which could end before MAX_DEPTH. */
  #value(): Value {
    const open: Open[] = [];
    for (;;) {
      let value = this.#begin(open);
      if (value === undefined) continue;
      for (;;) {
        const inner = open.at(-1);
        if (inner === undefined) return value;
        if (this.#add(inner, value)) break;
        value = inner.object ?? new RegoArray(inner.items);
        open.pop();
      }
    }
  }

  /** A scalar or an empty array or object; undefined where another one was opened. */
  #begin(open: Open[]): Value | undefined {
    this.#space();
    const code = this.#text.charCodeAt(this.#at);
    if (code !== 0x7b && code !== 0x5b) return this.#scalar(code);
    if (open.length >= MAX_DEPTH) throw new SyntaxError('exceeded max depth');
    this.#at++;
    if (code === 0x5b) {
      if (this.#take(0x5d)) return new RegoArray([]);
      open.push({ items: [], object: undefined, name: '' });
    } else {
      const object = new RegoObject();
      if (this.#take(0x7d)) return object;
      open.push({ items: [], object, name: this.#name() });
    }
    return undefined;
  }

  /** Adds a member. True where another one follows, false where the array or object ends. */
  #add(inner: Open, value: Value): boolean {
    if (inner.object === undefined) {
      inner.items.push(value);
      if (this.#take(0x2c)) return true;
      if (!this.#take(0x5d)) throw this.#unexpected();
      return false;
    }
    inner.object.set(inner.name, value);
    if (this.#take(0x2c)) {
      inner.name = this.#name();
      return true;
    }
    if (!this.#take(0x7d)) throw this.#unexpected();
    return false;
  }

  #scalar(code: number): Value {
    switch (code) {
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

  /** The name of a member, and the colon after it. */
  #name(): string {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 0x22) throw this.#unexpected();
    const name = this.#string();
    if (!this.#take(0x3a)) throw this.#unexpected();
    return name;
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
