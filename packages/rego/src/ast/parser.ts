import { Scanner } from './scanner.ts';
import { T } from './tokens.ts';
import type { Location, RegoVersion, Term } from './types.ts';

/**
 * How deep a module may nest (brackets, bodies, chains of infix operators): OPA's parser takes up to 50,000
 * brackets, and 12,000 parentheses. What walks a tree recurses, so the stack ends before that, mostly; see `stack.ts`.
 */
export const MAX_DEPTH = 50_000;

/** The scanner with what the grammar has to know. The grammar itself is functions over this, by what they parse. */
export class Parser extends Scanner {
  readonly version: RegoVersion;
  /** Whether `import future.keywords.not` is in force. */
  notBodies = false;
  depth = 0;
  /** The last value parsed for a rule's head: `x := {…}` is tried as a rule first and then read again. */
  memo: { offset: number; term: Term; after: ReturnType<Scanner['save']> } | undefined;

  constructor(text: string, file: string, version: RegoVersion, keywords: ReadonlyMap<string, number>) {
    super(text, file, keywords);
    this.version = version;
  }

  enter(): void {
    if (++this.depth > MAX_DEPTH)
      this.abort(
        `max parsing recursion depth exceeded: nested in more than ${MAX_DEPTH}`,
        'rego_depth_error',
      );
  }

  leave(): void {
    this.depth--;
  }

  /** Whether the current token is `token`. A method, so that no check outlives a step to the next token. */
  at(token: number): boolean {
    return this.tok === token;
  }

  /** The token after the current one and its whitespace-free neighbour, without going there. */
  peekWhitespace(): number {
    const saved = this.save();
    this.scanWhitespace();
    const next = this.tok;
    this.restore(saved);
    return next;
  }

  /**
   * Goes on after a part of a term: to the `.`, `[` or `(` that stands directly after it, or else over whitespace to the
   * next token. Answers whether the term goes on.
   */
  scanPart(): boolean {
    const next = this.text.charCodeAt(this.tokEnd);
    const continues = next === 46 || next === 91 || next === 40;
    if (continues) this.scanWhitespace();
    else this.scan();
    return continues;
  }

  /** Lets a keyword stand as the first name of a ref (`input.x` is one, and so is `if.x`). */
  keywordAsRefHead(): boolean {
    if (this.tok < T.Package) return false;
    const next = this.peekWhitespace();
    if (next !== T.Dot && next !== T.LBrack) return false;
    this.tok = T.Ident;
    return true;
  }

  freshWildcard(): string {
    return `$${this.wildcards++}`;
  }

  /** A var from the current token. */
  parseVar(): Term {
    const name = this.lit === '_' ? this.freshWildcard() : this.lit;
    return { kind: 'var', name, location: this.loc() };
  }
}

/** Gives `term` the place of `at` and the source text from `offset` to `end`. */
export function place<N extends Term>(p: Parser, term: N, at: Location, offset: number, end: number): N {
  term.location = {
    file: at.file,
    row: at.row,
    col: at.col,
    offset: at.offset,
    text: p.text.slice(offset, end),
  };
  return term;
}
