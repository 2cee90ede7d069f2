import { limits } from '../limits.ts';
import { identifierLabel, regular } from '../values/label.ts';
import { string } from '../values/scalar.ts';
import type {
  BinaryOperator,
  Choice,
  Clause,
  Comprehension,
  Declaration,
  Expression,
  File,
  Import,
  Label,
  ListLiteral,
  Presence,
  StructLiteral,
  UnaryOperator,
} from './ast.ts';
import { Scanner } from './scanner.ts';
import { malformed, type Place, type Source, unsupported } from './source.ts';
import type { Token } from './tokens.ts';

const precedence: Readonly<Record<string, number>> = {
  '|': 1,
  '&': 2,
  '||': 3,
  '&&': 4,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '=~': 5,
  '!~': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  div: 7,
  mod: 7,
  quo: 7,
  rem: 7,
};
const unaryOperators = new Set(['+', '-', '!', '<', '<=', '>', '>=', '!=', '=~', '!~']);

/**
 * Parses a file of CUE.
 *
 * @throws cue_syntax_error, cue_unsupported_error, cue_limit_error
 */
export function parseFile(source: Source): File {
  if (source.text.length > limits.text)
    throw source.error('cue_limit_error', 0, `more than ${limits.text} characters`);
  const scanner = new Scanner(source);
  const tokens: Token[] = [];
  for (;;) {
    const token = scanner.next();
    tokens.push(token);
    if (token.type === 'end') return new Parser(source, tokens).file();
  }
}

class Parser {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth: number;

  constructor(source: Source, tokens: readonly Token[], depth = 0) {
    this.#source = source;
    this.#tokens = tokens;
    this.#depth = depth;
  }

  file(): File {
    const start = this.#place();
    this.#skipCommas();
    let packageName: string | null = null;
    if (this.#word('package') && this.#peek(1).type === 'identifier') {
      this.#at++;
      packageName = this.#identifier();
      this.#endOfDeclaration('end');
    }
    const imports: Import[] = [];
    while (this.#word('import') && !this.#startsField()) {
      this.#at++;
      if (this.#take('(')) {
        while (!this.#is(')')) {
          imports.push(this.#importSpec());
          this.#endOfDeclaration(')');
        }
        this.#expect(')');
      } else imports.push(this.#importSpec());
      this.#endOfDeclaration('end');
    }
    const declarations = this.#declarations('end');
    return { packageName, imports, body: { type: 'struct', declarations, ...start } };
  }

  #importSpec(): Import {
    const place = this.#place();
    const alias = this.#peek().type === 'identifier' ? this.#identifier() : null;
    const path = this.#plainString();
    return { path, name: alias ?? path.split('/').at(-1)!, ...place };
  }

  #declarations(end: '}' | 'end'): Declaration[] {
    const declarations: Declaration[] = [];
    for (;;) {
      this.#skipCommas();
      if (this.#atEnd(end)) return declarations;
      declarations.push(this.#declaration());
      this.#endOfDeclaration(end);
    }
  }

  #declaration(): Declaration {
    const place = this.#place();
    if (this.#startsField()) return this.#field();
    if (this.#word('let') && this.#peek(1).type === 'identifier') {
      this.#at++;
      const name = this.#identifier();
      this.#expect('=');
      return {
        type: 'let',
        name,
        label: `l${this.#source.file}:${place.offset}`,
        value: this.#expression(),
        ...place,
      };
    }
    if (this.#take('...')) {
      if (!this.#atEnd('}') && !this.#atEnd('end') && this.#peek().type !== 'comma')
        throw unsupported(place, 'a type after ... in a struct');
      return { type: 'ellipsis', ...place };
    }
    if (this.#startsComprehension()) return this.#comprehension();
    return { type: 'embedding', expression: this.#expression(), ...place };
  }

  /** Whether what follows is a label: told by the `:` after it. */
  #startsField(): boolean {
    let at = this.#at;
    const operator = (text: string) => isOperator(this.#tokens[at], text);
    if (this.#tokens[at]?.type === 'identifier' && isOperator(this.#tokens[at + 1], '=')) {
      if (this.#word('let')) return false;
      at += 2;
    }
    const token = this.#tokens[at]!;
    if (token.type === 'identifier' || token.type === 'string') at++;
    else if (operator('[') || operator('(')) at = this.#afterBrackets(at);
    else return false;
    if (operator('?') || operator('!')) at++;
    return operator(':');
  }

  #afterBrackets(from: number): number {
    let depth = 0;
    for (let at = from; at < this.#tokens.length; at++) {
      const token = this.#tokens[at]!;
      if (token.type !== 'operator') continue;
      if ('([{'.includes(token.text)) depth++;
      else if (')]}'.includes(token.text) && --depth === 0) return at + 1;
    }
    return this.#tokens.length - 1;
  }

  #field(): Declaration {
    const place = this.#place();
    let alias: string | null = null;
    if (this.#peek().type === 'identifier' && isOperator(this.#peek(1), '=')) {
      alias = this.#identifier();
      this.#at++;
    }
    const { label, named } = this.#label();
    const presence: Presence = this.#take('?') ? 'optional' : this.#take('!') ? 'required' : 'member';
    if (label.kind === 'pattern' && presence !== 'member')
      throw malformed(place, 'a pattern is neither optional nor required');
    if (alias !== null && label.kind !== 'name') throw unsupported(place, 'an alias of such a field');
    this.#expect(':');
    if (this.#peek().type === 'identifier' && isOperator(this.#peek(1), '=') && !this.#startsField())
      throw unsupported(this.#place(), 'an alias of a value');
    const value = this.#startsField() ? this.#deeper(() => this.#nestedField()) : this.#expression();
    return { type: 'field', label, alias, named, presence, value, ...place };
  }

  /** `a: b: 1` is `a: {b: 1}`. */
  #nestedField(): StructLiteral {
    const place = this.#place();
    return { type: 'struct', declarations: [this.#field()], ...place };
  }

  #label(): { label: Label; named: boolean } {
    const token = this.#tokens[this.#at]!;
    if (token.type === 'identifier') {
      this.#at++;
      if (token.text.startsWith('__')) throw unsupported(this.#placeOf(token), `a field ${token.text}`);
      if (token.text === '_') throw malformed(this.#placeOf(token), '_ is no label');
      return { label: { kind: 'name', label: identifierLabel(token.text) }, named: true };
    }
    if (token.type === 'string') {
      const expression = this.#primary();
      if (expression.type === 'scalar' && expression.value.kind === 'string')
        return { label: { kind: 'name', label: regular(expression.value.value) }, named: false };
      return { label: { kind: 'dynamic', expression }, named: false };
    }
    if (this.#take('(')) {
      const expression = this.#expression();
      this.#expect(')');
      return { label: { kind: 'dynamic', expression }, named: false };
    }
    this.#expect('[');
    let alias: string | null = null;
    if (this.#peek().type === 'identifier' && isOperator(this.#peek(1), '=')) {
      alias = this.#identifier();
      this.#at++;
    }
    const expression = this.#expression();
    this.#expect(']');
    return { label: { kind: 'pattern', expression, alias }, named: false };
  }

  #startsComprehension(): boolean {
    if (this.#word('if')) return true;
    const next = this.#peek(1);
    const after = this.#peek(2);
    if (!this.#word('for') || next.type !== 'identifier') return false;
    return after.type === 'comma' || (after.type === 'identifier' && after.text === 'in');
  }

  #comprehension(): Comprehension {
    const place = this.#place();
    const clauses: Clause[] = [];
    for (;;) {
      const at = this.#place();
      if (this.#word('for')) {
        this.#at++;
        const first = this.#identifier();
        const second = this.#comma(',') ? this.#identifier() : null;
        if (!this.#word('in')) throw this.#unexpected('in');
        this.#at++;
        const of = this.#expression();
        clauses.push({ type: 'for', key: second === null ? null : first, value: second ?? first, of, ...at });
      } else if (this.#word('if')) {
        this.#at++;
        clauses.push({ type: 'if', condition: this.#expression(), ...at });
      } else if (this.#word('let') && clauses.length > 0) {
        this.#at++;
        const name = this.#identifier();
        this.#expect('=');
        clauses.push({ type: 'let', name, value: this.#expression(), ...at });
      } else break;
      this.#comma(',');
    }
    if (!this.#is('{')) throw this.#unexpected('{');
    return { type: 'comprehension', clauses, body: this.#struct(), ...place };
  }

  #expression(): Expression {
    return this.#deeper(() => this.#disjunction());
  }

  #disjunction(): Expression {
    const place = this.#place();
    const choices: Choice[] = [];
    do {
      const at = this.#place();
      const preferred = this.#take('*');
      choices.push({ preferred, expression: preferred ? this.#unary() : this.#binary(2) });
      // `*1 & int` marks the 1, which is then no choice of its own.
      if (preferred && this.#operator() > 1)
        throw malformed(at, 'preference mark not allowed at this position');
    } while (this.#take('|'));
    const [first, ...more] = choices as [Choice, ...Choice[]];
    if (more.length > 0) return { type: 'disjunction', choices, ...place };
    if (first.preferred) throw malformed(place, '* marks a choice of a disjunction');
    return first.expression;
  }

  #binary(level: number): Expression {
    let left = this.#unary();
    for (;;) {
      const own = this.#operator();
      if (own < level) return left;
      const place = this.#place();
      const { text } = this.#peek() as Token & { text: string };
      this.#at++;
      const right = this.#deeper(() => this.#binary(own + 1));
      left = { type: 'binary', operator: text as BinaryOperator, left, right, ...place };
    }
  }

  /** The precedence of the binary operator that follows; 0 where none does. */
  #operator(): number {
    const token = this.#peek();
    if (token.type !== 'operator' && token.type !== 'identifier') return 0;
    return Object.hasOwn(precedence, token.text) ? precedence[token.text]! : 0;
  }

  #unary(): Expression {
    const token = this.#peek();
    const place = this.#place();
    if (token.type !== 'operator' || !unaryOperators.has(token.text)) return this.#postfix();
    this.#at++;
    const operand = this.#deeper(() => this.#unary());
    return { type: 'unary', operator: token.text as UnaryOperator, operand, ...place };
  }

  #postfix(): Expression {
    let of = this.#primary();
    for (;;) {
      const place = this.#place();
      if (this.#take('.')) {
        const token = this.#peek();
        if (token.type === 'identifier') {
          of = { type: 'selector', of, label: identifierLabel(this.#identifier()), ...place };
        } else of = { type: 'selector', of, label: regular(this.#plainString()), ...place };
      } else if (this.#take('[')) {
        if (this.#is(':')) throw unsupported(place, 'a slice');
        const index = this.#expression();
        if (this.#is(':')) throw unsupported(place, 'a slice');
        this.#expect(']');
        of = { type: 'index', of, index, ...place };
      } else if (this.#take('(')) {
        const args: Expression[] = [];
        this.#skipNewline();
        while (!this.#is(')')) {
          args.push(this.#expression());
          this.#skipNewline();
          if (!this.#comma(',') && !this.#is(')')) throw this.#unexpected(', or )');
          this.#skipNewline();
        }
        this.#expect(')');
        of = { type: 'call', of, args, ...place };
      } else if (this.#is('...') && of.type !== 'scalar') throw unsupported(place, '... after a value');
      else return of;
    }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at]!;
    const place = this.#placeOf(token);
    switch (token.type) {
      case 'number':
        this.#at++;
        return { type: 'scalar', value: token.value, ...place };
      case 'string': {
        this.#at++;
        const parts = token.parts.map((part) =>
          typeof part === 'string' ? part : new Parser(this.#source, part, this.#depth).#whole(),
        );
        const [only] = parts;
        if (parts.length === 1 && typeof only === 'string')
          return { type: 'scalar', value: string(only), ...place };
        return { type: 'interpolation', parts, ...place };
      }
      case 'identifier':
        this.#at++;
        if (token.text === 'true' || token.text === 'false')
          return { type: 'scalar', value: { kind: 'bool', value: token.text === 'true' }, ...place };
        if (token.text === 'null') return { type: 'scalar', value: { kind: 'null' }, ...place };
        return { type: 'identifier', name: token.text, ...place };
      case 'operator':
        if (token.text === '{') return this.#struct();
        if (token.text === '[') return this.#list();
        if (this.#take('_|_')) return { type: 'bottom', ...place };
        if (this.#take('(')) {
          this.#skipNewline();
          const expression = this.#expression();
          this.#skipNewline();
          this.#expect(')');
          return expression;
        }
    }
    throw this.#unexpected('a value');
  }

  /** What is between `\(` and `)`. */
  #whole(): Expression {
    const expression = this.#expression();
    if (this.#peek().type !== 'end') throw this.#unexpected(')');
    return expression;
  }

  #struct(): StructLiteral {
    const place = this.#place();
    this.#expect('{');
    const declarations = this.#deeper(() => this.#declarations('}'));
    this.#expect('}');
    return { type: 'struct', declarations, ...place };
  }

  #list(): ListLiteral {
    const place = this.#place();
    this.#expect('[');
    const elements: (Expression | Comprehension)[] = [];
    let rest: Expression | true | null = null;
    for (;;) {
      this.#skipNewline();
      if (this.#is(']')) break;
      if (this.#take('...')) {
        rest = this.#is(']') || this.#peek().type === 'comma' ? true : this.#expression();
        this.#comma(',');
        this.#skipNewline();
        break;
      }
      elements.push(this.#startsComprehension() ? this.#comprehension() : this.#expression());
      this.#skipNewline();
      if (!this.#comma(',') && !this.#is(']')) throw this.#unexpected(', or ]');
    }
    this.#expect(']');
    return { type: 'list', elements, rest, ...place };
  }

  #deeper<T>(parse: () => T): T {
    if (this.#depth >= limits.nesting)
      throw this.#source.error('cue_limit_error', this.#peek().offset, `more than ${limits.nesting} levels`);
    this.#depth++;
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #endOfDeclaration(end: ')' | '}' | 'end'): void {
    if (this.#peek().type !== 'comma' && !this.#atEnd(end))
      throw this.#unexpected('the end of the declaration');
    this.#skipCommas();
  }

  #skipCommas(): void {
    while (this.#peek().type === 'comma') this.#at++;
  }

  #skipNewline(): void {
    while (this.#comma('newline'));
  }

  #comma(text: ',' | 'newline'): boolean {
    const token = this.#peek();
    if (token.type !== 'comma' || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #atEnd(end: string): boolean {
    return end === 'end' ? this.#peek().type === 'end' : this.#is(end);
  }

  #is(text: string): boolean {
    return isOperator(this.#peek(), text);
  }

  #word(text: string): boolean {
    const token = this.#peek();
    return token.type === 'identifier' && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(text);
  }

  #identifier(): string {
    const token = this.#peek();
    if (token.type !== 'identifier') throw this.#unexpected('a name');
    this.#at++;
    return token.text;
  }

  #plainString(): string {
    const token = this.#peek();
    const [only] = token.type === 'string' ? token.parts : [];
    if (token.type !== 'string' || token.parts.length !== 1 || typeof only !== 'string')
      throw this.#unexpected('a text in quotes');
    this.#at++;
    return only;
  }

  #place(): Place {
    return this.#placeOf(this.#peek());
  }

  #placeOf({ offset }: Token): Place {
    return { source: this.#source, offset };
  }

  #unexpected(expected: string): Error {
    const token = this.#peek();
    const found =
      token.type === 'operator' || token.type === 'identifier' || token.type === 'comma'
        ? token.text
        : token.type;
    return malformed(this.#placeOf(token), `expected ${expected}, found ${found}`);
  }
}

const isOperator = (token: Token | undefined, text: string): boolean =>
  token?.type === 'operator' && token.text === text;
