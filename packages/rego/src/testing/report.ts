import { Buffer } from 'node:buffer';
import type { RegoError } from '../errors.ts';
import type { CaseResult, TestResult } from './test-suite.ts';

const RULER = '-'.repeat(80);

/** How results are shown. */
export interface ReportOptions<R extends TestResult = TestResult> {
  /** Tests that passed are shown, and failures that have an explanation follow with it. */
  readonly verbose?: boolean;
  /** Failures follow with the expression that failed. */
  readonly variables?: boolean;
  /** What is shown of a test that passed, in place of what `verbose` shows. */
  readonly passed?: ((result: R) => string) | undefined;
}

/**
 * Results as `opa test` prints them: what did not pass (with `verbose`, everything), and the counts. A test with cases
 * counts as its innermost cases.
 */
export function prettyReport<R extends TestResult>(
  results: Iterable<R>,
  options: ReportOptions<R> = {},
): string {
  return [...prettyLines(results, options)].join('');
}

/** As {@link prettyReport}, line by line, each as soon as it is known. */
export function* prettyLines<R extends TestResult>(
  results: Iterable<R>,
  options: ReportOptions<R> = {},
): Generator<string> {
  for (const line of reportLines(results, options)) yield `${line}\n`;
}

function* reportLines<R extends TestResult>(
  results: Iterable<R>,
  { verbose = false, variables = false, passed }: ReportOptions<R>,
): Generator<string> {
  const counts = { PASS: 0, FAIL: 0, SKIPPED: 0, ERROR: 0 };
  const failures: TestResult[] = [];
  let lastFile: string | undefined;
  let isEmpty = true;
  for (const result of results) {
    count(result, counts);
    if (result.outcome === 'fail' && (verbose || variables)) failures.push(result);
    if (result.outcome === 'pass' && passed === undefined && !verbose) continue;
    isEmpty = false;
    if (result.outcome === 'pass' && passed !== undefined) {
      yield passed(result);
      continue;
    }
    const { file, row } = result.location;
    if (lastFile !== undefined && lastFile !== file) yield '';
    lastFile = file;
    yield `${file}:${row}:`;
    yield headline(result);
    yield* caseLines(result.cases, verbose, '  ');
    if (result.output !== '') yield* ['', ...indented(result.output.trim()), ''];
    if (result.error !== undefined) yield* indented(result.error.toString());
  }
  if (failures.length > 0) {
    yield* [RULER, 'FAILURES', RULER];
    for (const failure of failures) yield* failureLines(failure, verbose, variables);
  }
  if (!isEmpty) yield RULER;
  const total = counts.PASS + counts.FAIL + counts.SKIPPED + counts.ERROR;
  for (const [name, number] of Object.entries(counts)) if (number > 0) yield `${name}: ${number}/${total}`;
}

const WORDS = { pass: 'PASS', fail: 'FAIL', skip: 'SKIPPED', error: 'ERROR' } as const;

function headline({ package: path, name, outcome, durationMs }: TestResult): string {
  const head = `${path}.${name}: ${WORDS[outcome]}`;
  return outcome === 'skip' ? head : `${head} (${goDuration(durationMs)})`;
}

function count(
  { outcome, cases }: TestResult,
  counts: Record<(typeof WORDS)[keyof typeof WORDS], number>,
): void {
  if (cases.length === 0 || outcome === 'skip' || outcome === 'error') counts[WORDS[outcome]]++;
  else for (const { failed } of leaves(cases)) counts[failed ? 'FAIL' : 'PASS']++;
}

function* leaves(cases: readonly CaseResult[]): Generator<CaseResult> {
  for (const entry of cases) {
    if (entry.cases.length === 0) yield entry;
    else yield* leaves(entry.cases);
  }
}

function failureLines(result: TestResult, verbose: boolean, variables: boolean): string[] {
  const { explanation = '', failure, cases } = result;
  const lines = [headline(result)];
  if (verbose) lines.push('', ...explanation.split('\n').slice(0, -1));
  if (cases.length > 0) return [...lines, '', ...failedCases(cases, [], variables), ''];
  return [...lines, ...(variables ? failedAt(failure, '') : []), ''];
}

/** OPA, too, ends the text within a case with the blanks of its margin. */
function failedAt(failure: string | undefined, margin: string): string[] {
  if (failure === undefined) return [margin];
  const lines = failure.split('\n').map((line) => `${margin}  ${line}`);
  return [margin, `${lines.join('\n')}${margin}`];
}

/** Each innermost case that failed, below the names that lead to it. */
function failedCases(cases: readonly CaseResult[], above: readonly string[], variables: boolean): string[] {
  return cases.flatMap(({ name, failed, cases: inner, failure }) => {
    if (!failed) return [];
    const path = [...above, name];
    if (inner.length > 0) return failedCases(inner, path, variables);
    return [
      ...path.map((part, depth) => `${'  '.repeat(depth + 1)}${part}: FAIL`),
      ...(variables ? failedAt(failure, '  '.repeat(path.length + 1)) : []),
    ];
  });
}

function caseLines(cases: readonly CaseResult[], verbose: boolean, indent: string): string[] {
  return cases.flatMap(({ name, failed, cases: inner }) => [
    ...(failed || verbose ? [`${indent}${name}: ${failed ? 'FAIL' : 'PASS'}`] : []),
    ...caseLines(inner, verbose, `${indent}  `),
  ]);
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

/** A duration as Go prints it: `1.5s`, `2.25ms`, `13.1µs`. */
export function goDuration(ms: number): string {
  const ns = Math.round(ms * 1e6);
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${ns / 1e3}µs`;
  return ns < 1e9 ? `${ns / 1e6}ms` : `${ns / 1e9}s`;
}

/** A result in the shape of `opa test --format json`. */
export interface JsonTestResult {
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  readonly package: string;
  readonly name: string;
  readonly fail?: true;
  readonly error?: { readonly code: string; readonly message: string };
  readonly skip?: true;
  /** Nanoseconds. */
  readonly duration: number;
  /** Base64. */
  readonly output?: string;
  readonly sub_results?: JsonCases;
}

export interface JsonCases {
  readonly [name: string]: { readonly name: string; readonly fail?: true; readonly sub_results?: JsonCases };
}

export function jsonReport(results: Iterable<TestResult>): JsonTestResult[] {
  return Array.from(results, (result) => {
    const { location, outcome, error, output, cases } = result;
    return {
      location: { file: location.file, row: location.row, col: location.col },
      package: result.package,
      name: result.name,
      ...(outcome === 'fail' ? { fail: true as const } : {}),
      ...(error === undefined ? {} : { error: jsonError(error) }),
      ...(outcome === 'skip' ? { skip: true as const } : {}),
      duration: Math.round(result.durationMs * 1e6),
      ...(output === '' ? {} : { output: Buffer.from(output).toString('base64') }),
      ...(cases.length === 0 ? {} : { sub_results: jsonCases(cases) }),
    };
  });
}

function jsonError({ code, message }: RegoError): { code: string; message: string } {
  return { code, message };
}

function jsonCases(cases: readonly CaseResult[]): JsonCases {
  const result: Record<string, JsonCases[string]> = Object.create(null);
  for (const { name, failed, cases: inner } of cases) {
    result[name] = {
      name,
      ...(failed ? { fail: true as const } : {}),
      ...(inner.length === 0 ? {} : { sub_results: jsonCases(inner) }),
    };
  }
  return result;
}
