import {
  Composer,
  type Document,
  isAlias,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  type Scalar,
  visit,
} from 'yaml';

/** What is wrong with a text, and where. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;

  constructor(message: string, { line, col }: { readonly line: number; readonly col: number }) {
    super(message);
    this.line = line;
    this.column = col;
  }

  /** `… at line 3, column 5` */
  get text(): string {
    return `${this.message} at line ${this.line}, column ${this.column}`;
  }
}

export interface YamlOptions {
  /** UTF-16 units. Default 1 Mi. */
  readonly maxCharacters?: number;
  /** Collections in one another. Default 200. */
  readonly maxDepth?: number;
  /** Words, brackets and the like; each costs a microsecond or two. Default 2 million. */
  readonly maxParts?: number;
  /** How many nodes may come of one alias. Default 100. */
  readonly maxAliases?: number;
  /** Whether `<<` takes over the members of another mapping, as Kubernetes' tools do. Default false. */
  readonly merge?: boolean;
}

/** A document of a text, in which places can be found. */
export interface YamlDocument {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

const defaults = { maxCharacters: 2 ** 20, maxDepth: 200, maxParts: 2_000_000 };

/**
 * Reads a text of one document (YAML 1.2, core schema; JSON is that, too). Null where there is none.
 *
 * @throws YamlError
 */
export function readYaml(text: string, options: YamlOptions = {}): unknown {
  const [first, second] = readYamlDocuments(text, options);
  if (first === undefined) return null;
  if (second !== undefined)
    throw new YamlError('a second document', second.lines.linePos(second.document.range[0]));
  return toJs(first, options);
}

/**
 * Reads all documents of a text. Those without content are among them, with `contents: null`.
 *
 * @throws YamlError for the first thing that is wrong
 */
export function readYamlDocuments(text: string, options: YamlOptions = {}): readonly YamlDocument[] {
  const { maxCharacters, maxDepth, maxParts } = { ...defaults, ...options };
  const lines = new LineCounter();
  if (text.length > maxCharacters)
    throw new YamlError(`more than ${maxCharacters} characters`, { line: 1, col: 1 });
  const found: YamlDocument[] = [];
  const parser = new Parser(lines.addNewLine);
  // Keys are compared below: the library compares each with each.
  const composer = new Composer({
    logLevel: 'silent',
    merge: options.merge ?? false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const take = (documents: Iterable<Document.Parsed>) => {
    for (const document of documents) {
      check(document, lines, options);
      found.push({ document, lines });
    }
  };
  const compose = (tokens: ReturnType<Parser['next']>) => {
    for (const token of tokens) {
      if (token.type === 'error') throw new YamlError(token.message, lines.linePos(token.offset));
      take(composer.next(token));
    }
  };
  lines.addNewLine(0);
  let parts = 0;
  for (const lexeme of new Lexer().lex(text)) {
    compose(parser.next(lexeme));
    if (parser.stack.length > maxDepth) throw new YamlError('nested too deep', lines.linePos(parser.offset));
    if (++parts > maxParts)
      throw new YamlError(`more than ${maxParts} words, brackets and the like`, lines.linePos(parser.offset));
  }
  compose(parser.end());
  take(composer.end(false, text.length));
  return found;
}

/**
 * The document as JavaScript has it; aliases are followed up to a limit, so that a small text cannot become a huge value.
 *
 * @throws YamlError
 */
export function toJs(
  { document, lines }: { readonly document: Document; readonly lines: LineCounter },
  { maxAliases = 100 }: YamlOptions = {},
): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch {
    throw new YamlError(
      'too many or unknown aliases',
      lines.linePos(isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0),
    );
  }
}

function check(document: Document.Parsed, lines: LineCounter, { merge }: YamlOptions): void {
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new YamlError(problem.message, lines.linePos(problem.pos[0]));
  const anchors = new Map<string, Scalar>();
  visit(document, {
    Scalar: (_, scalar) => {
      if (scalar.anchor !== undefined) anchors.set(scalar.anchor, scalar);
    },
    Map: (_, map) => {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        const place = () => lines.linePos((isNode(key) ? key.range?.[0] : undefined) ?? 0);
        const text = isAlias(key) ? anchors.get(key.source) : key;
        if (!isScalar(text)) throw new YamlError('a key that is no text', place());
        const name = String(text.value);
        if (keys.has(name) && !(merge && name === '<<'))
          throw new YamlError('Map keys must be unique', place());
        keys.add(name);
      }
    },
  });
}
