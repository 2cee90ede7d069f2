import { lineAt, MAX_PARSE_ERRORS, type SourceErrorEntry } from './errors.ts';
import { FIRST_KEYWORD, T, TOKEN_NAMES } from './tokens.ts';
import type { Comment, Location } from './types.ts';

/** Characters that no Rego file may hold, wherever they stand. Lone surrogates stand for bytes that are no UTF-8. */
const FORBIDDEN = /\0|\ufeff|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const FORBIDDEN_NAMES: Readonly<Record<string, string>> = {
  '\0': 'null character',
  '\ufeff': 'byte-order mark',
};

/** How many tokens may be read per character of text: backtracking on hostile text ends here and not in a hang. */
const SCANS_PER_CHARACTER = 64;
const SPARE_SCANS = 1_000_000;

/** Thrown to leave the parser at once; `errors` of the scanner say why. */
export class Abort extends Error {}

/** Everything that backtracking has to put back. */
export interface Snapshot {
  readonly pos: number;
  readonly row: number;
  readonly lineStart: number;
  readonly tok: number;
  readonly lit: string;
  readonly start: number;
  readonly startRow: number;
  readonly startLine: number;
  readonly tokEnd: number;
  readonly lastEnd: number;
  readonly skippedNewline: boolean;
  readonly wildcards: number;
  readonly commentCount: number;
  readonly errors: readonly SourceErrorEntry[];
  readonly hints: readonly string[];
  readonly keywords: ReadonlyMap<string, number>;
}

/**
 * Reads tokens on demand (what a `}` is depends on whether a template string is open, what a word is on the imports
 * so far) and holds the current one, with the errors, hints and comments met on the way.
 */
export class Scanner {
  readonly text: string;
  readonly file: string;
  /** The current token: its kind, text, start and end. A keyword that may stand as a name is set to `Ident`. */
  tok: number = T.Illegal;
  lit = '';
  start = 0;
  tokEnd = 0;
  /** End of the last token before the current one that is no whitespace: where a node that is complete ends. */
  lastEnd = 0;
  skippedNewline = false;
  wildcards = 0;
  errors: readonly SourceErrorEntry[] = [];
  hints: readonly string[] = [];
  keywords: ReadonlyMap<string, number>;

  #pos = 0;
  #row = 1;
  #lineStart = 0;
  #startRow = 1;
  #startLine = 0;
  #comments: Comment[] = [];
  #commentCount = 0;
  #scansLeft: number;
  /** Offsets of the second halves of surrogate pairs: columns count characters, offsets UTF-16 units. */
  readonly #astral: number[] = [];
  readonly #forbiddenAt: number[] = [];

  constructor(text: string, file: string, keywords: ReadonlyMap<string, number>) {
    this.text = text;
    this.file = file;
    this.keywords = keywords;
    this.#scansLeft = SPARE_SCANS + SCANS_PER_CHARACTER * text.length;
    for (const match of text.matchAll(FORBIDDEN)) {
      if (match[0] === '\ufeff' && match.index === 0) continue;
      this.#forbiddenAt.push(match.index);
    }
    for (const match of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) this.#astral.push(match.index + 1);
    if (text.startsWith('\ufeff')) this.#pos = 1;
  }

  get comments(): Comment[] {
    return this.#comments.slice(0, this.#commentCount);
  }

  get commentCount(): number {
    return this.#commentCount;
  }

  save(): Snapshot {
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
      lastEnd: this.lastEnd,
      skippedNewline: this.skippedNewline,
      wildcards: this.wildcards,
      commentCount: this.#commentCount,
      errors: this.errors,
      hints: this.hints,
      keywords: this.keywords,
    };
  }

  restore(s: Snapshot): void {
    this.#pos = s.pos;
    this.#row = s.row;
    this.#lineStart = s.lineStart;
    this.tok = s.tok;
    this.lit = s.lit;
    this.start = s.start;
    this.#startRow = s.startRow;
    this.#startLine = s.startLine;
    this.tokEnd = s.tokEnd;
    this.lastEnd = s.lastEnd;
    this.skippedNewline = s.skippedNewline;
    this.wildcards = s.wildcards;
    // Comments already read stay in the list: reading the same text again writes the same comments in the same places.
    this.#commentCount = s.commentCount;
    this.errors = s.errors;
    this.hints = s.hints;
    this.keywords = s.keywords;
  }

  /** A fresh location of the current token. */
  loc(): Location {
    return this.#location(this.text.slice(this.start, this.tokEnd));
  }

  #location(text: string): Location {
    const atNewline = this.start < this.text.length && this.text.charCodeAt(this.start) === 10;
    return {
      file: this.file,
      row: atNewline ? this.#startRow + 1 : this.#startRow,
      col: atNewline ? 0 : this.#column(),
      offset: this.start,
      text,
    };
  }

  #column(): number {
    // At the end of the file there is no character to stand on: OPA reports the column of the last one.
    const past = this.start >= this.text.length ? 0 : 1;
    const units = this.start - this.#startLine + past;
    if (this.#astral.length === 0) return units;
    return units - (countBelow(this.#astral, this.start) - countBelow(this.#astral, this.#startLine));
  }

  /** Source text from `from` up to the end of the last complete token. */
  textFrom(from: number): string {
    return this.text.slice(from, this.lastEnd);
  }

  error(location: Location, message: string): void {
    if (this.errors.length >= MAX_PARSE_ERRORS) return;
    const hints = this.hints;
    if (hints.length === 1) message += ` (hint: ${hints[0]})`;
    else if (hints.length > 1) message += ` (hints: ${hints.join(', ')})`;
    const details = lineAt(this.text, location.offset);
    this.errors = [...this.errors, { code: 'rego_parse_error', message, location, details }];
    this.hints = [];
  }

  hint(text: string): void {
    this.hints = [...this.hints, text];
  }

  /** Complains about the current token. */
  illegal(note = ''): void {
    if (this.tok === T.Illegal) {
      this.error(this.loc(), 'illegal token');
      return;
    }
    const kind = this.tok >= FIRST_KEYWORD ? 'keyword' : 'token';
    this.error(this.loc(), `unexpected ${TOKEN_NAMES[this.tok]} ${kind}${note === '' ? '' : `: ${note}`}`);
  }

  /** Whether the last complaint was a plain {@link illegal} about the current token. */
  complainedHere(): boolean {
    const last = this.errors.at(-1);
    return (
      last !== undefined &&
      last.location.offset === this.start &&
      /^unexpected \S+ (token|keyword)$/.test(last.message)
    );
  }

  abort(message: string): never {
    this.error(this.loc(), message);
    throw new Abort();
  }

  /** Goes to the next token that is neither whitespace nor a comment. */
  scan(): void {
    this.#advance(true);
  }

  /** Goes to the next token, which may be one character of whitespace. */
  scanWhitespace(): void {
    this.#advance(false);
  }

  /** With the `}` of a template expression as current token, goes on within the string. */
  scanTemplate(raw: boolean): void {
    this.lastEnd = this.tokEnd;
    this.skippedNewline = false;
    this.#begin();
    this.#failed = false;
    this.#template(this.#pos - 1, raw);
    this.#finish();
    if (this.#failed) this.tok = T.Illegal;
  }

  #advance(skipWhitespace: boolean): void {
    if (this.tok !== T.Whitespace) {
      this.lastEnd = this.tokEnd;
      this.skippedNewline = false;
    }
    for (;;) {
      this.#read(skipWhitespace);
      if (this.tok === T.Whitespace && skipWhitespace) continue;
      if (this.tok !== T.Comment) return;
      const location = this.#location(this.text.slice(this.start, this.tokEnd));
      this.#comments[this.#commentCount++] = { text: this.lit, location };
    }
  }

  #begin(): void {
    if (--this.#scansLeft < 0) this.abort('parsing takes too many steps');
    this.start = this.#pos;
    this.#startRow = this.#row;
    this.#startLine = this.#lineStart;
  }

  #finish(): void {
    this.tokEnd = this.#pos;
    if (this.#forbiddenAt.length > 0) this.#reportForbidden();
  }

  #reportForbidden(): void {
    // OPA's scanner is one character ahead, so it complains with the token before the forbidden character.
    const first = this.start === 0 || (this.start === 1 && this.text.startsWith('\ufeff')) ? -1 : this.start;
    for (let i = countBelow(this.#forbiddenAt, first + 1); this.#forbiddenAt[i]! <= this.#pos; i++) {
      this.#fail(`illegal ${FORBIDDEN_NAMES[this.text[this.#forbiddenAt[i]!]!] ?? 'utf-8 character'}`);
    }
  }

  #fail(message: string): void {
    this.tokEnd = this.#pos;
    this.error(this.loc(), message);
    this.#failed = true;
  }

  #failed = false;

  #newline(): void {
    this.#row++;
    this.#lineStart = this.#pos;
  }

  /** Reads one token. Whitespace is read in one go where it is to be skipped, else one character at a time. */
  #read(skipWhitespace: boolean): void {
    const text = this.text;
    if (skipWhitespace && this.#forbiddenAt.length === 0) {
      for (;;) {
        const space = text.charCodeAt(this.#pos);
        if (space === 10) {
          this.#pos++;
          this.#newline();
          this.skippedNewline = true;
        } else if (space === 32 || space === 9 || space === 13) {
          this.#pos++;
        } else break;
      }
    }
    this.#begin();
    this.#failed = false;
    this.lit = '';
    const ch = text.charCodeAt(this.#pos);
    if (isLetter(ch)) {
      let end = this.#pos + 1;
      let next = text.charCodeAt(end);
      while (isLetter(next) || isDecimal(next) || (next >= 0x80 && isUnicodeDigit(text, end))) {
        end += next >= 0xd800 && next <= 0xdbff ? 2 : 1;
        next = text.charCodeAt(end);
      }
      this.lit = text.slice(this.#pos, end);
      this.#pos = end;
      this.tok = this.keywords.get(this.lit) ?? T.Ident;
    } else if (isDecimal(ch)) {
      this.tok = T.Number;
      this.#number();
    } else {
      this.#punctuation(ch);
    }
    this.#finish();
    if (this.#failed) this.tok = T.Illegal;
  }

  #punctuation(ch: number): void {
    const text = this.text;
    if (Number.isNaN(ch)) {
      this.tok = T.EOF;
      return;
    }
    this.#pos++;
    const next = text.charCodeAt(this.#pos);
    const simple = SIMPLE[ch];
    if (simple !== undefined && simple !== 0) {
      this.tok = simple;
      return;
    }
    switch (ch) {
      case 10:
        this.#newline();
        this.skippedNewline = true;
        this.tok = T.Whitespace;
        return;
      case 9:
      case 13:
      case 32:
        this.tok = T.Whitespace;
        return;
      case 35: {
        const newline = text.indexOf('\n', this.#pos);
        const end = newline < 0 ? text.length : newline;
        let trimmed = end;
        while (trimmed > this.#pos + 1 && text.charCodeAt(trimmed - 1) === 13) trimmed--;
        const comment = text.slice(this.#pos, trimmed);
        this.#pos = end;
        this.lit = comment === '\r' && end === trimmed ? '' : comment;
        this.tok = T.Comment;
        return;
      }
      case 34:
        this.tok = T.String;
        this.#string();
        return;
      case 96:
        this.tok = T.String;
        this.#rawString();
        return;
      case 58:
        this.tok = this.#either(next, T.Assign, T.Colon);
        return;
      case 61:
        this.tok = this.#either(next, T.Equal, T.Unify);
        return;
      case 62:
        this.tok = this.#either(next, T.Gte, T.Gt);
        return;
      case 60:
        this.tok = this.#either(next, T.Lte, T.Lt);
        return;
      case 33:
        this.tok = this.#either(next, T.Neq, T.Illegal);
        if (this.tok === T.Illegal) this.#fail('illegal ! character');
        return;
      case 36:
        this.tok = T.Illegal;
        if (next === 34 || next === 96) {
          this.#pos++;
          this.#template(this.#pos - 1, next === 96);
        } else this.#fail('illegal $ character');
        return;
      default:
        // A character that starts no token. A surrogate pair is one character.
        if (ch >= 0xd800 && ch <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) this.#pos++;
        this.tok = T.Illegal;
    }
  }

  #either(next: number, withEquals: number, alone: number): number {
    if (next !== 61) return alone;
    this.#pos++;
    return withEquals;
  }

  #number(): void {
    const text = this.text;
    const from = this.#pos;
    const digits = (): boolean => {
      const start = this.#pos;
      while (isDecimal(text.charCodeAt(this.#pos))) this.#pos++;
      return this.#pos > start;
    };
    digits();
    if (text.charCodeAt(this.#pos) === 46) {
      this.#pos++;
      if (!digits()) this.#fail('expected fraction');
    }
    if ((text.charCodeAt(this.#pos) | 32) === 101) {
      this.#pos++;
      const sign = text.charCodeAt(this.#pos);
      if (sign === 43 || sign === 45) this.#pos++;
      if (!digits()) this.#fail('expected exponent');
    }
    if (isLetter(text.charCodeAt(this.#pos))) {
      this.#fail('illegal number format');
      while (isLetter(text.charCodeAt(this.#pos)) || isDecimal(text.charCodeAt(this.#pos))) this.#pos++;
    }
    this.lit = text.slice(from, this.#pos);
    // OPA takes part of such a character into the number, and then finds that it is none.
    if (text.charCodeAt(this.#pos) >= 0x80) this.lit += '\ufffd';
  }

  #string(): void {
    const text = this.text;
    const from = this.#pos - 1;
    for (;;) {
      const ch = text.charCodeAt(this.#pos);
      if (ch === 10 || Number.isNaN(ch)) {
        this.#fail('non-terminated string');
        break;
      }
      this.#pos++;
      if (ch === 34) break;
      if (ch === 92) this.#escape(false);
    }
    this.lit = text.slice(from, this.#pos);
  }

  /** Steps over what follows a backslash; says whether it was an escaped `{`. */
  #escape(template: boolean): boolean {
    const next = this.text.charCodeAt(this.#pos);
    if (next === 117) {
      // `\u` and three of the four digits; whether they are digits is found out on unescaping.
      for (let i = 0; i < 4 && this.#pos < this.text.length; i++) {
        if (this.text.charCodeAt(this.#pos++) === 10) this.#newline();
      }
      return false;
    }
    if (template && next === 123) {
      this.#pos++;
      return true;
    }
    if (ESCAPED.includes(this.text[this.#pos] ?? ' ')) this.#pos++;
    else this.#fail('illegal escape sequence');
    return false;
  }

  #rawString(): void {
    const from = this.#pos - 1;
    const end = this.text.indexOf('`', this.#pos);
    this.#countLines(end < 0 ? this.text.length : end);
    if (end < 0) this.#fail('non-terminated string');
    else this.#pos++;
    this.lit = this.text.slice(from, this.#pos);
  }

  /** Goes to `end`, counting the lines passed. */
  #countLines(end: number): void {
    for (;;) {
      const newline = this.text.indexOf('\n', this.#pos);
      if (newline < 0 || newline >= end) break;
      this.#pos = newline + 1;
      this.#newline();
    }
    this.#pos = end;
  }

  /** Reads from the delimiter at `from` up to and including the next `{` or the closing quote. */
  #template(from: number, raw: boolean): void {
    const text = this.text;
    const quote = raw ? 96 : 34;
    let lit = '';
    let copied = from;
    this.tok = raw ? T.RawTemplatePart : T.TemplatePart;
    for (;;) {
      const ch = text.charCodeAt(this.#pos);
      if (Number.isNaN(ch) || (ch === 10 && !raw)) {
        this.#fail('non-terminated string');
        break;
      }
      this.#pos++;
      if (ch === quote) {
        this.tok = raw ? T.RawTemplateEnd : T.TemplateEnd;
        break;
      }
      if (ch === 123) break;
      if (ch === 10) this.#newline();
      if (ch !== 92) continue;
      const backslash = this.#pos - 1;
      if (raw) {
        if (text.charCodeAt(this.#pos) !== 123) continue;
        this.#pos++;
      } else if (!this.#escape(true)) continue;
      lit += text.slice(copied, backslash);
      copied = backslash + 1;
    }
    this.lit = lit + text.slice(copied, this.#pos);
  }
}

const ESCAPED = '\\"/bfnrt';

const SIMPLE = new Uint8Array(128);
for (const [character, token] of [
  ['[', T.LBrack],
  [']', T.RBrack],
  ['{', T.LBrace],
  ['}', T.RBrace],
  ['(', T.LParen],
  [')', T.RParen],
  [',', T.Comma],
  ['+', T.Add],
  ['-', T.Sub],
  ['*', T.Mul],
  ['/', T.Quo],
  ['%', T.Rem],
  ['&', T.And],
  ['|', T.Or],
  [';', T.Semicolon],
  ['.', T.Dot],
] as const) {
  SIMPLE[character.charCodeAt(0)] = token;
}

function isLetter(ch: number): boolean {
  const lower = ch | 32;
  return (lower >= 97 && lower <= 122 && ch < 128) || ch === 95;
}

function isDecimal(ch: number): boolean {
  return ch >= 48 && ch <= 57;
}

function isUnicodeDigit(text: string, at: number): boolean {
  return /^\p{Nd}/u.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
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
