import { limits } from '../limits.ts';
import { malformed, type Place, type Source } from './source.ts';
import type { Token } from './tokens.ts';

/** The tokens of a text one after another, for a parser to look at and to take. */
export class TokenReader {
  protected readonly source: Source;
  protected readonly tokens: readonly Token[];
  protected at = 0;
  protected depth: number;

  constructor(source: Source, tokens: readonly Token[], depth = 0) {
    this.source = source;
    this.tokens = tokens;
    this.depth = depth;
  }

  protected deeper<T>(parse: () => T): T {
    if (this.depth >= limits.nesting)
      throw this.source.error('cue_limit_error', this.peek().offset, `more than ${limits.nesting} levels`);
    this.depth++;
    const parsed = parse();
    this.depth--;
    return parsed;
  }

  protected endOfDeclaration(end: ')' | '}' | 'end'): void {
    if (this.peek().type !== 'comma' && !this.atEnd(end)) throw this.unexpected('the end of the declaration');
    this.skipCommas();
  }

  protected skipCommas(): void {
    while (this.peek().type === 'comma') this.at++;
  }

  protected skipNewline(): void {
    while (this.comma('newline'));
  }

  protected comma(text: ',' | 'newline'): boolean {
    const token = this.peek();
    if (token.type !== 'comma' || token.text !== text) return false;
    this.at++;
    return true;
  }

  protected peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]!;
  }

  protected atEnd(end: string): boolean {
    return end === 'end' ? this.peek().type === 'end' : this.is(end);
  }

  protected is(text: string): boolean {
    return isOperator(this.peek(), text);
  }

  protected word(text: string): boolean {
    const token = this.peek();
    return token.type === 'identifier' && token.text === text;
  }

  protected take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  protected expect(text: string): void {
    if (!this.take(text)) throw this.unexpected(text);
  }

  protected identifier(): string {
    const token = this.peek();
    if (token.type !== 'identifier') throw this.unexpected('a name');
    this.at++;
    return token.text;
  }

  protected plainString(): string {
    const token = this.peek();
    const [only] = token.type === 'string' ? token.parts : [];
    if (token.type !== 'string' || token.parts.length !== 1 || typeof only !== 'string')
      throw this.unexpected('a text in quotes');
    this.at++;
    return only;
  }

  protected place(): Place {
    return this.placeOf(this.peek());
  }

  protected placeOf({ offset }: Token): Place {
    return { source: this.source, offset };
  }

  protected unexpected(expected: string): Error {
    const token = this.peek();
    const found =
      token.type === 'operator' || token.type === 'identifier' || token.type === 'comma'
        ? token.text
        : token.type;
    return malformed(this.placeOf(token), `expected ${expected}, found ${found}`);
  }
}

export const isOperator = (token: Token | undefined, text: string): boolean =>
  token?.type === 'operator' && token.text === text;
