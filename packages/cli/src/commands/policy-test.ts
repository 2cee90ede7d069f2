import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CoverageReport,
  type ExplainMode,
  goJson,
  jsonReport,
  prettyLines,
  prettyReport,
  type ReportOptions,
  splitPrefix,
  type TestOptions,
  type TestResult,
  TestSuite,
} from '@pratique/rego';
import { endedBySignals } from '@pratique/storage';
import { allowedBuiltins } from '../policy/capabilities.ts';
import { coverageRuns } from '../policy/coverage-runs.ts';
import { milliseconds } from '../policy/duration.ts';
import { junitReport } from '../policy/junit.ts';
import { withLibrary, withoutLibrary } from '../policy/library.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { coverageJson } from '../policy/results.ts';
import { namedSchemas } from '../policy/schemas.ts';
import {
  compileInput,
  ignored,
  languageOf,
  loadPaths,
  textsOf,
  usage,
  withParseErrors,
} from '../policy/sources.ts';
import { requireRego } from '../policy/target.ts';
import { benchmarkLine, benchmarksJson, benchmarkTests } from '../policy/test-benchmarks.ts';
import { type Watch, watch } from '../policy/watch.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyTest } from '../specs/policy-files.ts';

type Flags = FlagValues<typeof policyTest.flags>;

/** One run of the command: what was asked for. */
interface Session {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly threshold: number | undefined;
  readonly options: TestOptions;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export const run: Run<typeof policyTest.flags> = async ({ args, flags, terminal, signal }) => {
  checkFlags(flags);
  if (flags.sort !== 'none' && flags.format !== 'json')
    terminal.err('warning: --sort is only supported with JSON format\n');
  const threshold = thresholdOf(flags);
  const session: Session = { args, flags, threshold, options: optionsOf(flags, signal), terminal, signal };
  // From before the files are read: what changes meanwhile is a change.
  const paths = args.map((path) => splitPrefix(path).path);
  const watching = flags.watch ? watch(paths, terminal.cwd, signal) : undefined;
  try {
    const suite = await load(session, (text) => terminal.err(text));
    if (suite === undefined) return 1;
    const code = await runTests(suite, session);
    if (watching === undefined) return code;
    await runAgain(watching, session);
    return 0;
  } finally {
    watching?.close();
  }
};

/** Runs the tests after each change, as they are then, until somebody ends it. */
async function runAgain(watching: Watch, session: Session): Promise<void> {
  const { terminal } = session;
  for (;;) {
    terminal.out(`${'*'.repeat(80)}\nWatching for changes ...\n`);
    if (!(await watching.next())) return;
    const suite = await load(session, (text) => terminal.out(text));
    if (suite !== undefined) await runTests(suite, session);
  }
}

/** Reads and compiles policies and tests; undefined where that told of problems. */
async function load(
  { args, flags, threshold, terminal }: Session,
  tell: (text: string) => void,
): Promise<TestSuite | undefined> {
  const regoVersion = languageOf(flags);
  let texts = new Map<string, string>();
  try {
    const found = loadPaths(args, {
      regoVersion,
      ignore: ignored(flags.ignore),
      directory: terminal.cwd,
      bundle: flags.bundle,
    });
    const sources = await withLibrary(found);
    texts = textsOf(sources);
    const input = compileInput(sources, {
      regoVersion,
      maxErrors: flags['max-errors'],
      ...allowedBuiltins(flags.capabilities, terminal.cwd, regoVersion),
      ...namedSchemas(flags.schema, terminal.cwd),
    });
    const runs = coverageRuns('policy test', flags['coverage-runs']);
    const coverage = wantsCoverage(flags, threshold) && (runs ?? true);
    return withParseErrors(sources, () => new TestSuite(input, { coverage, output: !flags.bench }));
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    tell(problemsText(problems));
    return undefined;
  }
}

/** Runs the tests as often as wanted, or up to the first time that some fail; the exit code. */
async function runTests(suite: TestSuite, session: Session): Promise<number> {
  const { flags, options } = session;
  let code = 0;
  for (let round = 0; round < flags.count && code === 0; round++) {
    code = flags.bench
      ? await report(benchmarkTests(suite, options.filter, options), session, {
          json: benchmarksJson,
          passed: (result) =>
            benchmarkLine(result, { memory: flags.benchmem, goName: flags.format === 'gobench' }),
        })
      : await report(suite.run(options), session, { json: jsonReport, coverage: () => suite.coverage() });
  }
  return code;
}

interface Shown<R extends TestResult> extends Pick<ReportOptions<R>, 'passed'> {
  readonly json: (results: readonly R[]) => readonly object[];
  /** Of what has been run. */
  readonly coverage?: () => CoverageReport | undefined;
}

/** Prints what comes out, where the format has lines at once; the exit code it stands for. */
async function report<R extends TestResult>(
  running: Iterable<R>,
  { flags, threshold, terminal, signal }: Session,
  { json, passed, coverage: covered }: Shown<R>,
): Promise<number> {
  const results: R[] = [];
  const iterator = running[Symbol.iterator]();
  const each = function* (): Generator<R> {
    for (;;) {
      const next = endedBySignals(() => iterator.next());
      if (next.done) return;
      results.push(next.value);
      yield next.value;
    }
  };
  const options = { verbose: isVerbose(flags), variables: flags['var-values'], passed };
  const isCovered = wantsCoverage(flags, threshold) && flags.format !== 'junit';
  if (!isCovered && flags.format !== 'json' && flags.format !== 'junit') {
    for (const line of prettyLines(each(), options)) {
      terminal.out(line);
      await nextTurn();
      signal.throwIfAborted();
    }
  } else {
    for (const _ of each()) {
      await nextTurn();
      signal.throwIfAborted();
    }
  }
  const coverage = covered?.();
  const own = coverage && withoutLibrary(coverage);
  if (isCovered && own !== undefined) {
    const faulty = results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
    if (faulty.length > 0) {
      // Coverage of tests that fail says nothing.
      terminal.out(prettyReport(faulty, options));
      return 1;
    }
    if (threshold === undefined || own.coverage >= threshold)
      terminal.out(`${goJson(coverageJson(own), '  ')}\n`);
  } else if (flags.format === 'junit') terminal.out(junitReport(results));
  else if (flags.format === 'json') {
    if (flags.sort === 'duration') results.sort((a, b) => b.durationMs - a.durationMs);
    terminal.out(`${JSON.stringify(json(results), null, 2)}\n`);
  }
  return exitCode(results, own, threshold, flags, terminal);
}

function exitCode(
  results: readonly TestResult[],
  coverage: CoverageReport | undefined,
  threshold: number | undefined,
  flags: Flags,
  terminal: Terminal,
): number {
  if (results.length === 0 && flags['fail-on-empty']) {
    terminal.err('no tests were run\n');
    return 1;
  }
  const isFailure = ({ outcome }: TestResult): boolean =>
    outcome !== 'pass' && !(outcome === 'skip' && flags['exit-zero-on-skipped']);
  if (results.some(isFailure)) return 2;
  if (coverage === undefined || threshold === undefined || coverage.coverage >= threshold) return 0;
  terminal.err(
    `Code coverage threshold not met: got ${coverage.coverage.toFixed(2)} instead of ${threshold.toFixed(2)}\n`,
  );
  return 2;
}

function optionsOf(flags: Flags, signal: AbortSignal): TestOptions {
  const timeout = flags.timeout ?? (flags.bench ? '30s' : '5s');
  return {
    signal,
    maxSteps: Number.MAX_SAFE_INTEGER,
    timeoutMs: milliseconds('timeout', timeout) ?? Number.POSITIVE_INFINITY,
    variables: flags['var-values'],
    ...(isVerbose(flags) || flags['var-values']
      ? { explain: (flags.explain ?? 'notes and fails') as ExplainMode }
      : {}),
    filter: flags.run === undefined ? undefined : pattern(flags.run),
  };
}

function checkFlags(flags: Flags): void {
  requireRego('policy test', flags.target, 'opa test --target wasm runs WebAssembly');
  if (!flags.bench && flags.format === 'gobench')
    throw usage('policy test', 'cannot use output format gobench without running benchmarks (--bench)');
  if (flags.bench && flags.format === 'junit')
    throw usage('policy test', '--bench reports as pretty, json or gobench, and not as junit');
  if (flags.bench && wantsCoverage(flags, thresholdOf(flags)))
    throw usage('policy test', 'coverage reporting is not supported when benchmarking tests');
}

function thresholdOf(flags: Flags): number | undefined {
  const threshold = flags.threshold === undefined ? undefined : Number(flags.threshold);
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 100))
    throw usage('policy test', 'Code coverage threshold must be between 0 and 100');
  return threshold;
}

function wantsCoverage(flags: Flags, threshold: number | undefined): boolean {
  return flags.coverage || flags['coverage-runs'].length > 0 || (threshold !== undefined && threshold > 0);
}

function isVerbose({ verbose, explain }: Flags): boolean {
  return verbose || explain !== undefined;
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    throw usage('policy test', '--run is not a regular expression');
  }
}
