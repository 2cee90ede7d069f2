/** Tokens of the GraphQL language (October 2021, section 2.1), with the positions gqlparser gives them. */

/** The text is not GraphQL, or does not fit its schema. The message is OPA's. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
}

export type TokenKind = 'punctuator' | 'name' | 'int' | 'float' | 'string' | 'block' | 'invalid' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The punctuator itself, a name, a number as written, or the value of a string. */
  readonly value: string;
  readonly line: number;
  /** In code points from 1. For strings, the column behind the opening quotes, as in gqlparser. */
  readonly column: number;
  /** Comments that stand before the token. */
  readonly comments: readonly string[];
}

const shownKinds: Readonly<Record<TokenKind, string>> = {
  punctuator: '',
  name: 'Name',
  int: 'Int',
  float: 'Float',
  string: 'String',
  block: 'BlockString',
  invalid: '<Invalid>',
  end: '<EOF>',
};

/** The kind as messages show it. */
export function shownKind(token: Token): string {
  return token.kind === 'punctuator' ? token.value : shownKinds[token.kind];
}

const maxTokens = 1_000_000;

const ignored = /(?:[\t ,\ufeff]|\r\n|\n|\r)+/y;
const comment = /#[^\n\r]*/y;
const punctuator = /\.\.\.|[!$&():=@[\]{}|]/y;
const name = /[_A-Za-z][_0-9A-Za-z]*/y;
const number = /-?(?:0(?![0-9])|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const string = /"((?:[^"\\\n\r\u0000-\u0008\u000b\u000c\u000e-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;
const block = /"""((?:[^"\\]|\\"""|\\|"(?!""))*)"{3,}/y;

/** Splits a document; after text that is no token stands one of kind `invalid`. The last token is the end. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  let comments: string[] = [];
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  /** Moves on, counting lines. */
  const advance = (matched: string) => {
    for (const end of matched.matchAll(/\r\n|\n|\r/g)) {
      line++;
      lineStart = at + end.index + end[0].length;
    }
    at += matched.length;
  };
  let counted = { at: 0, points: 0 };
  /** The column `offset` units on; counted from where it was last counted, so that long lines stay linear. */
  const column = (offset: number) => {
    if (counted.at < lineStart || counted.at > at) counted = { at: lineStart, points: 0 };
    counted = { at, points: counted.points + codePoints(text, counted.at, at) };
    return counted.points + codePoints(text, at, at + offset) + 1;
  };
  const push = (kind: TokenKind, value: string, position: { line: number; column: number }) => {
    tokens.push({ kind, value, ...position, comments });
    comments = [];
    if (tokens.length > maxTokens)
      throw new GraphqlError(`GraphQL parse error: more than ${maxTokens} tokens`);
  };
  for (;;) {
    const space = match(ignored)?.[0];
    if (space !== undefined) {
      advance(space);
      continue;
    }
    const note = match(comment)?.[0];
    if (note !== undefined) {
      comments.push(note);
      at += note.length;
      continue;
    }
    if (at >= text.length) {
      push('end', '', { line, column: column(0) });
      return tokens;
    }
    const start = { line, column: column(0) };
    const sign = match(punctuator)?.[0];
    const word = match(name)?.[0];
    const digits = match(number);
    if (sign !== undefined) {
      push('punctuator', sign, start);
      at += sign.length;
    } else if (word !== undefined) {
      push('name', word, start);
      at += word.length;
    } else if (digits !== null) {
      push(digits[1] === undefined && digits[2] === undefined ? 'int' : 'float', digits[0], start);
      at += digits[0].length;
    } else if (text.startsWith('"""', at)) {
      const found = match(block);
      if (found === null) {
        advance(text.slice(at));
        return invalid({ line, column: column(0) });
      }
      const opened = column(3);
      advance(found[0]);
      const inner = found[1]! + '"'.repeat(found[0].length - found[1]!.length - 6);
      push('block', blockValue(inner), { line, column: opened });
    } else {
      const found = match(string);
      if (found === null) {
        // An unfinished string is an error where it stops.
        const read = /^"(?:[^"\\\n\r]|\\.)*/.exec(text.slice(at))?.[0] ?? '';
        return invalid({ line, column: column(read.length) });
      }
      push('string', JSON.parse(`"${found[1]!.replaceAll('\t', '\\t')}"`) as string, {
        line,
        column: column(1),
      });
      at += found[0].length;
    }
  }

  function invalid(position: { line: number; column: number }): readonly Token[] {
    push('invalid', '', position);
    return tokens;
  }
}

function codePoints(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if ((text.charCodeAt(i) & 0xfc00) !== 0xdc00) count++;
  return count;
}

/** Common indentation and blank lines at both ends are not part of a block string (section 2.9.4). */
function blockValue(raw: string): string {
  const lines = raw.replaceAll('\\"""', '"""').split(/\r\n|\n|\r/);
  const indents = lines
    .slice(1)
    .filter((text) => /[^ \t]/.test(text))
    .map((text) => /^[ \t]*/.exec(text)![0].length);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  const cut = lines.map((text, index) => (index === 0 ? text : text.slice(common)));
  while (cut.length > 0 && !/[^ \t]/.test(cut[0]!)) cut.shift();
  while (cut.length > 0 && !/[^ \t]/.test(cut.at(-1)!)) cut.pop();
  return cut.join('\n');
}
