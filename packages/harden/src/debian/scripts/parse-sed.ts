import { Expression, type ExpressionOptions } from './expressions.ts';
import { NotUnderstood } from './syntax.ts';

export type Address =
  | { readonly kind: 'line'; readonly number: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'matching'; readonly expression: Expression };

export interface Command {
  readonly from?: Address | undefined;
  readonly to?: Address | undefined;
  readonly negated: boolean;
  readonly name: string;
  /** Of `{`. */
  readonly inner: readonly Command[];
  /** Of `a`, `i`, `c`. */
  readonly text: string;
  readonly substitution?: Substitution | undefined;
  /** The commands whose range of lines has begun, and where. */
  readonly state: { begun: boolean };
}

export interface Substitution {
  readonly expression: Expression;
  /** Texts, and numbers of groups: 0 is the whole match. */
  readonly replacement: readonly (string | number)[];
  readonly all: boolean;
  readonly nth: number;
  readonly print: boolean;
}

export interface SedOptions extends ExpressionOptions {
  /** `-n` */
  readonly quiet: boolean;
}

/** Reads a script of sed(1). */
export class SedParser {
  readonly #text: string;
  readonly #options: SedOptions;
  #at = 0;
  #open = 0;

  constructor(text: string, options: SedOptions) {
    this.#text = text;
    this.#options = options;
  }

  commands(isInner: boolean): readonly Command[] {
    const commands: Command[] = [];
    if (++this.#open > 20) throw this.#unknown();
    for (;;) {
      this.#match(/[\s;]*(#[^\n]*\n?)?/y);
      if (this.#text[this.#at] === '#') continue;
      if (this.#at >= this.#text.length) {
        if (isInner) throw this.#unknown();
        return commands;
      }
      if (this.#accepts('}')) {
        if (!isInner) throw this.#unknown();
        this.#open--;
        return commands;
      }
      commands.push(this.#command());
    }
  }

  #command(): Command {
    const from = this.#address();
    const to = from !== undefined && this.#accepts(',') ? this.#required() : undefined;
    if (from?.kind === 'line' && from.number === 0 && to?.kind !== 'matching') throw this.#unknown();
    this.#match(/\s*/y);
    const negated = this.#accepts('!');
    this.#match(/\s*/y);
    const name = this.#text[this.#at++] ?? '';
    const known = { from, to, negated, name, inner: [], text: '', state: { begun: false } };
    if (name === '{') return { ...known, inner: this.commands(true) };
    if (/^[aic]$/.test(name)) return { ...known, text: this.#lines() };
    if (!/^[dpqs=]$/.test(name) || (name === 'q' && to !== undefined)) throw this.#unknown();
    const substitution = name === 's' ? this.#substitution() : undefined;
    if (!/^[ \t]*(?:[\n;#}]|$)/.test(this.#text.slice(this.#at))) throw this.#unknown();
    return { ...known, substitution };
  }

  #required(): Address {
    this.#match(/\s*/y);
    const address = this.#address();
    if (address === undefined) throw this.#unknown();
    return address;
  }

  #address(): Address | undefined {
    const number = this.#match(/\d{1,9}/y);
    if (number !== '') return { kind: 'line', number: Number(number) };
    if (this.#accepts('$')) return { kind: 'last' };
    const isPlain = this.#accepts('/');
    if (!isPlain && !this.#accepts('\\')) return undefined;
    const pattern = this.#upTo(isPlain ? '/' : this.#text[this.#at++]!);
    return { kind: 'matching', expression: this.#expression(pattern, this.#accepts('I')) };
  }

  /** One line, or after `\` and a line feed more of them: the text of `a`, `i` and `c`. */
  #lines(): string {
    this.#match(/[ \t]*(\\\n)?[ \t]*/y);
    const text = this.#match(/(?:[^\\\n]|\\.)*/sy);
    if (/\\[a-zA-Z0-9]/.test(text)) throw this.#unknown();
    return `${text.replace(/\\(.)/gs, '$1')}\n`;
  }

  #substitution(): Substitution {
    const delimiter = this.#text[this.#at++] ?? '';
    if (delimiter === '' || /[\n\\\w]/.test(delimiter)) throw this.#unknown();
    const pattern = this.#upTo(delimiter);
    const replacement = this.#replacement(this.#upTo(delimiter, true));
    const flags = this.#match(/[gpIi\d]*/y);
    const expression = this.#expression(pattern, /i/i.test(flags));
    if (replacement.some((one) => typeof one === 'number' && one > expression.groups)) throw this.#unknown();
    const nth = Number(/\d+/.exec(flags)?.[0] ?? '1');
    if (nth < 1 || nth > 512) throw this.#unknown();
    return {
      expression,
      replacement,
      all: flags.includes('g'),
      nth,
      print: flags.includes('p'),
    };
  }

  #replacement(text: string): readonly (string | number)[] {
    return [...text.matchAll(/\\(.)|&|[^\\&]+/gs)].map(([whole, escaped]) => {
      if (whole === '&') return 0;
      if (escaped === undefined) return whole;
      if (/[0-9]/.test(escaped)) return Number(escaped);
      if (escaped === 'n') return '\n';
      if (escaped === 't') return '\t';
      if (/[a-zA-Z]/.test(escaped)) throw this.#unknown();
      return escaped;
    });
  }

  /** Text up to a delimiter, which is read; one with a backslash before it stands for itself. */
  #upTo(delimiter: string, isReplacement = false): string {
    let text = '';
    for (;;) {
      const character = this.#text[this.#at++];
      if (character === undefined || (character === '\n' && !isReplacement)) throw this.#unknown();
      if (character === delimiter) return text;
      if (character !== '\\') {
        text += character;
        continue;
      }
      const next = this.#text[this.#at++];
      if (next === undefined) throw this.#unknown();
      if (next !== delimiter) text += `\\${next}`;
      else if (isReplacement) text += next === '&' ? '\\&' : next;
      // What is an operator without a backslash has to stay one that is none.
      else text += /[.*[\]^$+?(){}|]/.test(next) ? this.#unclear() : next;
    }
  }

  #unclear(): never {
    throw this.#unknown();
  }

  #expression(pattern: string, ignoreCase: boolean): Expression {
    // An empty one is the last that was used.
    if (pattern === '') throw this.#unknown();
    return new Expression(pattern, { ...this.#options, ignoreCase });
  }

  #accepts(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #unknown(): NotUnderstood {
    return new NotUnderstood(`sed: ${this.#text.slice(0, 100)}`);
  }
}
