/** Tokens of Go's `text/template` actions. */

/** The template is malformed, or fails while it is rendered. The message is in the style of Go's. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export interface Token {
  readonly kind: 'field' | 'variable' | 'word' | 'text' | 'number' | 'punctuation' | 'space';
  readonly text: string;
}

export type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['text', /"(?:[^"\\\n]|\\.)*"/y],
  ['text', /`[^`]*`/y],
  ['number', /[+-]?(?:0[xXbBoO][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)/y],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['punctuation', /:=|[.(),|=]/y],
];

/** Splits a template into literal text and actions; `{{-` and `-}}` trim the white space next to them. */
export function splitTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at <= template.length) {
    const open = template.indexOf('{{', at);
    let literal = template.slice(at, open < 0 ? template.length : open);
    if (trimNext) literal = literal.replace(/^[ \t\r\n]+/, '');
    const trimBefore = open >= 0 && /^-[ \t\r\n]/.test(template.slice(open + 2, open + 4));
    if (trimBefore) literal = literal.replace(/[ \t\r\n]+$/, '');
    if (literal !== '') pieces.push({ kind: 'literal', text: literal });
    if (open < 0) break;
    const line = template.slice(0, open).split('\n').length;
    const inner = open + (trimBefore ? 3 : 2);
    if (/^\s*\/\*/.test(template.slice(inner))) {
      const end = /\*\/\s*(-?)\}\}/y;
      end.lastIndex = template.indexOf('*/', inner);
      const match = end.lastIndex < 0 ? null : end.exec(template);
      if (match === null) throw new TemplateError(`template: template:${line}: unclosed comment`);
      at = end.lastIndex;
      trimNext = match[1] === '-';
      continue;
    }
    const { tokens, end, trim } = readAction(template, inner, line);
    pieces.push({ kind: 'action', tokens, line });
    at = end;
    trimNext = trim;
  }
  return pieces;
}

function readAction(
  template: string,
  from: number,
  line: number,
): { tokens: Token[]; end: number; trim: boolean } {
  const tokens: Token[] = [];
  let at = from;
  while (at < template.length) {
    const close = /^(?:[ \t\r\n]-)?\}\}/.exec(template.slice(at, at + 4))?.[0];
    if (close !== undefined) return { tokens, end: at + close.length, trim: close.length > 2 };
    const token = tokenAt(template, at);
    if (token === undefined) {
      const character = String.fromCodePoint(template.codePointAt(at)!);
      throw new TemplateError(
        `template: template:${line}: unexpected ${JSON.stringify(character)} in command`,
      );
    }
    tokens.push(token);
    at += token.text.length;
  }
  throw new TemplateError(`template: template:${line}: unclosed action`);
}

function tokenAt(template: string, at: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(template)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}
