import { identifierLabel, regular } from '../values/label.ts';
import { string } from '../values/scalar.ts';
import type {
  BinaryOperator,
  Choice,
  Comprehension,
  Expression,
  ListLiteral,
  StructLiteral,
  UnaryOperator,
} from './ast.ts';
import { TokenReader } from './reader.ts';
import { malformed, unsupported } from './source.ts';
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

/** What stands for a value: operators by their precedence, selectors, calls, lists, literals. */
export abstract class ExpressionParser extends TokenReader {
  protected abstract struct(): StructLiteral;
  protected abstract startsComprehension(): boolean;
  protected abstract comprehension(): Comprehension;
  /** The expression that an interpolation's tokens are. */
  protected abstract within(tokens: readonly Token[]): Expression;

  protected expression(): Expression {
    return this.deeper(() => this.#disjunction());
  }

  #disjunction(): Expression {
    const place = this.place();
    const choices: Choice[] = [];
    do {
      const at = this.place();
      const preferred = this.take('*');
      choices.push({ preferred, expression: preferred ? this.unary() : this.#binary(2) });
      // `*1 & int` marks the 1, which is then no choice of its own.
      if (preferred && this.#operator() > 1)
        throw malformed(at, 'preference mark not allowed at this position');
    } while (this.take('|'));
    const [first, ...more] = choices as [Choice, ...Choice[]];
    if (more.length > 0) return { type: 'disjunction', choices, ...place };
    if (first.preferred) throw malformed(place, '* marks a choice of a disjunction');
    return first.expression;
  }

  #binary(level: number): Expression {
    let left = this.unary();
    for (;;) {
      const own = this.#operator();
      if (own < level) return left;
      const place = this.place();
      const { text } = this.peek() as Token & { text: string };
      this.at++;
      const right = this.deeper(() => this.#binary(own + 1));
      left = { type: 'binary', operator: text as BinaryOperator, left, right, ...place };
    }
  }

  /** The precedence of the binary operator that follows; 0 where none does. */
  #operator(): number {
    const token = this.peek();
    if (token.type !== 'operator' && token.type !== 'identifier') return 0;
    return Object.hasOwn(precedence, token.text) ? precedence[token.text]! : 0;
  }

  protected unary(): Expression {
    const token = this.peek();
    const place = this.place();
    if (token.type !== 'operator' || !unaryOperators.has(token.text)) return this.#postfix();
    this.at++;
    const operand = this.deeper(() => this.unary());
    return { type: 'unary', operator: token.text as UnaryOperator, operand, ...place };
  }

  #postfix(): Expression {
    let of = this.primary();
    for (;;) {
      const place = this.place();
      if (this.take('.')) {
        const token = this.peek();
        if (token.type === 'identifier') {
          of = { type: 'selector', of, label: identifierLabel(this.identifier()), ...place };
        } else of = { type: 'selector', of, label: regular(this.plainString()), ...place };
      } else if (this.take('[')) {
        const low = this.is(':') ? null : this.expression();
        if (this.take(':')) {
          const high = this.is(']') ? null : this.expression();
          of = { type: 'slice', of, low, high, ...place };
        } else of = { type: 'index', of, index: low!, ...place };
        this.expect(']');
      } else if (this.take('(')) {
        const args: Expression[] = [];
        this.skipNewline();
        while (!this.is(')')) {
          args.push(this.expression());
          this.skipNewline();
          if (!this.comma(',') && !this.is(')')) throw this.unexpected(', or )');
          this.skipNewline();
        }
        this.expect(')');
        of = { type: 'call', of, args, ...place };
      } else if (this.is('...') && of.type !== 'scalar') throw unsupported(place, '... after a value');
      else return of;
    }
  }

  protected primary(): Expression {
    const token = this.tokens[this.at]!;
    const place = this.placeOf(token);
    switch (token.type) {
      case 'number':
        this.at++;
        return { type: 'scalar', value: token.value, ...place };
      case 'string': {
        this.at++;
        const parts = token.parts.map((part) => (typeof part === 'string' ? part : this.within(part)));
        const [only] = parts;
        if (parts.length === 1 && typeof only === 'string')
          return { type: 'scalar', value: string(only), ...place };
        return { type: 'interpolation', parts, ...place };
      }
      case 'identifier':
        this.at++;
        if (token.text === 'true' || token.text === 'false')
          return { type: 'scalar', value: { kind: 'bool', value: token.text === 'true' }, ...place };
        if (token.text === 'null') return { type: 'scalar', value: { kind: 'null' }, ...place };
        return { type: 'identifier', name: token.text, ...place };
      case 'operator':
        if (token.text === '{') return this.struct();
        if (token.text === '[') return this.#list();
        if (this.take('_|_')) return { type: 'bottom', ...place };
        if (this.take('(')) {
          this.skipNewline();
          const expression = this.expression();
          this.skipNewline();
          this.expect(')');
          return expression;
        }
    }
    throw this.unexpected('a value');
  }

  /** What is between `\(` and `)`. */
  protected whole(): Expression {
    const expression = this.expression();
    if (this.peek().type !== 'end') throw this.unexpected(')');
    return expression;
  }

  #list(): ListLiteral {
    const place = this.place();
    this.expect('[');
    const elements: (Expression | Comprehension)[] = [];
    let rest: Expression | true | null = null;
    for (;;) {
      this.skipNewline();
      if (this.is(']')) break;
      if (this.take('...')) {
        rest = this.is(']') || this.peek().type === 'comma' ? true : this.expression();
        this.comma(',');
        this.skipNewline();
        break;
      }
      elements.push(this.startsComprehension() ? this.comprehension() : this.expression());
      this.skipNewline();
      if (!this.comma(',') && !this.is(']')) throw this.unexpected(', or ]');
    }
    this.expect(']');
    return { type: 'list', elements, rest, ...place };
  }
}
