import { printable } from '@pratique/errors';
import { NotUnderstood } from './syntax.ts';

const blank = /[ \t]/;

/** A text and a place in it, with what every part of the shell’s grammar asks of them. */
export class Reader {
  protected readonly text: string;
  protected at = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Blanks, comments and continued lines. */
  protected skip(): void {
    for (;;) {
      if (!this.isAtEnd && blank.test(this.text[this.at]!)) this.at++;
      else if (this.sees('\\\n')) this.at += 2;
      else if (this.sees('#') && (this.at === 0 || /[\s;&|()]/.test(this.text[this.at - 1]!))) {
        const feed = this.text.indexOf('\n', this.at);
        this.at = feed < 0 ? this.text.length : feed;
      } else return;
    }
  }

  protected sees(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Whether the text is next, which is then read. */
  protected accepts(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  /** @param pattern sticky */
  protected peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text) ?? undefined;
  }

  /** @param pattern sticky */
  protected match(pattern: RegExp): string {
    const found = this.peek(pattern);
    if (found === undefined) throw this.unexpected();
    this.at += found[0].length;
    return found[0];
  }

  /** The line that begins at `start`, for people. */
  protected line(start: number): string {
    return this.text.slice(start).trimStart().split('\n', 1)[0]!.trim();
  }

  protected unexpected(): NotUnderstood {
    const start = this.text.lastIndexOf('\n', this.at - 1) + 1;
    return new NotUnderstood(`its syntax: ${printable(this.line(start), 120)}`);
  }
}
