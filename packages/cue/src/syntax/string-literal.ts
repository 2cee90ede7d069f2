import { Scanner } from './scanner.ts';
import { malformed, type Source, unsupported } from './source.ts';
import type { StringPart, Token } from './tokens.ts';

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '/': '/',
  '\\': '\\',
  '"': '"',
};

/** A string at `offset`: `"…"`, `"""` over several lines, either between `#`s. */
export function stringLiteral(source: Source, offset: number): { parts: readonly StringPart[]; end: number } {
  const { text } = source;
  const hashes = /^#*/.exec(text.slice(offset, offset + 64))![0];
  const start = offset + hashes.length;
  const multiline = text.startsWith('"""', start);
  const close = (multiline ? '"""' : '"') + hashes;
  const escapeSign = `\\${hashes}`;
  const indent = multiline ? indentOf(source, start + 3, close) : '';
  let at = multiline ? firstLine(source, start + 3) : start + 1;
  let lineStart = at;
  const parts: StringPart[] = [];
  let read = '';
  if (multiline) at = skipIndent(source, at, indent);
  for (;;) {
    if (text.startsWith(close, at)) {
      if (multiline && text.slice(lineStart, at).trim() !== '')
        throw malformed({ source, offset: at }, 'quotes within the text of """');
      // The line break before the closing quotes is not of the text.
      if (multiline) read = read.replace(/\n$/, '');
      return { parts: [...parts, read], end: at + close.length };
    }
    if (at >= text.length) throw malformed({ source, offset }, 'string literal not terminated');
    if (text.startsWith(escapeSign, at)) {
      const after = at + escapeSign.length;
      if (text[after] === '(') {
        const { tokens, end } = interpolation(source, after + 1);
        parts.push(read, tokens);
        read = '';
        at = end;
        continue;
      }
      const { value, end } = escaped(source, after);
      read += value;
      at = end;
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(at)!);
    if (character === '\n') {
      if (!multiline) throw malformed({ source, offset }, 'string literal not terminated');
      read += '\n';
      lineStart = at + 1;
      at = skipIndent(source, at + 1, indent);
      continue;
    }
    if (character === '\r') throw unsupported({ source, offset: at }, 'a carriage return in a string');
    read += character;
    at += character.length;
  }
}

function firstLine(source: Source, at: number): number {
  if (source.text[at] !== '\n')
    throw malformed({ source, offset: at }, 'the text of """ begins on the next line');
  return at + 1;
}

/** What stands before the closing quotes stands before every line, and is not of the text. */
function indentOf(source: Source, from: number, close: string): string {
  const pattern = new RegExp(`\\n([ \\t]*)(?=${close})`, 'g');
  pattern.lastIndex = from;
  const found = pattern.exec(source.text);
  if (found === null) throw malformed({ source, offset: from }, 'string literal not terminated');
  return found[1]!;
}

function skipIndent(source: Source, at: number, indent: string): number {
  if (source.text.startsWith(indent, at)) return at + indent.length;
  if (source.text[at] === '\n') return at;
  throw malformed({ source, offset: at }, 'a line of """ is not indented as its end is');
}

function escaped(source: Source, at: number): { value: string; end: number } {
  const { text } = source;
  const simple = escapes[text[at] ?? ''];
  if (simple !== undefined) return { value: simple, end: at + 1 };
  const long = /^(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/.exec(text.slice(at, at + 9));
  const code = Number.parseInt(long?.[1] ?? long?.[2] ?? 'x', 16);
  if (long === null || Number.isNaN(code) || code > 0x10ffff)
    throw malformed({ source, offset: at }, 'unknown escape sequence');
  if (code >= 0xd800 && code <= 0xdbff) {
    const low = /^\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/.exec(text.slice(at + 5, at + 11));
    if (low !== null) return { value: String.fromCharCode(code, Number.parseInt(low[1]!, 16)), end: at + 11 };
  }
  if (code >= 0xd800 && code <= 0xdfff)
    throw unsupported({ source, offset: at }, 'an escape of half a character');
  return { value: String.fromCodePoint(code), end: at + long[0].length };
}

function interpolation(source: Source, from: number): { tokens: readonly Token[]; end: number } {
  const scanner = new Scanner(source, from);
  const tokens: Token[] = [];
  for (let depth = 0; ; ) {
    const token = scanner.next();
    if (token.type === 'end') throw malformed({ source, offset: from }, 'interpolation not terminated');
    if (token.type === 'operator' && token.text === '(') depth++;
    if (token.type === 'operator' && token.text === ')' && depth-- === 0)
      return { tokens: [...tokens, { type: 'end', offset: token.offset }], end: scanner.offset };
    tokens.push(token);
  }
}
