import type { SourceErrorEntry } from '../ast/errors.ts';
import type { Comment, Expr, Location, Term } from '../ast/types.ts';

/** What is formatted for, settled from options and imports before writing begins. */
export interface Style {
  /** `contains` is a keyword. */
  contains: boolean;
  /** `if` is a keyword. */
  ifs: boolean;
  /** Some rule needs a general ref as head; then all heads are written as such. */
  refHeads: boolean;
  /** The result is (also) v1. */
  v1: boolean;
  /** Words that need brackets and quotes in a ref, or keep them. */
  keywords: ReadonlySet<string>;
  /** `p.not` stays as it is and does not become `p["not"]`. */
  keywordsInRefs: boolean;
}

/**
 * The page: lines with indentation, and the comments that still have to find their place.
 *
 * Comments are taken in order, each before the first node below it or at the end of its line. So what is left of them
 * is one number, the index of the next comment; functions that write take it and return it. Where two comments claim
 * one line, {@link Layout.clash} is set, and everything returns until a term is reached whose source text can stand as
 * it is.
 */
export class Layout {
  style: Style;
  readonly errors: SourceErrorEntry[] = [];
  comments: readonly Comment[];
  out = '';
  level = 0;
  /** Something is on the current line. */
  inline = false;
  /** Comment for the end of the current line. */
  pending: Comment | undefined;
  /** The pending comment waits for one more line end. */
  delayed = false;
  /** A comment stands where no line ends: the node around it has to be written as in the source. */
  clash = false;
  /** Source text written as it is takes the comment on its last line with it. */
  keepLastComment = false;
  /** The next expression or term that needs parentheses. */
  parenExpr: Expr | undefined;
  parenTerm: Term | undefined;

  constructor(style: Style, comments: readonly Comment[]) {
    this.style = style;
    this.comments = comments;
  }

  /** No comments left. */
  get none(): number {
    return this.comments.length;
  }

  write(text: string): void {
    this.out += text;
  }

  startLine(): void {
    this.inline = true;
    this.out += '\t'.repeat(this.level);
  }

  endLine(): void {
    this.inline = false;
    if (this.pending !== undefined && !this.delayed) {
      this.out += ` #${this.pending.text}`;
      this.pending = undefined;
    }
    this.delayed = false;
    this.out += '\n';
  }

  blankLine(): void {
    if (this.inline) this.endLine();
    this.out += '\n';
  }

  writeLine(text: string): void {
    if (!this.inline) this.startLine();
    this.write(text);
    this.endLine();
  }

  up(): void {
    this.level++;
  }

  down(): void {
    this.level--;
  }

  /** The index of the first comment from `next` on that stands at `row` or below. */
  firstAt(next: number, row: number): number {
    while (next < this.comments.length && this.comments[next]!.location.row < row) next++;
    return next;
  }

  /** Writes the comments above `row`, and keeps the one on it for the end of the line. */
  insertComments(next: number, row: number): number {
    const before = this.firstAt(next, row);
    this.writeComments(next, before);
    if (before > next && row - this.comments[before - 1]!.location.row > 1) this.blankLine();
    const at = this.comments[before];
    if (at === undefined || at.location.row !== row) return before;
    if (this.pending !== undefined) {
      this.pending = undefined;
      this.clash = true;
    } else this.pending = at;
    return before + 1;
  }

  /** Writes comments one a line, with a blank line where the source has some, and before a METADATA block. */
  writeComments(from: number, to: number): void {
    let inMetadata = false;
    for (let i = from; i < to; i++) {
      const comment = this.comments[i]!;
      const isMetadata = comment.location.col === 1 && comment.text.trim().startsWith('METADATA');
      if (i > from) {
        const above = this.comments[i - 1]!.location;
        const gap = comment.location.row - above.row || comment.location.col - above.col;
        if (gap > 1) {
          this.blankLine();
          inMetadata = false;
        } else if (gap === 1 && inMetadata && isMetadata) this.blankLine();
      }
      inMetadata ||= isMetadata;
      this.writeLine(`#${comment.text}`);
    }
  }

  /** Writes the source text of a node as it is, comments within included. */
  writeAsIs({ row, text }: Location, next: number): number {
    if (text === '') {
      this.fail('original unformatted text is empty');
      return next;
    }
    let last = row;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) last++;
    this.write(text);
    const rest = this.firstAt(next, last);
    const comment = this.comments[rest];
    if (!this.keepLastComment || comment === undefined || comment.location.row !== last) return rest;
    this.write(` ${comment.location.text}`);
    return rest + 1;
  }

  /** Records why the module cannot be formatted; the rest is still written for more such reasons. */
  fail(message: string, location: Location = { file: '', row: 0, col: 0, offset: 0, text: '' }): void {
    this.errors.push({ code: 'rego_format_error', message, location });
  }
}
