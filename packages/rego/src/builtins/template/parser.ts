/** Templates as trees: text, pipelines, `if`, `with`, `range`, `define`, `template`, `block`. */

import { rethrowOverflow } from '../../stack.ts';
import { type Num, numberFromText, type Value } from '../../values/index.ts';
import { type Piece, splitTemplate, TemplateError, type Token } from './lexer.ts';

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  | { readonly kind: 'fields'; readonly base: Operand; readonly names: readonly string[] };

export interface Pipeline {
  readonly declares: readonly string[];
  readonly assigns: boolean;
  /** Each command is an operand with its arguments; the result of one is the last argument of the next. */
  readonly commands: readonly (readonly Operand[])[];
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined };

export interface Template {
  readonly main: readonly TemplateNode[];
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
}

const maxDepth = 100;

/** Parses a template. Throws {@link TemplateError}. */
export function parseTemplate(text: string): Template {
  return new TemplateParser(splitTemplate(text)).run();
}

class TemplateParser {
  private readonly pieces: readonly Piece[];
  private readonly defined = new Map<string, readonly TemplateNode[]>();
  private at = 0;
  private depth = 0;

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces;
  }

  run(): Template {
    const { nodes, end } = this.list();
    if (end !== undefined)
      throw new TemplateError(`template: template:${end.line}: unexpected {{${end.word}}}`);
    return { main: nodes, defined: this.defined };
  }

  /** Nodes up to an `else` or `end`, which is given back with the rest of its action. */
  private list(): { nodes: TemplateNode[]; end: Ending | undefined } {
    if (++this.depth > maxDepth)
      throw new TemplateError('template: template: exceeded maximum template depth');
    const nodes: TemplateNode[] = [];
    for (let piece = this.pieces[this.at++]; piece !== undefined; piece = this.pieces[this.at++]) {
      if (piece.kind === 'literal') {
        nodes.push({ kind: 'text', text: piece.text });
        continue;
      }
      const action = new ActionParser(piece.tokens, piece.line);
      const word = action.word();
      if (word === 'else' || word === 'end') {
        this.depth--;
        return { nodes, end: { word, action, line: piece.line } };
      }
      const node = this.action(word, action);
      if (node !== undefined) nodes.push(node);
    }
    this.depth--;
    return { nodes, end: undefined };
  }

  private action(word: string | undefined, action: ActionParser): TemplateNode | undefined {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.control(word, action);
      case 'break':
      case 'continue':
        return { kind: word };
      case 'define':
        this.defined.set(action.name(), this.body(action));
        return undefined;
      case 'block': {
        const name = action.name();
        const pipeline = action.pipeline();
        this.defined.set(name, this.body(action));
        return { kind: 'template', name, pipeline };
      }
      case 'template': {
        const name = action.name();
        return { kind: 'template', name, pipeline: action.done ? undefined : action.pipeline() };
      }
      default:
        if (word !== undefined) action.back();
        return { kind: 'output', pipeline: action.pipeline() };
    }
  }

  private body(action: ActionParser): readonly TemplateNode[] {
    const { nodes, end } = this.list();
    if (end?.word !== 'end') throw new TemplateError(`template: template:${action.line}: unexpected EOF`);
    return nodes;
  }

  private control(kind: 'if' | 'with' | 'range', action: ActionParser): TemplateNode {
    const pipeline = action.pipeline();
    const { nodes: body, end } = this.list();
    if (end === undefined) throw new TemplateError(`template: template:${action.line}: unexpected EOF`);
    if (end.word === 'end') return { kind, pipeline, body, otherwise: [] };
    const next = end.action.word();
    // `{{else if}}` and `{{else with}}` share the end of what they belong to.
    if (next === kind && kind !== 'range') {
      return { kind, pipeline, body, otherwise: [this.control(kind, end.action)] };
    }
    return { kind, pipeline, body, otherwise: this.body(action) };
  }
}

interface Ending {
  readonly word: 'else' | 'end';
  readonly action: ActionParser;
  readonly line: number;
}

const functions: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'len',
  'index',
  'slice',
  'print',
  'printf',
  'println',
  'html',
  'js',
  'urlquery',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
]);

const keywords: ReadonlySet<string> = new Set([
  'if',
  'with',
  'range',
  'break',
  'continue',
  'define',
  'block',
  'template',
  'else',
  'end',
]);

class ActionParser {
  readonly line: number;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[], line: number) {
    this.tokens = tokens;
    this.line = line;
  }

  get done(): boolean {
    this.space();
    return this.at >= this.tokens.length;
  }

  /** The keyword that comes next. */
  word(): string | undefined {
    this.space();
    const token = this.tokens[this.at];
    if (token?.kind !== 'word' || !keywords.has(token.text)) return undefined;
    this.at++;
    return token.text;
  }

  back(): void {
    this.at--;
  }

  name(): string {
    this.space();
    const token = this.tokens[this.at++];
    if (token?.kind !== 'text') throw this.unexpected(token, 'template clause');
    return textValue(token.text);
  }

  pipeline(): Pipeline {
    const declares: string[] = [];
    let assigns = false;
    const start = this.at;
    this.space();
    while (this.tokens[this.at]?.kind === 'variable') {
      declares.push(this.tokens[this.at++]!.text);
      this.space();
      if (this.take(',')) {
        this.space();
        continue;
      }
      if (this.take(':=')) break;
      if (this.take('=')) {
        assigns = true;
        break;
      }
      declares.length = 0;
      break;
    }
    if (declares.length === 0) this.at = start;
    const commands: Operand[][] = [];
    do commands.push(this.command());
    while (this.take('|'));
    return { declares, assigns, commands };
  }

  private command(): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      this.space();
      const token = this.tokens[this.at];
      if (token === undefined || (token.kind === 'punctuation' && (token.text === '|' || token.text === ')')))
        break;
      operands.push(this.operand());
    }
    if (operands.length === 0)
      throw new TemplateError(`template: template:${this.line}: missing value for command`);
    return operands;
  }

  private operand(): Operand {
    const base = this.term();
    const names: string[] = [];
    while (this.tokens[this.at]?.kind === 'field') names.push(this.tokens[this.at++]!.text.slice(1));
    return names.length === 0 ? base : { kind: 'fields', base, names };
  }

  private term(): Operand {
    const token = this.tokens[this.at]!;
    // `.name` is a field of dot; the loop of `operand` takes it.
    if (token.kind === 'field') return { kind: 'dot' };
    this.at++;
    switch (token.kind) {
      case 'text':
        return { kind: 'constant', value: textValue(token.text) };
      case 'number':
        return { kind: 'constant', value: numberValue(token.text) };
      case 'variable':
        return { kind: 'variable', name: token.text };
      case 'word':
        return this.wordTerm(token.text);
      case 'punctuation':
        if (token.text === '.') return { kind: 'dot' };
        if (token.text === '(') {
          const pipeline = this.pipeline();
          this.space();
          if (!this.take(')'))
            throw new TemplateError(`template: template:${this.line}: unclosed left paren`);
          return { kind: 'pipeline', pipeline };
        }
        throw this.unexpected(token, 'operand');
      default:
        throw this.unexpected(token, 'operand');
    }
  }

  private wordTerm(word: string): Operand {
    if (word === 'true' || word === 'false') return { kind: 'constant', value: word === 'true' };
    if (word === 'nil') return { kind: 'nil' };
    if (functions.has(word)) return { kind: 'function', name: word };
    throw new TemplateError(`template: template:${this.line}: function ${JSON.stringify(word)} not defined`);
  }

  private take(text: string): boolean {
    this.space();
    const token = this.tokens[this.at];
    if (token?.kind !== 'punctuation' || token.text !== text) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (this.tokens[this.at]?.kind === 'space') this.at++;
  }

  private unexpected(token: Token | undefined, where: string): TemplateError {
    return new TemplateError(
      `template: template:${this.line}: unexpected ${JSON.stringify(token?.text ?? 'end')} in ${where}`,
    );
  }
}

function textValue(literal: string): string {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  try {
    return JSON.parse(
      literal.replace(
        /\\([av'])/g,
        (_whole, letter: string) => ({ a: '\\u0007', v: '\\u000b', "'": "'" })[letter]!,
      ),
    ) as string;
  } catch (error) {
    rethrowOverflow(error);
    throw new TemplateError('template: template: invalid syntax in string');
  }
}

function numberValue(literal: string): Num {
  const plain = literal.replaceAll('_', '').replace(/^\+/, '');
  if (/^-?0[xXbBoO]/.test(plain)) return Number(plain);
  const normal = plain.replace(/^(-?)\./, '$10.').replace(/\.(?=$|[eE])/, '');
  return numberFromText(normal.replace(/^(-?)0+(?=\d)/, '$1'));
}
