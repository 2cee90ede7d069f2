/**
 * What queries and schemas have in common: values, directives, types. Nodes are made in the shape OPA shows: the members
 * of gqlparser's structures without positions, nulls and empty collections.
 */
import { RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { quote } from '../go/quote.ts';
import { GraphqlError, shownKind, type Token, tokenize } from './lexer.ts';

/** A node: members that are undefined, or empty arrays or objects, are left out. */
export function node(members: Readonly<Record<string, Value | readonly Value[] | undefined>>): RegoObject {
  const result = new RegoObject();
  for (const [name, member] of Object.entries(members)) {
    const value = Array.isArray(member)
      ? new RegoArray(member as readonly Value[])
      : (member as Value | undefined);
    if (value === undefined || value === null) continue;
    if (value instanceof RegoArray && value.length === 0) continue;
    if (value instanceof RegoObject && value.size === 0) continue;
    result.set(name, value);
  }
  return result;
}

/** `ValueKind`s of gqlparser. */
const valueKinds = {
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
};

const maxDepth = 200;

export class SyntaxReader {
  private readonly tokens: readonly Token[];
  private at = 0;
  private peeked = false;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  /** The next token; its comments belong to the node that begins with it. */
  peek(): Token {
    this.peeked = true;
    return this.tokens[Math.min(this.at, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    this.peeked = false;
    return token;
  }

  /** The comments of the token that has been looked at and not yet taken. */
  comment(): RegoObject | undefined {
    return this.peeked ? commentGroup(this.peek()) : undefined;
  }

  error(token: Token, message: string): GraphqlError {
    return new GraphqlError(`${message} in GraphQL string at location ${token.line}:${token.column}`);
  }

  unexpected(token = this.peek()): GraphqlError {
    return this.error(token, `Unexpected ${shown(token)}`);
  }

  is(punctuator: string): boolean {
    const token = this.peek();
    return token.kind === 'punctuator' && token.value === punctuator;
  }

  skip(punctuator: string): boolean {
    if (!this.is(punctuator)) return false;
    this.next();
    return true;
  }

  expect(punctuator: string): Token {
    if (this.is(punctuator)) return this.next();
    throw this.error(this.peek(), `Expected ${punctuator}, found ${shownKind(this.peek())}`);
  }

  isWord(word: string): boolean {
    const token = this.peek();
    return token.kind === 'name' && token.value === word;
  }

  /** The keyword, with the comments before it. */
  keyword(word: string): RegoObject | undefined {
    const token = this.peek();
    if (!this.isWord(word)) throw this.error(token, `Expected ${quote(word)}, found ${shown(token)}`);
    const comments = this.comment();
    this.next();
    return comments;
  }

  name(): string {
    const token = this.peek();
    if (token.kind !== 'name') throw this.error(token, `Expected Name, found ${shownKind(token)}`);
    return this.next().value;
  }

  /** A list in brackets that may be missing, but not empty. Gives the comments before its end as well. */
  some<Item>(
    open: string,
    close: string,
    item: () => Item,
  ): { items: Item[]; comment: RegoObject | undefined } {
    const items: Item[] = [];
    if (!this.skip(open)) return { items, comment: undefined };
    while (!this.is(close)) items.push(item());
    if (items.length === 0) {
      throw this.error(this.peek(), `expected at least one definition, found ${shownKind(this.peek())}`);
    }
    const comment = this.comment();
    this.next();
    return { items, comment };
  }

  private nested<Result>(run: () => Result): Result {
    if (++this.depth > maxDepth) throw this.error(this.peek(), `nested deeper than ${maxDepth}`);
    const result = run();
    this.depth--;
    return result;
  }

  /** Selection sets nest through this as well. */
  deeper<Result>(run: () => Result): Result {
    return this.nested(run);
  }

  value(constant: boolean): RegoObject {
    const token = this.peek();
    const comment = this.comment();
    if (token.kind === 'punctuator' && token.value === '[') {
      return this.nested(() =>
        this.collection('[', ']', 'list', comment, () => node({ Name: '', Value: this.value(constant) })),
      );
    }
    if (token.kind === 'punctuator' && token.value === '{') {
      return this.nested(() =>
        this.collection('{', '}', 'object', comment, () => this.objectField(constant)),
      );
    }
    if (token.kind === 'punctuator' && token.value === '$' && !constant) {
      return valueNode('variable', this.variable());
    }
    switch (token.kind) {
      case 'int':
      case 'float':
      case 'string':
      case 'block':
        return valueNode(token.kind, this.next().value);
      case 'name': {
        this.next();
        const kind =
          token.value === 'null' ? 'null' : /^(?:true|false)$/.test(token.value) ? 'boolean' : 'enum';
        return valueNode(kind, token.value);
      }
      default:
        throw this.unexpected(token);
    }
  }

  variable(): string {
    this.expect('$');
    return this.name();
  }

  private collection(
    open: string,
    close: string,
    kind: 'list' | 'object',
    comment: RegoObject | undefined,
    item: () => RegoObject,
  ): RegoObject {
    this.expect(open);
    const children: RegoObject[] = [];
    while (!this.is(close)) children.push(item());
    this.next();
    return valueNode(kind, '', comment, children);
  }

  private objectField(constant: boolean): RegoObject {
    const token = this.peek();
    const comment = commentGroup(token);
    const name = this.name();
    this.expect(':');
    return node({ Name: name, Comment: comment, Value: this.value(constant) });
  }

  arguments(constant: boolean): RegoObject[] {
    return this.some('(', ')', () => {
      const comment = commentGroup(this.peek());
      const name = this.name();
      this.expect(':');
      return node({ Name: name, Comment: comment, Value: this.value(constant) });
    }).items;
  }

  directives(constant: boolean): RegoObject[] {
    const directives: RegoObject[] = [];
    while (this.skip('@')) {
      const name = this.name();
      directives.push(node({ Name: name, Arguments: this.arguments(constant), Location: '' }));
    }
    return directives;
  }

  type(): RegoObject {
    return this.nested(() => {
      if (!this.skip('[')) {
        const named = this.name();
        return node({ NamedType: named, NonNull: this.skip('!') });
      }
      const element = this.type();
      this.expect(']');
      return node({ NamedType: '', Elem: element, NonNull: this.skip('!') });
    });
  }
}

function valueNode(
  kind: keyof typeof valueKinds,
  raw: string,
  comment?: RegoObject,
  children: readonly RegoObject[] = [],
): RegoObject {
  return node({
    Raw: raw,
    Kind: valueKinds[kind],
    Children: children,
    Comment: comment,
    ExpectedTypeHasDefault: false,
  });
}

export function commentGroup(token: Token): RegoObject | undefined {
  if (token.comments.length === 0) return undefined;
  return node({ List: token.comments.map((text) => node({ Value: text })) });
}

function shown(token: Token): string {
  const kind = shownKind(token);
  return token.kind === 'punctuator' || token.value === '' ? kind : `${kind} ${quote(token.value)}`;
}
