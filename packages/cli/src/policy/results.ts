import {
  type CoverageReport,
  compareStrings,
  type ExpressionStats,
  type GoJson,
  goDuration,
  goJson,
  moduleJson,
  type PartialResult,
  parseJsonText,
  parseModule,
  prettyTrace,
  type QueryValues,
  type TraceEvent,
  traceJson,
  type Value,
} from '@pratique/rego';
import { type Problem, problemsJson, problemsText } from './problems.ts';
import { asJson, goNumber, type Repeated, SPREAD_HEADINGS, spreadCells } from './repeated.ts';
import { boxed, ruled } from './table.ts';

/** What an evaluation came to, as `opa eval` shows it. */
export interface Output {
  readonly problems: readonly Problem[];
  /** Errors of built-in functions that left calls without a value. */
  readonly builtinErrors?: readonly Problem[];
  readonly results: readonly QueryValues[];
  readonly metrics?: Record<string, number>;
  readonly coverage?: CoverageReport;
  readonly explanation?: Explanation;
  readonly partial?: PartialResult;
  readonly profile?: readonly ExpressionStats[];
  /** Of several runs: in place of the metrics and the profile of one. */
  readonly repeated?: Repeated | undefined;
}

/** What happened during an evaluation. */
export interface Explanation {
  readonly events: readonly TraceEvent[];
  /** The name that a variable has in the policy. */
  readonly original: (name: string) => string;
  /** A column with the values of variables. */
  readonly variables: boolean;
}

export type Format = 'json' | 'values' | 'bindings' | 'pretty' | 'raw' | 'discard';

/** Text for standard output and for standard error. */
export function present(format: string, output: Output): { out: string; err: string } {
  if (format === 'json') return { out: document(output, resultsJson(output.results)), err: '' };
  if (format === 'discard') {
    const text = document(output, output.results.length === 0 ? undefined : 'discarded');
    // Unlike with `json`, OPA sorts the members of everything here.
    return { out: `${goJson(parseJsonText(text), '  ')}\n`, err: '' };
  }
  const problems = problemsIn(output);
  const err = problems.length === 0 ? '' : problemsText(problems);
  if (format === 'pretty') return { out: pretty(output), err };
  if (problems.length > 0) return { out: '', err };
  if (output.partial !== undefined) return { out: source(output.partial), err: '' };
  return { out: output.results.map((result) => line(format, result)).join(''), err: '' };
}

function problemsIn({ problems, builtinErrors = [] }: Output): readonly Problem[] {
  return [...problems, ...builtinErrors];
}

function line(format: string, { expressions, bindings }: QueryValues): string {
  if (format === 'bindings') return `${goJson(bindingsJson(bindings) ?? {}, '  ')}\n`;
  if (format === 'values')
    return `${goJson(
      expressions.map(({ value }) => value),
      '  ',
    )}\n`;
  return `${expressions.map(({ value }) => (typeof value === 'string' ? value : goJson(value))).join(' ')}\n`;
}

function prettyExplanation({ explanation }: Output): string {
  return explanation === undefined ? '' : prettyTrace(explanation.events, explanation);
}

function document(output: Output, result: GoJson | undefined): string {
  const { metrics, coverage, explanation, partial, profile, repeated } = output;
  const problems = problemsIn(output);
  const members = {
    errors: problems.length === 0 ? undefined : problemsJson(problems),
    result,
    partial: partial === undefined ? undefined : partialJson(partial),
    metrics: repeated === undefined ? metrics : undefined,
    aggregated_metrics: repeated === undefined ? undefined : asJson(repeated.metrics),
    explanation:
      explanation === undefined || explanation.events.length === 0
        ? undefined
        : (JSON.parse(traceJson(explanation.events, explanation.original)) as GoJson),
    profile: profile === undefined || repeated !== undefined ? undefined : profileJson(profile),
    aggregated_profile: repeated?.profile === undefined ? undefined : profileJson(repeated.profile),
    coverage: coverage === undefined ? undefined : coverageJson(coverage),
  };
  return `${goJson(members, '  ')}\n`;
}

function profileJson(lines: readonly Pick<ExpressionStats, 'text'>[]): GoJson {
  return asJson(lines.map(({ text: _, ...line }) => line));
}

/** What is left of a query, as Rego. */
function source({ queries, modules }: PartialResult): string {
  const shown = queries.map((query, index) => `# Query ${index + 1}\n${query === '' ? '' : `${query}\n`}\n`);
  return [...shown, ...modules.map((module, index) => `# Module ${index + 1}\n${module}`)].join('');
}

function partialPretty({ queries, modules }: PartialResult): string {
  if (queries.length === 0 && modules.length === 0) return 'undefined\n';
  return ruled([
    ...queries.map((text, index) => [`Query ${index + 1}`, text]),
    ...modules.map((text, index) => [`Support ${index + 1}`, text.trimEnd()]),
  ]);
}

function partialJson({ queriesJson, modules }: PartialResult): GoJson {
  const texts = modules.map((module) => moduleJson(parseModule(module), { comments: false }));
  const list = (jsons: readonly string[]): GoJson | undefined =>
    jsons.length === 0 ? undefined : (JSON.parse(`[${jsons.join(',')}]`) as GoJson);
  return { queries: list(queriesJson), modules: list(texts) };
}

/** As OPA writes it: of files, what is empty or zero is left out. */
export function coverageJson({ files, ...counts }: CoverageReport): GoJson {
  const isEmpty = (value: unknown): boolean => value === 0 || (Array.isArray(value) && value.length === 0);
  const reports = Object.entries(files).map(([name, file]): [string, GoJson] => [
    name,
    new Map(Object.entries(file).filter(([, value]) => !isEmpty(value))) as unknown as GoJson,
  ]);
  return { files: new Map(reports), ...counts };
}

function resultsJson(results: readonly QueryValues[]): GoJson | undefined {
  if (results.length === 0) return undefined;
  return results.map(({ expressions, bindings }) => ({
    expressions: expressions.map(({ value, text, location }) => ({
      value,
      text,
      location: { row: location.row, col: location.col },
    })),
    bindings: bindingsJson(bindings),
  }));
}

function bindingsJson(bindings: ReadonlyMap<string, Value>): GoJson | undefined {
  if (bindings.size === 0) return undefined;
  return new Map([...bindings].sort(([a], [b]) => compareStrings(a, b)));
}

function pretty(output: Output): string {
  const { metrics, coverage, profile, repeated } = output;
  const parts = [prettyExplanation(output)];
  if (problemsIn(output).length === 0) parts.push(prettyValues(output));
  if (repeated !== undefined) parts.push(repeatedTables(repeated));
  else if (metrics !== undefined) {
    const rows = Object.entries(metrics as object).map(([name, value]) => [name, String(value)]);
    parts.push(boxed(rows, ['Metric', 'Value']));
  }
  if (repeated === undefined && profile !== undefined && profile.length > 0) {
    const rows = profile.map((line) => [goDuration(line.total_time_ns / 1e6), ...countCells(line)]);
    parts.push(boxed(rows, ['Time', 'Num Eval', 'Num Redo', 'Num Gen Expr', 'Location']));
  }
  if (coverage !== undefined) parts.push(boxed([['Overall Coverage', coverage.coverage.toFixed(2)]]));
  return parts.join('');
}

function prettyValues({ results, partial }: Output): string {
  if (partial !== undefined) return partialPretty(partial);
  return results.length === 0 ? 'undefined\n' : prettyResults(results);
}

function repeatedTables({ metrics, profile = [] }: Repeated): string {
  const rows = Object.entries(metrics).map(([name, times]) => [
    name,
    ...spreadCells(times, (value, whole) => (whole ? String(value) : goNumber(value))),
  ]);
  const lines = profile.map((line) => [
    ...spreadCells(line.total_time_ns_stats, (value) => goDuration(value / 1e6)),
    ...countCells(line),
  ]);
  const counts = ['Num Eval', 'Num Redo', 'Num Gen Expr', 'Location'];
  return (
    boxed(rows, ['Metric', ...SPREAD_HEADINGS]) +
    (lines.length === 0 ? '' : boxed(lines, [...SPREAD_HEADINGS, ...counts]))
  );
}

function countCells(line: Omit<ExpressionStats, 'total_time_ns'>): string[] {
  return [...[line.num_eval, line.num_redo, line.num_gen_expr].map(String), placeOf(line)];
}

/** A line of a policy; of a query, what stands there. */
function placeOf({ location: { file, row }, text }: Pick<ExpressionStats, 'location' | 'text'>): string {
  return file === '' ? text : `${file}:${row}`;
}

function prettyResults(results: readonly QueryValues[]): string {
  const [{ expressions, bindings }] = results as [QueryValues, ...QueryValues[]];
  const isPlain = results.length === 1 && bindings.size === 0;
  if (isPlain && (expressions.length === 1 || expressions.every(({ value }) => typeof value === 'boolean'))) {
    return `${goJson(expressions[0]!.value, '  ')}\n`;
  }
  const shown = expressions
    .map(({ value, text }, index) => ({ value, text, index }))
    .filter(({ value }) => typeof value !== 'boolean' || bindings.size === 0);
  const names = [...bindings.keys()].sort(compareStrings);
  const rows = results.map((result) => [
    ...shown.map(({ index }) => goJson(result.expressions[index]!.value)),
    ...names.map((name) => goJson(result.bindings.get(name) as Value)),
  ]);
  return boxed(rows, [...shown.map(({ text }) => text), ...names]);
}
