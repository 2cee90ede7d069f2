import { compareStrings, compareTerms } from '../ast/compare.ts';
import { FUTURE_KEYWORDS } from '../ast/tokens.ts';
import type { Comment, Import, Location, Ref, Term } from '../ast/types.ts';
import type { Layout, Style } from './layout.ts';
import { GENERATED_FILE } from './places.ts';
import { writeRef } from './terms.ts';

/** The path of an import as words: `['future', 'keywords', 'in']`. */
export function importWords({ path }: Import): string[] {
  return path.terms.map((term) =>
    term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : '',
  );
}

export function isRegoV1(imported: Import): boolean {
  return importWords(imported).join('.') === 'rego.v1' && imported.path.terms.length === 2;
}

/** The keyword that `import future.keywords.x` imports; the empty string for all of them. */
export function futureKeyword(imported: Import): string | undefined {
  const [root, keywords, word, ...rest] = importWords(imported);
  return root === 'future' && keywords === 'keywords' && rest.length === 0 ? (word ?? '') : undefined;
}

/** An import that the formatter adds, below the imports of its kind. */
function addedImport(words: readonly string[], imports: readonly Import[]): Import {
  let row = 0;
  for (const other of imports) {
    const isFuture = importWords(other)[0] === 'future' && other.path.terms.length >= 2;
    if (isFuture || isRegoV1(other)) row = Math.max(row, other.location.row);
  }
  const location: Location = {
    file: GENERATED_FILE,
    row: row + 1,
    col: 1,
    offset: 0,
    text: `import ${words.join('.')}`,
  };
  const at = (text: string): Location => ({ ...location, text });
  const terms = words.map(
    (word, i): Term =>
      i === 0
        ? { kind: 'var', name: word, location: at(word) }
        : { kind: 'string', value: word, location: at(word) },
  );
  return { kind: 'import', path: { kind: 'ref', terms, location }, alias: undefined, location };
}

/** The imports with that of a keyword among them. `every` brings `in` with it. */
function withKeyword(imports: readonly Import[], word: string): readonly Import[] {
  const known = imports.some((other) => {
    const imported = futureKeyword(other);
    return imported === '' || imported === word || (imported === 'every' && word === 'in');
  });
  return known ? imports : [...imports, addedImport(['future', 'keywords', word], imports)];
}

/** What the imports have to be for the language the module is formatted for. */
export interface ImportNeeds {
  target: 'v0' | 'v0v1' | 'v1';
  /** Keywords imported one by one. */
  imported: readonly string[];
  /** Keywords that the formatted text will use. */
  used: ReadonlySet<string>;
  dropV0Imports: boolean;
}

/** Adds the imports that the formatted text needs, and takes out those that it does not. */
export function settleImports(imports: readonly Import[], needs: ImportNeeds): readonly Import[] {
  const { target, imported, used, dropV0Imports } = needs;
  if (target === 'v1' && dropV0Imports) imports = imports.filter((other) => !isRegoV1(other));
  else if (target === 'v0v1' && !imports.some(isRegoV1))
    imports = [...imports, addedImport(['rego', 'v1'], imports)];

  const hasRegoV1 = imports.some(isRegoV1);
  if (target === 'v0' && !hasRegoV1) {
    for (const word of used) imports = withKeyword(imports, word);
    return imports;
  }
  if (dropV0Imports || hasRegoV1) imports = imports.filter((other) => importWords(other)[0] !== 'future');
  else for (const word of imported) imports = withKeyword(imports, word);
  for (const word of used) {
    if (FUTURE_KEYWORDS.has(word)) imports = withKeyword(imports, word);
  }
  return imports;
}

/** Writes imports, sorted within the groups that blank lines make in the source. */
export function writeImports(w: Layout, imports: readonly Import[], next: number): number {
  const beside = takeComments(w, imports, next);
  for (const group of groups(imports)) {
    next = w.insertComments(next, group[0]!.location.row);
    for (const imported of group.toSorted(compareImports)) {
      w.startLine();
      writeImport(w, imported);
      const comment = beside.get(imported);
      if (comment !== undefined) w.write(` #${comment.text}`);
      w.endLine();
    }
    w.blankLine();
  }
  return next;
}

/** Takes the comments on the lines of imports out of the queue, so that they move with their import. */
function takeComments(w: Layout, imports: readonly Import[], next: number): Map<Import, Comment> {
  const byRow = new Map<number, Import>();
  for (const imported of imports.toReversed()) byRow.set(imported.location.row, imported);
  const beside = new Map<Import, Comment>();
  w.comments = w.comments.filter((comment, i) => {
    const imported = i < next ? undefined : byRow.get(comment.location.row);
    if (imported !== undefined) beside.set(imported, comment);
    return imported === undefined;
  });
  return beside;
}

function groups(imports: readonly Import[]): Import[][] {
  const all: Import[][] = [];
  let last: Import | undefined;
  for (const imported of imports) {
    if (last === undefined || imported.location.row - last.location.row > 1) all.push([]);
    all.at(-1)!.push(imported);
    last = imported;
  }
  return all;
}

function compareImports(a: Import, b: Import): number {
  return compareTerms(a.path, b.path) || compareStrings(a.alias ?? '', b.alias ?? '');
}

function writeImport(w: Layout, imported: Import): void {
  w.write('import ');
  const { style, comments } = w;
  const keyword = futureKeyword(imported);
  // The word of a keyword import is never put in brackets, unless it is so in the source.
  if (keyword !== undefined && keyword !== '') w.style = plainStyle(style);
  w.comments = [];
  writeRef(w, imported.path.terms, 0);
  w.comments = comments;
  w.style = style;
  if (imported.alias !== undefined) w.write(` as ${imported.alias}`);
}

function plainStyle(style: Style): Style {
  return { ...style, keywords: PLAIN_KEYWORDS, keywordsInRefs: true };
}

const PLAIN_KEYWORDS: ReadonlySet<string> = new Set(['not']);

/** Writes `package a.b`. */
export function writePackagePath(w: Layout, path: Ref): void {
  const { comments } = w;
  w.comments = [];
  w.write('package ');
  writeRef(w, path.terms, 0);
  w.comments = comments;
}
