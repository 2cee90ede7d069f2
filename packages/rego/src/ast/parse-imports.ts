import { kindName } from './nodes.ts';
import { parseTerm } from './parse-terms.ts';
import type { Parser } from './parser.ts';
import { refText } from './print.ts';
import { ALL_FUTURE_KEYWORDS, isKeyword, T, V1_KEYWORDS } from './tokens.ts';
import type { Import, Package, Ref, Term } from './types.ts';

/** Steps over `package` or `import`; false where the word begins a ref (`package.x`) or nothing usable follows. */
function parseKeyword(p: Parser): boolean {
  p.scanWhitespace();
  if (p.tok === T.Dot || p.tok === T.LBrack) return false;
  if (p.tok === T.Whitespace) p.scan();
  if (!p.at(T.Ident)) {
    if (p.tok < T.Package) {
      p.illegal();
      return false;
    }
    p.tok = T.Ident;
  }
  return true;
}

/** `package a.b["c"]`. Undefined without an error where the text is no such declaration. */
export function parsePackage(p: Parser): Package | undefined {
  const location = p.loc();
  if (!parseKeyword(p)) return undefined;
  const term = parseTerm(p);
  const path = term === undefined ? undefined : packagePath(p, term);
  if (path === undefined) {
    if (p.errors.length === 0) p.error(p.loc(), 'expected path');
    return undefined;
  }
  return { kind: 'package', path, location };
}

function packagePath(p: Parser, term: Term): Term[] | undefined {
  if (term.kind !== 'var' && term.kind !== 'ref') {
    p.illegal();
    return undefined;
  }
  const [first, ...rest] = term.kind === 'var' ? [term] : term.terms;
  if (first?.kind !== 'var') {
    p.error(first!.location, `unexpected ${kindName(first!)} token: expecting var`);
    return undefined;
  }
  const location = first.location;
  const path: Term[] = [
    { kind: 'var', name: 'data', location },
    { kind: 'string', value: first.name, location },
  ];
  for (const part of rest) {
    if (part.kind !== 'string') {
      p.error(part.location, `unexpected ${kindName(part)} token: expecting string`);
      return undefined;
    }
    path.push(part);
  }
  return path;
}

/** `import data.a.b as c`; what the import means for the parser is up to {@link applyImport}. */
export function parseImport(p: Parser): Import | undefined {
  const location = p.loc();
  if (!parseKeyword(p)) return undefined;
  const path = parseImportPath(p);
  if (path === undefined) return undefined;
  const root = path.terms[0]!;
  if (root.kind !== 'var' || !IMPORT_ROOTS.includes(root.name)) {
    p.hint('if this is unexpected, try updating OPA');
    const roots = `{${IMPORT_ROOTS.join(', ')}}`;
    p.error(
      path.location,
      `unexpected import path, must begin with one of: ${roots}, got: ${refText([root])}`,
    );
    return undefined;
  }
  if (p.tok === T.As) {
    p.scan();
    const alias = p.at(T.Ident) ? parseTerm(p) : undefined;
    if (alias?.kind === 'var') return { kind: 'import', path, alias: alias.name, location };
    p.illegal('expected var');
    return undefined;
  }
  const last = path.terms.at(-1)!;
  const name = last.kind === 'var' ? last.name : last.kind === 'string' ? last.value : '';
  if (isKeyword(name, p.version) && (path.terms.length === 1 || root.name !== 'future')) {
    p.hint('import a different path or use an alias');
    p.error(last.location, `unexpected import path, must not end with a keyword, got: ${name}`);
  }
  return { kind: 'import', path, alias: undefined, location };
}

const IMPORT_ROOTS = ['data', 'future', 'input', 'rego'];

/** The path is read without the keywords that can be imported, or `future.keywords.in` could be imported only once. */
function parseImportPath(p: Parser): Ref | undefined {
  const keywords = p.keywords;
  p.keywords = new Map([...keywords].filter(([word]) => !ALL_FUTURE_KEYWORDS.has(word)));
  const term = parseTerm(p);
  p.keywords = keywords;
  if (term?.kind === 'ref') {
    const wrong = term.terms.slice(1).find((part) => part.kind !== 'string');
    if (wrong === undefined) return term;
    p.error(wrong.location, `unexpected ${kindName(wrong)} token: expecting string`);
    return undefined;
  }
  if (term?.kind === 'var') return { kind: 'ref', terms: [term], location: term.location };
  p.error(p.loc(), 'expected path');
  return undefined;
}

/** Puts the keywords of `import future.keywords…` and `import rego.v1` into force. */
export function applyImport(p: Parser, { path, alias }: Import): void {
  const [root, second, third] = path.terms;
  if (root?.kind !== 'var') return;
  if (root.name === 'rego') {
    if (path.terms.length !== 2 || second?.kind !== 'string' || second.value !== 'v1') {
      p.error(path.location, `invalid import \`${refText(path.terms)}\`, must be \`rego.v1\``);
    } else if (p.version !== 'v1') {
      if (alias !== undefined) p.error(path.location, '`rego` imports cannot be aliased');
      else p.keywords = new Map([...p.keywords, ...V1_KEYWORDS]);
    }
    return;
  }
  if (root.name !== 'future') return;
  if (second?.kind !== 'string' || second.value !== 'keywords') {
    p.error(path.location, 'invalid import, must be `future.keywords`');
    return;
  }
  if (alias !== undefined) {
    p.error(path.location, '`future` imports cannot be aliased');
    return;
  }
  let words = [...ALL_FUTURE_KEYWORDS.keys()];
  if (path.terms.length === 3 && third?.kind === 'string') {
    if (!ALL_FUTURE_KEYWORDS.has(third.value)) {
      p.error(path.location, `unexpected keyword, must be one of [${words.toSorted().join(' ')}]`);
      return;
    }
    words = [third.value];
  }
  useKeywords(p, words);
}

/** Makes the words keywords from here on. `every` brings `in` with it, `not` changes what negation means. */
export function useKeywords(p: Parser, words: readonly string[]): void {
  const keywords = new Map(p.keywords);
  for (const word of words) {
    keywords.set(word, ALL_FUTURE_KEYWORDS.get(word)!);
    if (word === 'every') keywords.set('in', T.In);
    if (word === 'not') p.notBodies = true;
  }
  p.keywords = keywords;
}
