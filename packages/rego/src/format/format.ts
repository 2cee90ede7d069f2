import { formatSourceError, ParseError } from '../ast/errors.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import { parseModule } from '../ast/parse.ts';
import { BASE_KEYWORDS, V1_KEYWORDS } from '../ast/tokens.ts';
import type { Comment, Import, Module, Package, Ref, RegoVersion, Rule, Term } from '../ast/types.ts';
import { withinStack } from '../stack.ts';
import { FormatError } from './errors.ts';
import { futureKeyword, isRegoV1, settleImports, writeImports, writePackagePath } from './imports.ts';
import { Layout } from './layout.ts';
import { comparePlaces, GENERATED_FILE } from './places.ts';
import { prepare } from './prepare.ts';
import { writeRules } from './rules.ts';
import { difference } from './same-meaning.ts';
import { checkV1Module } from './v1-checks.ts';

export interface FormatOptions {
  /** File name for messages. */
  file?: string;
  /** The language of the source; `v1` if not given. */
  regoVersion?: RegoVersion;
  /** The language to format for; that of the source if not given. `v0v1` is v0 that is also v1. */
  targetVersion?: RegoVersion;
  /** Leaves out imports of `rego.v1` and `future.keywords` that the target language does not need. */
  dropV0Imports?: boolean;
  /** Whether keywords may stand in refs (`p.not`); true if not given. Else they become `p["not"]`. */
  keywordsInRefs?: boolean;
  /**
   * Whether the result is read again and compared with the source; true if not given. OPA 1.20 writes some modules
   * so that they mean something else (a comment within an operand can swallow the other one). With the check this is
   * an error, without it the result is OPA's.
   */
  checkResult?: boolean;
}

/** Every pass takes parentheses away and adds none, so texts come to rest soon. */
const maxPasses = 10;

/**
 * Formats a module as `opa fmt` 1.20 does (`v1/format/format.go`), and until it rests: where OPA’s takes parentheses
 * away, its result may be formatted otherwise the next time. With `checkResult: false` it is OPA’s one pass.
 *
 * @throws {ParseError} where the text is no module of the source language.
 * @throws {FormatError} where it has no form in the target language.
 * @throws {RegoError} `rego_depth_error` where it nests further than the stack goes.
 */
export function format(text: string, options: FormatOptions = {}): string {
  return withinStack(() => formatted(text, options));
}

function formatted(text: string, options: FormatOptions): string {
  let result = formatOnce(text, options);
  if (options.checkResult === false) return result;
  const target = options.targetVersion ?? options.regoVersion ?? 'v1';
  const again = { ...options, regoVersion: target, targetVersion: target };
  for (let pass = 1; pass < maxPasses; pass++) {
    const next = formatOnce(result, again);
    if (next === result) return result;
    result = next;
  }
  const message = 'cannot be formatted: it does not come to rest';
  throw new FormatError([
    { code: 'rego_format_error', message, location: { ...NO_LOCATION, file: options.file ?? '' } },
  ]);
}

function formatOnce(text: string, options: FormatOptions): string {
  const { file = '', regoVersion = 'v1' } = options;
  const target = options.targetVersion ?? regoVersion;
  const module = parseModule(text, { file, regoVersion, annotations: false });
  if (target !== 'v0') {
    const errors = checkV1Module(module);
    if (errors.length > 0) throw new FormatError(errors);
  }
  const used = prepare(module);
  const imported = module.imports.map(futureKeyword).filter((word) => word !== undefined);
  const all = imported.includes('');
  const v1 = target !== 'v0';
  const regoV1 = v1 || all || module.imports.some(isRegoV1);
  const single = imported.filter((word) => word !== '');
  const keywords = new Set([...BASE_KEYWORDS.keys(), ...(v1 ? V1_KEYWORDS.keys() : []), ...single]);
  const style = {
    contains: regoV1 || imported.includes('contains'),
    ifs: regoV1 || imported.includes('if'),
    refHeads: needsRefHeads(module.rules),
    v1,
    keywords,
    keywordsInRefs: options.keywordsInRefs ?? true,
  };
  const needs = { target, imported: single, used, dropV0Imports: options.dropV0Imports ?? false };
  const imports = settleImports(module.imports, needs);
  const w = new Layout(style, module.comments.map(trimmed));
  writeModule(w, module, imports);
  if (w.errors.length > 0) throw new FormatError(w.errors);
  const result = w.out.replace(/\n+$/, '\n');
  if (options.checkResult ?? true) check(text, result, file, regoVersion, target);
  return result;
}

function check(text: string, result: string, file: string, from: RegoVersion, to: RegoVersion): void {
  let problem: string | undefined;
  try {
    const again = parseModule(result, { file, regoVersion: to, annotations: false });
    problem = difference(parseModule(text, { file, regoVersion: from, annotations: false }), again);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    problem = `the result would not parse: ${formatSourceError(error.errors[0]!)}`;
  }
  if (problem === undefined) return;
  const message = `cannot be formatted: ${problem}`;
  throw new FormatError([{ code: 'rego_format_error', message, location: { ...NO_LOCATION, file } }]);
}

function trimmed({ text, location }: Comment): Comment {
  return { text: text.trimEnd(), location };
}

/** Whether some rule has more in its head than the older forms `p`, `p[x]` and `f(x)`. */
function needsRefHeads(rules: readonly Rule[]): boolean {
  return rules.some(({ head, else: other }) => {
    if (head.ref.length > 2) return true;
    if (head.ref.length === 2 && head.key !== undefined && head.value === undefined) return true;
    return other !== undefined && needsRefHeads([other]);
  });
}

function writeModule(w: Layout, module: Module, imports: readonly Import[]): void {
  let statements: (Import | Rule)[] = [...imports, ...module.rules];
  statements.sort((a, b) => comparePlaces(a.location, b.location));
  let next = writePackage(w, module.package);

  // An import after a rule would have no effect, so one that was added goes before all rules if it would come late.
  const firstRule = firstRow(module.rules);
  const isAdded = (statement: Import | Rule): boolean => statement.location.file === GENERATED_FILE;
  if (statements.some((statement) => isAdded(statement) && statement.location.row >= firstRule)) {
    const added = statements.filter(
      (statement) => statement.kind === 'import' && isAdded(statement),
    ) as Import[];
    statements = statements.filter((statement) => !isAdded(statement));
    next = writeImports(w, added, next);
  }
  for (let i = 0; i < statements.length; ) {
    const from = i;
    const { kind } = statements[i]!;
    while (statements[i]?.kind === kind) i++;
    const run = statements.slice(from, i);
    if (kind === 'import') next = writeImports(w, run as Import[], next);
    else next = writeRules(w, run as Rule[], next);
  }
  for (; next < w.none; next++) {
    w.writeLine(`#${w.comments[next]!.text}`);
    if (next === w.none - 1) w.write('\n');
  }
}

function firstRow(rules: readonly Rule[]): number {
  let row = Number.POSITIVE_INFINITY;
  for (const rule of rules) row = Math.min(row, rule.location.row);
  return row;
}

function writePackage(w: Layout, { path, location }: Package): number {
  const next = w.insertComments(0, location.row);
  w.startLine();
  const [, first, ...rest] = path;
  const head: Term = {
    kind: 'var',
    name: first?.kind === 'string' ? first.value : '',
    location: NO_LOCATION,
  };
  const ref: Ref = { kind: 'ref', terms: [head, ...rest], location };
  writePackagePath(w, ref);
  w.blankLine();
  return next;
}
