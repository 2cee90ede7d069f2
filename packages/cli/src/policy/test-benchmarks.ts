import {
  type EvaluateOptions,
  jsonReport,
  type TestResult,
  type TestSuite,
  type Verdict,
} from '@pratique/rego';
import { benchmarkJson, type Figures, goLine, type Measured, measure, warmUp } from './benchmark.ts';

/** What the measurement of a test came to. */
export interface BenchmarkedTest extends TestResult {
  /** Undefined where the test could not be measured: it failed. */
  readonly benchmark: { readonly measured: Measured; readonly figures: Figures } | undefined;
}

/**
 * Measures tests one after another, as `opa test --bench` does: one that fails is not measured, unless it has cases.
 * `durationMs` is that of the whole measurement.
 */
export function* benchmarkTests(
  suite: TestSuite,
  filter: RegExp | undefined,
  options: EvaluateOptions,
): Generator<BenchmarkedTest> {
  for (const { evaluate, ...id } of suite.prepared(filter)) {
    const started = performance.now();
    let verdict = evaluate(options);
    let benchmark: BenchmarkedTest['benchmark'];
    if (!isOver(verdict)) {
      let evaluationMs = 0;
      const run = (): void => {
        const latest = evaluate(options);
        evaluationMs += latest.durationMs;
        if (!isOver(verdict)) verdict = latest;
      };
      warmUp(run);
      evaluationMs = 0;
      const measured = measure(run);
      const perRun = (evaluationMs * 1e6) / measured.samples.length;
      if (!isOver(verdict))
        benchmark = { measured, figures: new Map([['timer_rego_query_eval_ns/op', perRun]]) };
    }
    const durationMs = performance.now() - started;
    yield { ...id, ...verdict, durationMs, explanation: undefined, failure: undefined, benchmark };
  }
}

function isOver({ outcome, cases }: Verdict): boolean {
  return outcome === 'error' || (outcome === 'fail' && cases.length === 0);
}

/** The line of a test that passed: under its own name, or under one that tools for Go's benchmarks can read. */
export function benchmarkLine(
  { package: path, name, benchmark }: BenchmarkedTest,
  { memory, goName }: { readonly memory: boolean; readonly goName: boolean },
): string {
  if (benchmark === undefined) return '';
  const full = `${path}.${name}`;
  const shown = goName ? `Benchmark${full.split(/[._]/).map(titled).join('')}` : full;
  return `${shown}\t${goLine(benchmark.measured, benchmark.figures, memory)}`;
}

/** Each word with a capital, as Go's `strings.Title` has it. */
function titled(text: string): string {
  return text.replaceAll(/(?<=^|[^\w\u0080-\u{10ffff}]|\p{White_Space})\p{L}/gu, (letter) =>
    letter.toUpperCase(),
  );
}

/** In the shape of `opa test --bench --format json`. */
export function benchmarksJson(results: readonly BenchmarkedTest[]): object[] {
  return jsonReport(results).map(({ sub_results, ...result }, index) => {
    const { benchmark } = results[index] as BenchmarkedTest;
    return {
      ...result,
      benchmark_result: benchmarkJson(benchmark?.measured, benchmark?.figures ?? new Map()),
      ...(sub_results === undefined ? {} : { sub_results }),
    };
  });
}
