import { DEPTH_MESSAGE, isStackOverflow } from '../stack.ts';
import { parseAnnotations, type RawAnnotations } from './annotations.ts';
import { attachAnnotations, type Statement } from './attach.ts';
import { ParseError, parseErrorAt, type SourceErrorEntry } from './errors.ts';
import { parseQuery } from './parse-body.ts';
import { applyImport, parseImport, parsePackage, useKeywords } from './parse-imports.ts';
import { parseRules } from './parse-rules.ts';
import { Parser } from './parser.ts';
import { bodyText, exprText } from './print.ts';
import { checkV1, ruleFromBody } from './rule-from-body.ts';
import { Abort } from './scanner.ts';
import { ALL_FUTURE_KEYWORDS, BASE_KEYWORDS, isKeyword, T, V1_KEYWORDS } from './tokens.ts';
import type { Body, Comment, Location, Module, RegoVersion, Rule, Term } from './types.ts';

/** Longest text that is parsed, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

export interface ParseOptions {
  /** File name for locations and messages. */
  file?: string;
  /** Language version; `v1` if not given. */
  regoVersion?: RegoVersion;
  /** Keywords in force without an import: names from `future.keywords`. */
  futureKeywords?: readonly string[];
  /** Whether METADATA comments are read as annotations; true if not given. */
  annotations?: boolean;
}

type TopLevel = Statement | { kind: 'body'; body: Body; location: Location };

interface Statements {
  statements: TopLevel[];
  comments: Comment[];
  annotations: RawAnnotations[];
}

/**
 * Parses a Rego module (OPA 1.20's language, `v1/ast/parser.go`).
 *
 * @throws {ParseError} with OPA's texts and positions, for anything that is no module, for text over
 *   {@link MAX_TEXT_LENGTH} and for text that nests too deeply.
 */
export function parseModule(text: string, options: ParseOptions = {}): Module {
  return refusingDepth(options, () => readModule(text, options));
}

function readModule(text: string, options: ParseOptions): Module {
  const { file = '', regoVersion = 'v1' } = options;
  const parsed = parseStatements(text, options, true);
  const [first] = parsed.statements;
  if (first === undefined) {
    const [block] = parsed.annotations;
    if (block !== undefined) throw new ParseError([parseErrorAt(block.location, 'package expected')]);
    throw new ParseError([parseErrorAt({ ...NOWHERE, file }, 'empty module')]);
  }
  const errors: SourceErrorEntry[] = [];
  if (first.kind !== 'package') errors.push(parseErrorAt(first.location, 'package expected'));
  const module: Module = {
    kind: 'module',
    package: first.kind === 'package' ? first : { kind: 'package', path: [], location: NOWHERE },
    imports: [],
    rules: [],
    comments: parsed.comments,
    annotations: [],
    regoVersion,
  };
  const statements = addStatements(module, parsed.statements, errors);
  if (module.regoVersion !== 'v0') {
    for (const rule of module.rules) checkV1Rule(rule, errors);
  }
  if (errors.length > 0) throw new ParseError(errors);
  if (parsed.annotations.length === 0) return module;
  const attached = attachAnnotations(parsed.annotations, statements);
  if (attached.errors.length > 0) throw new ParseError(attached.errors);
  module.annotations = attached.annotations;
  return module;
}

const NOWHERE: Location = { file: '', row: 0, col: 0, offset: 0, text: '' };

function addStatements(module: Module, all: readonly TopLevel[], errors: SourceErrorEntry[]): Statement[] {
  const statements: Statement[] = [];
  for (const [i, statement] of all.entries()) {
    switch (statement.kind) {
      case 'package':
        if (i > 0) errors.push(parseErrorAt(statement.location, 'unexpected package'));
        break;
      case 'import': {
        if (i === 0) break;
        module.imports.push(statement);
        const [root, part] = statement.path.terms;
        const isV1 =
          root?.kind === 'var' && root.name === 'rego' && part?.kind === 'string' && part.value === 'v1';
        if (isV1 && module.regoVersion === 'v0') module.regoVersion = 'v0v1';
        break;
      }
      case 'rule':
        if (i > 0) module.rules.push(statement);
        break;
      case 'body': {
        if (i === 0) break;
        const rule = ruleFromBody(statement.body);
        if (typeof rule === 'string') errors.push(parseErrorAt(statement.location, rule));
        else {
          module.rules.push(rule);
          statements.push(rule);
        }
        continue;
      }
    }
    if (statement.kind !== 'body') statements.push(statement);
  }
  return statements;
}

function checkV1Rule(rule: Rule, errors: SourceErrorEntry[]): void {
  for (let part: Rule | undefined = rule; part !== undefined; part = part.else) {
    const { location } = part;
    for (const message of checkV1(part, (name) => isKeyword(name, 'v1')))
      errors.push(parseErrorAt(location, message));
  }
}

/**
 * Parses a query: expressions separated by `;` or line ends, as `opa eval` takes them.
 *
 * @throws {ParseError} where the text is no query. An empty text is an empty body.
 */
export function parseBody(text: string, options: ParseOptions = {}): Body {
  return refusingDepth(options, () => readBody(text, options));
}

function readBody(text: string, options: ParseOptions): Body {
  const body: Body = [];
  for (const statement of parseStatements(text, options, false).statements) {
    if (statement.kind !== 'body') {
      const found = `${statement.kind[0]!.toUpperCase()}${statement.kind.slice(1)}`;
      throw new ParseError([parseErrorAt(NOWHERE, `expected body but got *ast.${found}`)]);
    }
    body.push(...statement.body);
  }
  for (const [i, expr] of body.entries()) expr.index = i;
  return body;
}

/**
 * Parses exactly one term, such as `{"a", input.b}`.
 *
 * @throws {ParseError} where the text is something else.
 */
export function parseTermText(text: string, options: ParseOptions = {}): Term {
  const body = parseBody(text, options);
  const [expr] = body;
  const fail = (message: string): never => {
    throw new ParseError([parseErrorAt(NOWHERE, message)]);
  };
  if (expr === undefined || body.length !== 1)
    return fail(`expected exactly one term but got: ${bodyText(body)}`);
  const { terms } = expr;
  switch (terms.kind) {
    case 'some':
    case 'every':
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
    case 'call':
      return fail(`expected term but got ${exprText(expr)}`);
    default:
      return terms;
  }
}

/** Text that nests further than the stack goes is a parse error as any other. */
function refusingDepth<R>({ file = '' }: ParseOptions, parse: () => R): R {
  try {
    return parse();
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    const location = { ...NOWHERE, file };
    throw new ParseError([{ code: 'rego_depth_error', message: DEPTH_MESSAGE, location }]);
  }
}

/** Reads statements until the text ends or one cannot be read. */
function parseStatements(text: string, options: ParseOptions, withRules: boolean): Statements {
  const { file = '', regoVersion = 'v1', futureKeywords = [], annotations = true } = options;
  if (text.length > MAX_TEXT_LENGTH) {
    throw new ParseError([
      parseErrorAt({ ...NOWHERE, file }, `text longer than ${MAX_TEXT_LENGTH} characters`),
    ]);
  }
  const keywords = regoVersion === 'v1' ? new Map([...BASE_KEYWORDS, ...V1_KEYWORDS]) : BASE_KEYWORDS;
  const p = new Parser(text, file, regoVersion, keywords);
  const unknown = futureKeywords.find((word) => !ALL_FUTURE_KEYWORDS.has(word));
  if (unknown !== undefined)
    throw new ParseError([parseErrorAt(NOWHERE, `unknown future keyword: ${unknown}`)]);
  if (futureKeywords.length > 0) useKeywords(p, futureKeywords);
  const statements: TopLevel[] = [];
  try {
    p.scan();
    while (p.tok !== T.EOF && parseStatement(p, statements, withRules)) p.memo = undefined;
  } catch (error) {
    if (isStackOverflow(error)) {
      p.errors = [{ code: 'rego_depth_error', message: DEPTH_MESSAGE, location: p.loc() }];
    } else if (!(error instanceof Abort)) throw error;
  }
  const { comments } = p;
  const blocks =
    annotations && comments.length > 0
      ? parseAnnotations(comments, (term) => parseTermText(term))
      : undefined;
  for (const { location, message } of blocks?.errors ?? []) p.error(location, message);
  if (p.errors.length > 0) throw new ParseError(p.errors);
  return { statements, comments, annotations: blocks?.annotations ?? [] };
}

/** Reads one statement; false where there is none. */
function parseStatement(p: Parser, statements: TopLevel[], withRules: boolean): boolean {
  const saved = p.save();
  if (p.tok === T.Package) {
    const found = parsePackage(p);
    if (found !== undefined) {
      statements.push(found);
      return true;
    }
    if (p.errors.length > 0) return false;
    p.restore(saved);
  }
  if (p.tok === T.Import) {
    const found = parseImport(p);
    if (found !== undefined) {
      applyImport(p, found);
      statements.push(found);
      return true;
    }
    if (p.errors.length > 0) return false;
    p.restore(saved);
  }
  if (withRules) {
    const rules = parseRules(p);
    if (rules !== undefined) {
      statements.push(...rules);
      return true;
    }
    if (p.errors.length > 0) return false;
    p.restore(saved);
  }
  const body = parseQuery(p, true, T.EOF);
  if (body === undefined) return false;
  statements.push({ kind: 'body', body, location: body[0]!.location });
  return true;
}
