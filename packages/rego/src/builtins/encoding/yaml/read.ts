/** YAML to Rego values as `sigs.k8s.io/yaml` does it: YAML 1.1, first document only, merge keys, string keys. */
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  Scalar,
} from 'yaml';
import { RegoArray, RegoObject, type Value } from '../../../values/index.ts';
import { keyText, numberOf, type Resolved, resolvePlain } from './resolve.ts';

/** The text is not YAML, or not YAML that can be JSON. The message is without go-yaml's `yaml: ` where that has none. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

/** Nodes made through aliases: the bound on "billion laughs" documents. */
const maxAliasNodes = 200_000;
const maxDepth = 1_000;
/** Of what is read at once: the document, its collections, and what stands in the innermost. */
const maxOpen = maxDepth + 3;
/** Each takes a few hundred bytes of memory and a microsecond or two until the document is there. */
const maxLexemes = 5_000_000;

/** Parses the first document. Throws {@link YamlError}. `charge` is called once per node. */
export function readYaml(text: string, charge: (steps: number) => void): Value {
  const lines = new LineCounter();
  const source = text.replace(/^\ufeff/, '');
  if (NOT_ALLOWED.test(source)) throw new YamlError('yaml: control characters are not allowed');
  const document = firstDocument(source, lines);
  if (document === undefined) {
    if (/^%/m.test(source)) throw new YamlError('yaml: did not find expected <document start>');
    return null;
  }
  // The reader takes the end of the stack for a mistake in the text.
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    throw new RangeError('Maximum call stack size exceeded');
  const problem = document.errors[0];
  if (problem !== undefined)
    throw syntaxError(problem.code, problem.message, lines.linePos(problem.pos[0]).line);
  if (document.warnings.some(({ code }) => code === 'BAD_DIRECTIVE'))
    throw new YamlError('yaml: found unknown directive name');
  return new Reader(charge).value(document.contents, 0);
}

/** The first document; nothing is read behind it, nor behind the first mistake: every further one would be kept. */
function firstDocument(source: string, lines: LineCounter): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.1',
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    logLevel: 'silent',
    strict: true,
  });
  for (const token of tokens(source, lines)) {
    for (const document of composer.next(token)) return document;
    // What is said of it belongs to a document, which need not have begun.
    if (token.type === 'error') return [...composer.end(true, source.length)][0];
  }
  for (const document of composer.end(false, source.length)) return document;
  return undefined;
}

/** As `Parser.parse` gives them; a text that nests too deep, or is too long, is not read to its end. */
function* tokens(source: string, lines: LineCounter): ReturnType<Parser['parse']> {
  const parser = new Parser(lines.addNewLine);
  let count = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(source)) {
    yield* parser.next(lexeme);
    if (++count > maxLexemes)
      throw new YamlError(`yaml: more than ${maxLexemes} words and brackets; JSON has no such limit`);
    if (parser.stack.length > maxOpen) throw new YamlError(`yaml: exceeded max depth of ${maxDepth}`);
  }
  yield* parser.end();
}

/** What go-yaml's reader refuses anywhere. */
const NOT_ALLOWED =
  /[^\t\n\r\x20-\x7e\x85\u{a0}-\u{d7ff}\u{e000}-\u{fefe}\u{ff00}-\u{fffd}\u{10000}-\u{10ffff}]/u;

const scannerWords: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'found character that cannot start any token',
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  BAD_DQ_ESCAPE: 'found unknown escape character',
  BAD_SCALAR_START: 'found character that cannot start any token',
};

const parserWords: Readonly<Record<string, string>> = {
  BAD_INDENT: 'did not find expected key',
  BAD_ALIAS: 'did not find expected alphabetic or numeric character',
};

/** What the parser found in go-yaml's words. Its scanner names no line for the first one. */
function syntaxError(code: string, message: string, line: number): YamlError {
  const closing =
    /must end with a ([\]}])/.exec(message)?.[1] ?? (/Flow map/.test(message) ? '}' : undefined);
  const unclosed = code === 'MISSING_CHAR' && /quote/i.test(message);
  const scanner = unclosed ? 'found unexpected end of stream' : scannerWords[code];
  if (scanner !== undefined) return new YamlError(`yaml: ${line > 1 ? `line ${line}: ` : ''}${scanner}`);
  const flow = closing === undefined ? undefined : `did not find expected ',' or '${closing}'`;
  return new YamlError(
    `yaml: line ${line}: ${flow ?? parserWords[code] ?? 'did not find expected node content'}`,
  );
}

type Node = ParsedNode | null | undefined;

class Reader {
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly open = new Set<ParsedNode>();
  private readonly charge: (steps: number) => void;
  private aliasNodes = 0;
  private aliasDepth = 0;

  constructor(charge: (steps: number) => void) {
    this.charge = charge;
  }

  value(node: Node, depth: number): Value {
    const target = this.target(node, depth);
    if (target === undefined) return null;
    if (isScalar(target)) return this.scalarValue(target);
    const throughAlias = isAlias(node) ? 1 : 0;
    this.aliasDepth += throughAlias;
    this.open.add(target);
    const result = isSeq<ParsedNode>(target)
      ? new RegoArray(target.items.map((item) => this.value(item, depth + 1)))
      : isMap<ParsedNode, ParsedNode>(target)
        ? this.object(target.items, depth)
        : null;
    this.open.delete(target);
    this.aliasDepth -= throughAlias;
    return result;
  }

  /** Follows aliases and counts. */
  private target(node: Node, depth: number): ParsedNode | undefined {
    this.charge(1);
    if (this.aliasDepth > 0 && ++this.aliasNodes > maxAliasNodes)
      throw new YamlError('yaml: document contains excessive aliasing');
    if (depth > maxDepth) throw new YamlError(`yaml: exceeded max depth of ${maxDepth}`);
    if (node === null || node === undefined) return undefined;
    if (isAlias(node)) {
      const found = this.anchors.get((node as Alias).source);
      if (found === undefined)
        throw new YamlError(`yaml: unknown anchor '${(node as Alias).source}' referenced`);
      if (this.open.has(found))
        throw new YamlError(`yaml: anchor '${(node as Alias).source}' value contains itself`);
      return found;
    }
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return node;
  }

  private scalarValue(node: Scalar): Value {
    const resolved = resolveScalar(node);
    if (typeof resolved === 'number' && !Number.isFinite(resolved)) {
      throw new YamlError(
        `json: unsupported value: ${Number.isNaN(resolved) ? 'NaN' : resolved > 0 ? '+Inf' : '-Inf'}`,
      );
    }
    return typeof resolved === 'number' || typeof resolved === 'bigint' ? numberOf(resolved) : resolved;
  }

  private object(items: readonly { key: Node; value: Node }[], depth: number): RegoObject {
    const result = new RegoObject();
    const merged: Node[] = [];
    for (const { key, value } of items) {
      if (isScalar(key) && key.type === Scalar.PLAIN && key.source === '<<') merged.push(value);
      else result.set(this.key(key, depth), this.value(value, depth + 1));
    }
    for (const source of merged) this.merge(result, source, depth);
    return result;
  }

  /** `<<`: members of other maps, where the map has none of that name itself. */
  private merge(result: RegoObject, source: Node, depth: number): void {
    const target = this.target(source, depth);
    const sources = isSeq<ParsedNode>(target)
      ? target.items.map((item) => this.value(item, depth + 1))
      : [this.value(target, depth + 1)];
    for (const value of sources) {
      if (!(value instanceof RegoObject))
        throw new YamlError('yaml: map merge requires map or sequence of maps as the value');
      for (const [key, member] of value.entries()) if (!result.has(key)) result.set(key, member);
    }
  }

  private key(node: Node, depth: number): string {
    const target = this.target(node, depth);
    const text = target === undefined || !isScalar(target) ? undefined : keyText(resolveScalar(target));
    if (text === undefined) throw new YamlError('unsupported map key');
    return text;
  }
}

function resolveScalar(node: Scalar): Resolved {
  const text = typeof node.value === 'string' ? node.value : String(node.source ?? '');
  const { tag } = node;
  if (tag === 'tag:yaml.org,2002:binary') return Buffer.from(text, 'base64').toString('latin1');
  if (tag === 'tag:yaml.org,2002:str' || (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:')))
    return text;
  const plain = node.type === Scalar.PLAIN || tag !== undefined;
  const resolved = plain ? resolvePlain(text) : text;
  if (tag === 'tag:yaml.org,2002:float' && typeof resolved === 'bigint') return Number(resolved);
  const expected: Readonly<Record<string, string>> = {
    'tag:yaml.org,2002:int': 'bigint',
    'tag:yaml.org,2002:float': 'number',
    'tag:yaml.org,2002:bool': 'boolean',
  };
  if (tag !== undefined && expected[tag] !== undefined && typeof resolved !== expected[tag]) {
    throw new YamlError(
      `yaml: cannot decode ${kindOf(resolved)} \`${text}\` as a !!${tag.slice('tag:yaml.org,2002:'.length)}`,
    );
  }
  return resolved;
}

function kindOf(value: Resolved): string {
  if (value === null) return '!!null';
  return (
    { string: '!!str', boolean: '!!bool', bigint: '!!int', number: '!!float' }[typeof value as string] ??
    '!!str'
  );
}
