import { NotUnderstood } from './syntax.ts';

export interface ExpressionOptions {
  /** `grep -E`, `sed -E`; else a basic one. */
  readonly extended: boolean;
  readonly ignoreCase?: boolean;
  /** Told of the work that matching is, and throws where it is too much. */
  readonly spend: (steps: number) => void;
}

/** A part of a regular expression. */
export type ExpressionNode =
  | { readonly kind: 'set'; readonly has: (character: string) => boolean }
  | { readonly kind: 'at'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'group'; readonly index: number; readonly node: ExpressionNode }
  | { readonly kind: 'reference'; readonly index: number }
  | { readonly kind: 'sequence'; readonly nodes: readonly ExpressionNode[] }
  | { readonly kind: 'either'; readonly nodes: readonly ExpressionNode[] }
  | { readonly kind: 'repeat'; readonly node: ExpressionNode; readonly least: number; readonly most: number };

const maxPattern = 4096;
const maxRepeats = 1000;

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character);
const atStart = (text: string, at: number): boolean => !isWord(text[at - 1]) && isWord(text[at]);
const atEnd = (text: string, at: number): boolean => isWord(text[at - 1]) && !isWord(text[at]);

/** Reads a regular expression of POSIX (XBD §9.3, §9.4), with what GNU adds. */
export class ExpressionParser {
  groups = 0;
  hasChoice = false;
  readonly #pattern: string;
  readonly #extended: boolean;
  readonly #ignoreCase: boolean;
  #at = 0;
  #open = 0;

  constructor(pattern: string, { extended, ignoreCase = false }: ExpressionOptions) {
    if (pattern.length > maxPattern) throw new NotUnderstood('a long expression');
    this.#pattern = pattern;
    this.#extended = extended;
    this.#ignoreCase = ignoreCase;
  }

  whole(): ExpressionNode {
    const node = this.#either();
    if (this.#at < this.#pattern.length) throw this.#unknown();
    return node;
  }

  /** `(` is `\(` in a basic expression. */
  #sees(operator: string): boolean {
    return this.#pattern.startsWith(this.#extended ? operator : `\\${operator}`, this.#at);
  }

  #accepts(operator: string): boolean {
    if (!this.#sees(operator)) return false;
    this.#at += this.#extended ? operator.length : operator.length + 1;
    return true;
  }

  #either(): ExpressionNode {
    if (++this.#open > 40) throw this.#unknown();
    const nodes = [this.#sequence()];
    while (this.#accepts('|')) nodes.push(this.#sequence());
    this.#open--;
    if (nodes.length > 1) this.hasChoice = true;
    return nodes.length === 1 ? nodes[0]! : { kind: 'either', nodes };
  }

  #sequence(): ExpressionNode {
    const nodes: ExpressionNode[] = [];
    const isAtEnd = () => this.#at >= this.#pattern.length || this.#sees('|') || this.#sees(')');
    while (!isAtEnd()) {
      const single = this.#single(nodes.length === 0);
      nodes.push(this.#repeated(single));
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes };
  }

  #repeated(node: ExpressionNode): ExpressionNode {
    const [least, most] = this.#count() ?? [-1, -1];
    if (least < 0) return node;
    if (node.kind === 'at' || this.#count() !== undefined) throw this.#unknown();
    if (node.kind !== 'set') this.hasChoice = true;
    return { kind: 'repeat', node, least, most };
  }

  #count(): readonly [number, number] | undefined {
    if (this.#pattern[this.#at] === '*') {
      this.#at++;
      return [0, Number.POSITIVE_INFINITY];
    }
    if (this.#accepts('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#accepts('?')) return [0, 1];
    if (!this.#accepts('{')) return undefined;
    const form = this.#extended ? /(\d{1,4})(,(\d{0,4}))?\}/y : /(\d{1,4})(,(\d{0,4}))?\\\}/y;
    form.lastIndex = this.#at;
    const found = form.exec(this.#pattern);
    if (found === null) throw this.#unknown();
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most =
      found[2] === undefined ? least : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (most < least || least > maxRepeats) throw this.#unknown();
    return [least, most];
  }

  #single(isFirst: boolean): ExpressionNode {
    if (this.#accepts('(')) {
      const index = ++this.groups;
      const node = this.#either();
      if (!this.#accepts(')')) throw this.#unknown();
      return { kind: 'group', index, node };
    }
    const character = this.#pattern[this.#at++]!;
    if (character === '\\') return this.#escaped();
    if (character === '[') return this.#bracket();
    if (character === '.') return { kind: 'set', has: () => true };
    if (character === '^' && (this.#extended || isFirst)) return { kind: 'at', holds: (_, at) => at === 0 };
    if (character === '$' && (this.#extended || this.#at === this.#pattern.length || this.#endsHere()))
      return { kind: 'at', holds: (text, at) => at === text.length };
    // In a basic expression a star that has nothing before it stands for itself.
    if (this.#extended ? /[*+?{]/.test(character) : character === '*' && !isFirst) throw this.#unknown();
    return this.#literal(character);
  }

  #endsHere(): boolean {
    return this.#sees(')') || this.#sees('|');
  }

  #literal(character: string): ExpressionNode {
    if (!this.#ignoreCase) return { kind: 'set', has: (one) => one === character };
    return { kind: 'set', has: (one) => one.toLowerCase() === character.toLowerCase() };
  }

  #escaped(): ExpressionNode {
    const character = this.#pattern[this.#at++];
    if (character === undefined) throw this.#unknown();
    if (/[1-9]/.test(character)) {
      const index = Number(character);
      if (index > this.groups) throw this.#unknown();
      this.hasChoice = true;
      return { kind: 'reference', index };
    }
    switch (character) {
      case 'n':
        return this.#literal('\n');
      case 't':
        return this.#literal('\t');
      case 'w':
        return { kind: 'set', has: isWord };
      case 'W':
        return { kind: 'set', has: (one) => !isWord(one) };
      case 's':
        return { kind: 'set', has: (one) => classes.space!.test(one) };
      case 'S':
        return { kind: 'set', has: (one) => !classes.space!.test(one) };
      case '<':
        return { kind: 'at', holds: atStart };
      case '>':
        return { kind: 'at', holds: atEnd };
      case 'b':
        return { kind: 'at', holds: (text, at) => atStart(text, at) || atEnd(text, at) };
      default:
        if (/[\w'`]/.test(character)) throw this.#unknown();
        return this.#literal(character);
    }
  }

  /** After `[`. */
  #bracket(): ExpressionNode {
    const negated = this.#pattern[this.#at] === '^';
    if (negated) this.#at++;
    const tests: ((one: string) => boolean)[] = [];
    for (let isFirst = true; isFirst || this.#pattern[this.#at] !== ']'; isFirst = false) {
      const found = /\[:([a-z]+):\]/y;
      found.lastIndex = this.#at;
      const name = found.exec(this.#pattern)?.[1];
      if (name !== undefined) {
        const known = classes[name];
        if (known === undefined) throw this.#unknown();
        this.#at += name.length + 4;
        tests.push((one) => known.test(one));
        continue;
      }
      if (/^\[[.=]/.test(this.#pattern.slice(this.#at, this.#at + 2))) throw this.#unknown();
      const low = this.#member();
      if (this.#pattern[this.#at] !== '-' || this.#pattern[this.#at + 1] === ']') {
        tests.push((one) => one === low);
        continue;
      }
      this.#at++;
      const high = this.#member();
      if (high < low) throw this.#unknown();
      tests.push((one) => one >= low && one <= high);
    }
    this.#at++;
    const one = (character: string) => tests.some((test) => test(character));
    const has = this.#ignoreCase
      ? (character: string) => one(character.toLowerCase()) || one(character.toUpperCase())
      : one;
    return { kind: 'set', has: negated ? (character) => !has(character) : has };
  }

  #member(): string {
    const character = this.#pattern[this.#at++];
    if (character === undefined) throw this.#unknown();
    // As sed has it; grep takes a backslash for itself, which is the same but for these.
    const escaped = character === '\\' ? this.#pattern[this.#at] : undefined;
    if (escaped !== 'n' && escaped !== 't') return character;
    this.#at++;
    return escaped === 'n' ? '\n' : '\t';
  }

  #unknown(): NotUnderstood {
    return new NotUnderstood(`the expression ${this.#pattern.slice(0, 100)}`);
  }
}
