import { NotUnderstood } from './syntax.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  /** `/x/` */
  | { readonly kind: 'match'; readonly pattern: string }
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'assign'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'not'; readonly value: Expression }
  | { readonly kind: 'whole'; readonly value: Expression }
  | {
      readonly kind: 'substitute';
      readonly pattern: string;
      readonly replacement: string;
      readonly all: boolean;
    }
  /** A blank is the operator that puts texts together. */
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

export type Statement =
  | { readonly kind: 'print'; readonly values: readonly Expression[] }
  | { readonly kind: 'exit'; readonly code: Expression | null }
  | { readonly kind: 'next' }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: 'value'; readonly value: Expression };

/** A pattern and what is done where it holds: null for every line, and to print it. */
export interface Rule {
  readonly when: Expression | 'BEGIN' | 'END' | null;
  readonly body: readonly Statement[] | null;
}

const maxProgram = 4096;
const maxDepth = 40;

/** Parses a program of awk(1). @throws NotUnderstood for what is not in `Expression` and `Statement` */
export function parseAwk(program: string): readonly Rule[] {
  if (program.length > maxProgram) throw new NotUnderstood('a long program of awk');
  return new Parser(program).rules();
}

const operators: readonly RegExp[] = [
  /\|\|/y,
  /&&/y,
  /!?~/y,
  /[=!<>]=|[<>]/y,
  // Concatenation has none.
  /(?!)/y,
  /[-+](?![-+=])/y,
  /[*/](?![*=])/y,
];
const concatenation = 4;
const keywords =
  /^(BEGIN|END|print|printf|exit|next|if|else|while|for|do|in|function|return|delete|getline)$/;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rules(): readonly Rule[] {
    const rules: Rule[] = [];
    for (;;) {
      this.#accept(/[\s;]*/y);
      if (this.#at >= this.#text.length) return rules;
      const special = this.#accept(/BEGIN\b|END\b/y);
      this.#blanks();
      const when =
        special !== '' ? (special as 'BEGIN' | 'END') : this.#sees('{') ? null : this.#expression();
      this.#blanks();
      rules.push({ when, body: this.#sees('{') ? this.#block() : special === '' ? null : this.#unknown() });
    }
  }

  #block(): readonly Statement[] {
    if (++this.#depth > maxDepth) this.#unknown();
    this.#need(/\{/y);
    const statements: Statement[] = [];
    for (;;) {
      this.#accept(/[\s;]*/y);
      if (this.#accept(/\}/y) !== '') break;
      statements.push(...this.#statement());
      this.#blanks();
      if (!/[;\n}]/.test(this.#text[this.#at] ?? '')) this.#unknown();
    }
    this.#depth--;
    return statements;
  }

  #statement(): readonly Statement[] {
    if (this.#sees('{')) return this.#block();
    const word = this.#accept(/(print|exit|next|if)\b/y);
    this.#blanks();
    const ends = /^([;\n}]|$)/.test(this.#text.slice(this.#at));
    switch (word) {
      case 'print': {
        const values = ends ? [] : [this.#expression(true)];
        while (this.#accept(/\s*,\s*/y) !== '') values.push(this.#expression(true));
        return [{ kind: 'print', values }];
      }
      case 'exit':
        return [{ kind: 'exit', code: ends ? null : this.#expression() }];
      case 'next':
        return [{ kind: 'next' }];
      case 'if': {
        this.#need(/\(/y);
        const test = this.#expression();
        this.#need(/\s*\)\s*/y);
        const body = this.#statement();
        const more = this.#accept(/\s*;?\s*else\b\s*/y);
        return [{ kind: 'if', test, body, otherwise: more === '' ? [] : this.#statement() }];
      }
      default:
        return [{ kind: 'value', value: this.#expression() }];
    }
  }

  /** @param isPrinted in `print`, where `>` writes to a file */
  #expression(isPrinted = false, level = 0): Expression {
    if (++this.#depth > maxDepth) this.#unknown();
    const operator = operators[level];
    let left = operator === undefined ? this.#single() : this.#expression(isPrinted, level + 1);
    for (; operator !== undefined; ) {
      this.#blanks();
      if (level === concatenation) {
        if (!/[$"\w(/]/.test(this.#text[this.#at] ?? '') || this.#sees('/') || this.#sees('in ')) break;
        left = { kind: 'binary', operator: ' ', left, right: this.#expression(isPrinted, level + 1) };
        continue;
      }
      const found = this.#accept(operator);
      if (found === '') break;
      if (isPrinted && found === '>') this.#unknown();
      left = { kind: 'binary', operator: found, left, right: this.#expression(isPrinted, level + 1) };
    }
    this.#depth--;
    return left;
  }

  #single(): Expression {
    this.#blanks();
    if (this.#accept(/!(?![=~])/y) !== '') return { kind: 'not', value: this.#single() };
    if (this.#accept(/\$/y) !== '') return { kind: 'field', index: this.#single() };
    if (this.#sees('/')) return { kind: 'match', pattern: this.#pattern() };
    if (this.#sees('"')) return { kind: 'string', value: this.#string() };
    if (this.#accept(/\(/y) !== '') {
      const value = this.#expression();
      this.#need(/\s*\)/y);
      return value;
    }
    const digits = this.#accept(/\d+(\.\d+)?/y);
    if (digits !== '') return { kind: 'number', value: Number(digits) };
    const name = this.#accept(/[A-Za-z_]\w*/y);
    if (name === '' || keywords.test(name)) return this.#unknown();
    if (this.#sees('(')) return this.#call(name);
    if (this.#accept(/\s*=(?!=)/y) === '') return { kind: 'variable', name };
    // What changes how lines are read or written.
    if (/^[A-Z]+$/.test(name)) this.#unknown();
    return { kind: 'assign', name, value: this.#expression() };
  }

  #call(name: string): Expression {
    this.#need(/\(\s*/y);
    if (name === 'int') {
      const value = this.#expression();
      this.#need(/\s*\)/y);
      return { kind: 'whole', value };
    }
    if (name !== 'sub' && name !== 'gsub') return this.#unknown();
    const pattern = this.#sees('"')
      ? this.#string().replace(/[\\.*+?()[\]{}|^$]/g, () => this.#unknown())
      : this.#pattern();
    this.#need(/\s*,\s*/y);
    const replacement = this.#string();
    if (/[&\\]/.test(replacement)) this.#unknown();
    this.#need(/\s*\)/y);
    return { kind: 'substitute', pattern, replacement, all: name === 'gsub' };
  }

  #pattern(): string {
    return this.#need(/\/(?:[^/\\\n]|\\[^\n])+\//y)
      .slice(1, -1)
      .replaceAll('\\/', '/');
  }

  #string(): string {
    const raw = this.#need(/"(?:[^"\\\n]|\\[nt"\\])*"/y).slice(1, -1);
    return raw.replace(/\\(.)/g, (_whole, one: string) => ({ n: '\n', t: '\t' })[one] ?? one);
  }

  #blanks(): void {
    this.#accept(/[ \t]*/y);
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #accept(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #need(pattern: RegExp): string {
    const found = this.#accept(pattern);
    return found === '' ? this.#unknown() : found;
  }

  #unknown(): never {
    throw new NotUnderstood(`awk: ${this.#text.slice(0, 100)}`);
  }
}
