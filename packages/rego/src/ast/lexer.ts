import { type Literal, readNumber, readRawString, readString, readTemplate, wordEnd } from './literals.ts';
import { T } from './tokens.ts';
import type { Location } from './types.ts';

/** Characters that no Rego file may hold, wherever they stand. Lone surrogates stand for bytes that are no UTF-8. */
const FORBIDDEN = /\0|\ufeff|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const FORBIDDEN_NAMES: Readonly<Record<string, string>> = {
  '\0': 'null character',
  '\ufeff': 'byte-order mark',
};

/** What token a character begins: those that are of one character, words and numbers; 0 where there is more to it. */
const BEGINS = new Uint8Array(128);
for (const [i, character] of [...'[]{}(),'].entries()) BEGINS[character.charCodeAt(0)] = T.LBrack + i;
for (const [i, character] of [...'.;'].entries()) BEGINS[character.charCodeAt(0)] = T.Dot + i;
for (const [i, character] of [...'|&+-*/%'].entries()) BEGINS[character.charCodeAt(0)] = T.Or + i;
BEGINS.fill(T.Number, 48, 58);
BEGINS.fill(T.Ident, 65, 91);
BEGINS.fill(T.Ident, 97, 123);
BEGINS[95] = T.Ident;

const NO_PROBLEMS: readonly string[] = [];

/** Where the lexer stands. */
export interface LexerState {
  readonly pos: number;
  readonly row: number;
  readonly lineStart: number;
  readonly tok: number;
  readonly lit: string;
  readonly start: number;
  readonly startRow: number;
  readonly startLine: number;
  readonly tokEnd: number;
  readonly keywords: ReadonlyMap<string, number>;
}

/**
 * Reads one token at a time, on demand: what a `}` is depends on whether a template string is open, and what a word is
 * on the imports so far.
 */
export class Lexer {
  readonly text: string;
  /** The current token: its kind, text, start and end. A keyword that may stand as a name is set to `Ident`. */
  tok: number = T.Illegal;
  lit = '';
  start = 0;
  tokEnd = 0;
  keywords: ReadonlyMap<string, number>;
  /** A line end was passed since the last token. */
  skippedNewline = false;
  /** What is wrong with the current token, which then is `Illegal`. */
  problems = NO_PROBLEMS;

  #pos = 0;
  #row = 1;
  #lineStart = 0;
  #startRow = 1;
  #startLine = 0;
  /** Offsets of the second halves of surrogate pairs: columns count characters, offsets UTF-16 units. */
  readonly #astral: readonly number[];
  readonly #forbidden: readonly number[];

  constructor(text: string, keywords: ReadonlyMap<string, number>) {
    this.text = text;
    this.keywords = keywords;
    this.#astral = Array.from(text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g), ({ index }) => index + 1);
    if (text.startsWith('\ufeff')) this.#pos = 1;
    this.#forbidden = Array.from(text.matchAll(FORBIDDEN), ({ index }) => index).filter(
      (at) => at >= this.#pos,
    );
  }

  protected saveLexer(): LexerState {
    return {
      pos: this.#pos,
      row: this.#row,
      lineStart: this.#lineStart,
      tok: this.tok,
      lit: this.lit,
      start: this.start,
      startRow: this.#startRow,
      startLine: this.#startLine,
      tokEnd: this.tokEnd,
      keywords: this.keywords,
    };
  }

  protected restoreLexer(s: LexerState): void {
    this.#pos = s.pos;
    this.#row = s.row;
    this.#lineStart = s.lineStart;
    this.tok = s.tok;
    this.lit = s.lit;
    this.start = s.start;
    this.#startRow = s.startRow;
    this.#startLine = s.startLine;
    this.tokEnd = s.tokEnd;
    this.keywords = s.keywords;
  }

  /** A fresh location of the current token, as OPA counts: a line end is column 0 of the next line. */
  protected locate(file: string): Location {
    const { text, start } = this;
    const token = text.slice(start, this.tokEnd);
    if (text.charCodeAt(start) === 10)
      return { file, row: this.#startRow + 1, col: 0, offset: start, text: token };
    // At the end of the file there is no character to stand on: it is the column of the last one.
    let col = start - this.#startLine + (start >= text.length ? 0 : 1);
    if (this.#astral.length > 0)
      col -= countBelow(this.#astral, start) - countBelow(this.#astral, this.#startLine);
    return { file, row: this.#startRow, col, offset: start, text: token };
  }

  /** Reads one token. Whitespace that is not to be skipped is read one character at a time. */
  protected read(skipWhitespace: boolean): void {
    if (skipWhitespace && this.#forbidden.length === 0) this.#skipWhitespace();
    this.#begin();
    const from = this.#pos;
    const ch = this.text.charCodeAt(from);
    const begun = BEGINS[ch];
    if (begun === T.Ident) {
      this.#pos = wordEnd(this.text, from);
      this.lit = this.text.slice(from, this.#pos);
      this.tok = this.keywords.get(this.lit) ?? T.Ident;
    } else if (begun === T.Number) this.#take(readNumber(this.text, from));
    else if (begun) this.#operator(begun, 1);
    else this.#readOther(ch);
    this.#finish();
  }

  /** With the `}` of a template expression as current token, goes on within the string. */
  protected readTemplatePart(raw: boolean): void {
    this.#begin();
    this.#take(readTemplate(this.text, this.#pos - 1, raw));
    this.#finish();
  }

  #begin(): void {
    this.start = this.#pos;
    this.#startRow = this.#row;
    this.#startLine = this.#lineStart;
    this.lit = '';
    this.problems = NO_PROBLEMS;
  }

  #finish(): void {
    this.tokEnd = this.#pos;
    if (this.#forbidden.length > 0) this.#findForbidden();
    if (this.problems.length > 0) this.tok = T.Illegal;
  }

  /** OPA's scanner is one character ahead, so it complains with the token before the forbidden character. */
  #findForbidden(): void {
    const bom = this.text.startsWith('\ufeff') ? 1 : 0;
    const first = this.start === bom ? -1 : this.start;
    for (let i = countBelow(this.#forbidden, first + 1); this.#forbidden[i]! <= this.#pos; i++) {
      const name = FORBIDDEN_NAMES[this.text[this.#forbidden[i]!]!] ?? 'utf-8 character';
      this.problems = [...this.problems, `illegal ${name}`];
      if (this.problems.length >= 10) break;
    }
  }

  #skipWhitespace(): void {
    for (;;) {
      const space = this.text.charCodeAt(this.#pos);
      if (space === 32 || space === 9 || space === 13) this.#pos++;
      else if (space === 10) this.#newline();
      else return;
    }
  }

  #newline(): void {
    this.#pos++;
    this.#row++;
    this.#lineStart = this.#pos;
    this.skippedNewline = true;
  }

  /** Takes a literal as the current token, counting the lines it spans. */
  #take({ end, tok, lit, problems }: Literal): void {
    this.tok = tok;
    this.lit = lit;
    this.problems = problems;
    if (tok !== T.Number) {
      for (
        let at = this.text.indexOf('\n', this.#pos);
        at >= 0 && at < end;
        at = this.text.indexOf('\n', at + 1)
      ) {
        this.#row++;
        this.#lineStart = at + 1;
      }
    }
    this.#pos = end;
  }

  #readOther(ch: number): void {
    const text = this.text;
    const from = this.#pos;
    if (Number.isNaN(ch)) {
      this.tok = T.EOF;
      return;
    }
    const next = text.charCodeAt(from + 1);
    switch (ch) {
      case 10:
        this.#newline();
        this.tok = T.Whitespace;
        return;
      case 9:
      case 13:
      case 32:
        this.#pos++;
        this.tok = T.Whitespace;
        return;
      case 35:
        this.#comment(from + 1);
        return;
      case 34:
        this.#take(readString(text, from));
        return;
      case 96:
        this.#take(readRawString(text, from));
        return;
      case 36:
        if (next === 34 || next === 96) this.#take(readTemplate(text, from + 1, next === 96));
        else this.#illegal('illegal $ character');
        return;
      case 33:
        if (next === 61) this.#operator(T.Neq, 2);
        else this.#illegal('illegal ! character');
        return;
      case 58:
        this.#operator(next === 61 ? T.Assign : T.Colon, next === 61 ? 2 : 1);
        return;
      case 60:
        this.#operator(next === 61 ? T.Lte : T.Lt, next === 61 ? 2 : 1);
        return;
      case 61:
        this.#operator(next === 61 ? T.Equal : T.Unify, next === 61 ? 2 : 1);
        return;
      case 62:
        this.#operator(next === 61 ? T.Gte : T.Gt, next === 61 ? 2 : 1);
        return;
      default:
        // A character that begins no token; a surrogate pair is one character.
        this.#operator(T.Illegal, ch >= 0xd800 && ch <= 0xdbff && next >= 0xdc00 && next <= 0xdfff ? 2 : 1);
    }
  }

  #operator(tok: number, length: number): void {
    this.#pos += length;
    this.tok = tok;
  }

  #illegal(problem: string): void {
    this.#operator(T.Illegal, 1);
    this.problems = [problem];
  }

  #comment(from: number): void {
    const newline = this.text.indexOf('\n', from);
    const end = newline < 0 ? this.text.length : newline;
    let trimmed = end;
    while (trimmed > from + 1 && this.text.charCodeAt(trimmed - 1) === 13) trimmed--;
    const comment = this.text.slice(from, trimmed);
    this.#pos = end;
    this.lit = comment === '\r' && end === trimmed ? '' : comment;
    this.tok = T.Comment;
  }
}

/** How many of the ascending `values` are below `limit`. */
function countBelow(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
