import { spend } from '../budget.ts';
import { lineAt, MAX_PARSE_ERRORS, type SourceErrorEntry } from './errors.ts';
import { Lexer, type LexerState } from './lexer.ts';
import { FIRST_KEYWORD, T, TOKEN_NAMES } from './tokens.ts';
import type { Comment, Location } from './types.ts';

/** How many tokens may be read per character of text: backtracking on hostile text ends here and not in a hang. */
const SCANS_PER_CHARACTER = 64;
const SPARE_SCANS = 1_000_000;
/** How many are counted at a time. */
const COUNTED_SCANS = 50;

/** Thrown to leave the parser at once; `errors` of the scanner say why. */
export class Abort extends Error {}

/** Everything that backtracking has to put back. */
export interface Snapshot {
  readonly lexer: LexerState;
  readonly lastEnd: number;
  readonly skippedNewline: boolean;
  readonly wildcards: number;
  readonly commentCount: number;
  readonly errors: readonly SourceErrorEntry[];
  readonly hints: readonly string[];
}

/** The current token, with the comments, errors and hints met on the way to it. */
export class Scanner extends Lexer {
  readonly file: string;
  /** End of the last token before the current one that is no whitespace: where a node that is complete ends. */
  lastEnd = 0;
  /** How many wildcards have been named. */
  wildcards = 0;
  errors: readonly SourceErrorEntry[] = [];
  hints: readonly string[] = [];

  #comments: Comment[] = [];
  #commentCount = 0;
  #scansLeft: number;

  constructor(text: string, file: string, keywords: ReadonlyMap<string, number>) {
    super(text, keywords);
    this.file = file;
    this.#scansLeft = SPARE_SCANS + SCANS_PER_CHARACTER * text.length;
  }

  get comments(): Comment[] {
    return this.#comments.slice(0, this.#commentCount);
  }

  get commentCount(): number {
    return this.#commentCount;
  }

  save(): Snapshot {
    return {
      lexer: this.saveLexer(),
      lastEnd: this.lastEnd,
      skippedNewline: this.skippedNewline,
      wildcards: this.wildcards,
      commentCount: this.#commentCount,
      errors: this.errors,
      hints: this.hints,
    };
  }

  restore(s: Snapshot): void {
    this.restoreLexer(s.lexer);
    this.lastEnd = s.lastEnd;
    this.skippedNewline = s.skippedNewline;
    this.wildcards = s.wildcards;
    // Comments already read stay in the list: reading the same text again writes the same comments in the same places.
    this.#commentCount = s.commentCount;
    this.errors = s.errors;
    this.hints = s.hints;
  }

  /** A fresh location of the current token. */
  loc(): Location {
    return this.locate(this.file);
  }

  /** Source text from `from` up to the end of the last complete token. */
  textFrom(from: number): string {
    return this.text.slice(from, this.lastEnd);
  }

  error(location: Location, message: string, code: SourceErrorEntry['code'] = 'rego_parse_error'): void {
    if (this.errors.length >= MAX_PARSE_ERRORS) return;
    const { hints } = this;
    if (hints.length === 1) message += ` (hint: ${hints[0]})`;
    else if (hints.length > 1) message += ` (hints: ${hints.join(', ')})`;
    const details = lineAt(this.text, location.offset);
    this.errors = [...this.errors, { code, message, location, details }];
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
    if (last === undefined || last.location.offset !== this.start) return false;
    return /^unexpected \S+ (token|keyword)$/.test(last.message);
  }

  abort(message: string, code: SourceErrorEntry['code']): never {
    this.error(this.loc(), message, code);
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
    this.#leaveToken();
    this.readTemplatePart(raw);
    this.#report();
  }

  #leaveToken(): void {
    this.lastEnd = this.tokEnd;
    this.skippedNewline = false;
  }

  #advance(skipWhitespace: boolean): void {
    if (this.tok !== T.Whitespace) this.#leaveToken();
    for (;;) {
      if (--this.#scansLeft % COUNTED_SCANS === 0) this.#count();
      this.read(skipWhitespace);
      if (this.problems.length > 0) this.#report();
      if (this.tok === T.Comment)
        this.#comments[this.#commentCount++] = { text: this.lit, location: this.loc() };
      else if (this.tok !== T.Whitespace || !skipWhitespace) return;
    }
  }

  #count(): void {
    spend(COUNTED_SCANS);
    if (this.#scansLeft <= 0) this.abort('parsing takes too many steps', 'rego_cancel_error');
  }

  #report(): void {
    for (const problem of this.problems) this.error(this.loc(), problem);
  }
}
