import {
  type CoverageReport,
  compareStrings,
  type GoJson,
  goJson,
  parseJsonText,
  type QueryValues,
  type Value,
} from '@pratique/rego';
import { type Problem, problemsJson, problemsText } from './problems.ts';
import { boxed } from './table.ts';

/** What an evaluation came to, as `opa eval` shows it. */
export interface Output {
  readonly problems: readonly Problem[];
  readonly results: readonly QueryValues[];
  readonly metrics?: GoJson;
  readonly coverage?: CoverageReport;
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
  if (output.problems.length > 0) return { out: '', err: problemsText(output.problems) };
  if (format === 'pretty') return { out: pretty(output), err: '' };
  return { out: output.results.map((result) => line(format, result)).join(''), err: '' };
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

function document({ problems, metrics, coverage }: Output, result: GoJson | undefined): string {
  const members = {
    errors: problems.length === 0 ? undefined : problemsJson(problems),
    result,
    metrics,
    // Interfaces have no index signature, which is all that keeps the report from being a `GoJson`.
    coverage: coverage as unknown as GoJson | undefined,
  };
  return `${goJson(members, '  ')}\n`;
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

function pretty({ results, metrics, coverage }: Output): string {
  const parts = [results.length === 0 ? 'undefined\n' : prettyResults(results)];
  if (metrics !== undefined) {
    const rows = Object.entries(metrics as object).map(([name, value]) => [name, String(value)]);
    parts.push(boxed(rows, ['Metric', 'Value']));
  }
  if (coverage !== undefined) parts.push(boxed([['Overall Coverage', coverage.coverage.toFixed(2)]]));
  return parts.join('');
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
