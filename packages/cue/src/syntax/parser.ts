import { limits } from '../limits.ts';
import { identifierLabel, regular } from '../values/label.ts';
import type {
  Clause,
  Comprehension,
  Declaration,
  Expression,
  File,
  Import,
  Label,
  Presence,
  StructLiteral,
} from './ast.ts';
import { ExpressionParser } from './expressions.ts';
import { isOperator } from './reader.ts';
import { Scanner } from './scanner.ts';
import { malformed, type Source, unsupported } from './source.ts';
import type { Token } from './tokens.ts';

/** Attributes that say which files are read, and as what language. */
const ofFiles = new Set(['embed', 'experiment', 'extern', 'if', 'ignore']);

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

class Parser extends ExpressionParser {
  file(): File {
    const start = this.place();
    this.skipCommas();
    while (this.#attribute()) this.endOfDeclaration('end');
    let packageName: string | null = null;
    if (this.word('package') && this.peek(1).type === 'identifier') {
      this.at++;
      packageName = this.identifier();
      this.endOfDeclaration('end');
    }
    const imports: Import[] = [];
    while (this.word('import') && !this.#startsField()) {
      this.at++;
      if (this.take('(')) {
        while (!this.is(')')) {
          imports.push(this.#importSpec());
          this.endOfDeclaration(')');
        }
        this.expect(')');
      } else imports.push(this.#importSpec());
      this.endOfDeclaration('end');
    }
    const declarations = this.#declarations('end');
    return { packageName, imports, body: { type: 'struct', declarations, ...start } };
  }

  #importSpec(): Import {
    const place = this.place();
    const alias = this.peek().type === 'identifier' ? this.identifier() : null;
    const path = this.plainString();
    return { path, name: alias ?? path.split('/').at(-1)!, ...place };
  }

  #declarations(end: '}' | 'end'): Declaration[] {
    const declarations: Declaration[] = [];
    for (;;) {
      this.skipCommas();
      if (this.atEnd(end)) return declarations;
      if (!this.#attribute()) declarations.push(this.#declaration());
      this.endOfDeclaration(end);
    }
  }

  /** Takes an attribute, which says nothing of values; those of a file, which change how it is read, are not supported. */
  #attribute(): boolean {
    const token = this.peek();
    if (token.type !== 'attribute') return false;
    if (ofFiles.has(token.text)) throw unsupported(this.placeOf(token), `the attribute @${token.text}`);
    this.at++;
    return true;
  }

  #declaration(): Declaration {
    const place = this.place();
    if (this.#startsField()) return this.#field();
    if (this.word('let') && this.peek(1).type === 'identifier') {
      this.at++;
      const name = this.identifier();
      this.expect('=');
      return {
        type: 'let',
        name,
        label: `l${this.source.file}:${place.offset}`,
        value: this.expression(),
        ...place,
      };
    }
    if (this.take('...')) {
      return { type: 'ellipsis', ...place };
    }
    if (this.startsComprehension()) return this.comprehension();
    return { type: 'embedding', expression: this.expression(), ...place };
  }

  /** Whether what follows is a label: told by the `:` after it. */
  #startsField(): boolean {
    let at = this.at;
    const operator = (text: string) => isOperator(this.tokens[at], text);
    if (this.tokens[at]?.type === 'identifier' && isOperator(this.tokens[at + 1], '=')) {
      if (this.word('let')) return false;
      at += 2;
    }
    const token = this.tokens[at]!;
    if (token.type === 'identifier' || token.type === 'string') at++;
    else if (operator('[') || operator('(')) at = this.#afterBrackets(at);
    else return false;
    if (operator('?') || operator('!')) at++;
    return operator(':');
  }

  #afterBrackets(from: number): number {
    let depth = 0;
    for (let at = from; at < this.tokens.length; at++) {
      const token = this.tokens[at]!;
      if (token.type !== 'operator') continue;
      if ('([{'.includes(token.text)) depth++;
      else if (')]}'.includes(token.text) && --depth === 0) return at + 1;
    }
    return this.tokens.length - 1;
  }

  #field(): Declaration {
    const place = this.place();
    let alias: string | null = null;
    if (this.peek().type === 'identifier' && isOperator(this.peek(1), '=')) {
      alias = this.identifier();
      this.at++;
    }
    const { label, named } = this.#label();
    const presence: Presence = this.take('?') ? 'optional' : this.take('!') ? 'required' : 'member';
    if (label.kind === 'pattern' && presence !== 'member')
      throw malformed(place, 'a pattern is neither optional nor required');
    if (alias !== null && label.kind !== 'name') throw unsupported(place, 'an alias of such a field');
    this.expect(':');
    const value = this.#startsField() ? this.deeper(() => this.#nestedField()) : this.#value();
    while (this.#attribute());
    return { type: 'field', label, alias, named, presence, value, ...place };
  }

  /** A value, of which an alias can be the name within it. */
  #value(): Expression {
    if (this.peek().type !== 'identifier' || !isOperator(this.peek(1), '=')) return this.expression();
    const place = this.place();
    const alias = this.identifier();
    this.at++;
    const value = this.expression();
    if (value.type !== 'struct') throw unsupported(place, 'an alias of a value that is no struct');
    return { ...value, alias: { name: alias, ...place } };
  }

  /** `a: b: 1` is `a: {b: 1}`. */
  #nestedField(): StructLiteral {
    const place = this.place();
    return { type: 'struct', declarations: [this.#field()], ...place };
  }

  #label(): { label: Label; named: boolean } {
    const token = this.tokens[this.at]!;
    if (token.type === 'identifier') {
      this.at++;
      if (token.text.startsWith('__'))
        throw malformed(this.placeOf(token), 'names that begin with __ are reserved');
      if (token.text === '_') throw malformed(this.placeOf(token), '_ is no label');
      return { label: { kind: 'name', label: identifierLabel(token.text) }, named: true };
    }
    if (token.type === 'string') {
      const expression = this.primary();
      if (expression.type === 'scalar' && expression.value.kind === 'string')
        return { label: { kind: 'name', label: regular(expression.value.value) }, named: false };
      return { label: { kind: 'dynamic', expression }, named: false };
    }
    if (this.take('(')) {
      const expression = this.expression();
      this.expect(')');
      return { label: { kind: 'dynamic', expression }, named: false };
    }
    this.expect('[');
    let alias: string | null = null;
    if (this.peek().type === 'identifier' && isOperator(this.peek(1), '=')) {
      alias = this.identifier();
      this.at++;
    }
    const expression = this.expression();
    this.expect(']');
    return { label: { kind: 'pattern', expression, alias }, named: false };
  }

  protected override startsComprehension(): boolean {
    if (this.word('if')) return true;
    const next = this.peek(1);
    const after = this.peek(2);
    if (!this.word('for') || next.type !== 'identifier') return false;
    return after.type === 'comma' || (after.type === 'identifier' && after.text === 'in');
  }

  protected override comprehension(): Comprehension {
    const place = this.place();
    const clauses: Clause[] = [];
    for (;;) {
      const at = this.place();
      if (this.word('for')) {
        this.at++;
        const first = this.identifier();
        const second = this.comma(',') ? this.identifier() : null;
        if (!this.word('in')) throw this.unexpected('in');
        this.at++;
        const of = this.expression();
        clauses.push({ type: 'for', key: second === null ? null : first, value: second ?? first, of, ...at });
      } else if (this.word('if')) {
        this.at++;
        clauses.push({ type: 'if', condition: this.expression(), ...at });
      } else if (this.word('let') && clauses.length > 0) {
        this.at++;
        const name = this.identifier();
        this.expect('=');
        clauses.push({ type: 'let', name, value: this.expression(), ...at });
      } else break;
      this.comma(',');
    }
    if (!this.is('{')) throw this.unexpected('{');
    return { type: 'comprehension', clauses, body: this.struct(), ...place };
  }

  protected override struct(): StructLiteral {
    const place = this.place();
    this.expect('{');
    const declarations = this.deeper(() => this.#declarations('}'));
    this.expect('}');
    return { type: 'struct', declarations, ...place };
  }

  protected override within(tokens: readonly Token[]): Expression {
    return new Parser(this.source, tokens, this.depth).whole();
  }
}
