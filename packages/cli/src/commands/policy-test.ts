import {
  type CoverageReport,
  type ExplainMode,
  goJson,
  jsonReport,
  prettyReport,
  type TestResult,
  TestSuite,
} from '@pratique/rego';
import { allowedBuiltins } from '../policy/capabilities.ts';
import { milliseconds } from '../policy/duration.ts';
import { junitReport } from '../policy/junit.ts';
import { withLibrary, withoutLibrary } from '../policy/library.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { coverageJson } from '../policy/results.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { compileInput, ignored, languageOf, loadPaths, textsOf, usage } from '../policy/sources.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyTest } from '../specs/policy-files.ts';

type Flags = FlagValues<typeof policyTest.flags>;

export const run: Run<typeof policyTest.flags> = async ({ args, flags, terminal, signal }) => {
  const threshold = flags.threshold === undefined ? undefined : Number(flags.threshold);
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 100)) {
    throw usage('policy test', 'Code coverage threshold must be between 0 and 100');
  }
  const timeoutMs = milliseconds('timeout', flags.timeout);
  const withCoverage = flags.coverage || threshold !== undefined;
  let texts = new Map<string, string>();
  let suite: TestSuite;
  try {
    const found = loadPaths(args, {
      regoVersion: languageOf(flags),
      ignore: ignored(flags.ignore),
      directory: terminal.cwd,
      bundle: flags.bundle,
    });
    const sources = await withLibrary(found);
    texts = textsOf(sources);
    suite = new TestSuite(
      compileInput(sources, {
        regoVersion: languageOf(flags),
        ...allowedBuiltins(flags.capabilities, terminal.cwd, languageOf(flags)),
        ...namedSchemas(flags.schema, terminal.cwd),
      }),
      {
        coverage: withCoverage,
      },
    );
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    terminal.err(problemsText(problems));
    return 1;
  }
  let code = 0;
  for (let round = 0; round < flags.count && code === 0; round++) {
    const results: TestResult[] = [];
    const options = {
      signal,
      maxSteps: Number.MAX_SAFE_INTEGER,
      timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
      variables: flags['var-values'],
      ...(isVerbose(flags) || flags['var-values']
        ? { explain: (flags.explain ?? 'notes and fails') as ExplainMode }
        : {}),
      ...(flags.run === undefined ? {} : { filter: pattern(flags.run) }),
    };
    for (const result of suite.run(options)) {
      results.push(result);
      signal.throwIfAborted();
    }
    const coverage = suite.coverage();
    code = report(results, coverage && withoutLibrary(coverage), threshold, flags, terminal);
  }
  return code;
};

/** Prints what came out; the exit code it stands for. */
function report(
  results: readonly TestResult[],
  coverage: CoverageReport | undefined,
  threshold: number | undefined,
  flags: Flags,
  terminal: Terminal,
): number {
  const isFailure = ({ outcome }: TestResult): boolean =>
    outcome !== 'pass' && !(outcome === 'skip' && flags['exit-zero-on-skipped']);
  const failed = results.some(isFailure);
  if (coverage !== undefined && flags.format !== 'junit') {
    const faulty = results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
    if (faulty.length > 0) {
      // Coverage of tests that fail says nothing.
      terminal.out(prettyReport(faulty, shownOf(flags)));
      return 1;
    }
    if (threshold === undefined || coverage.coverage >= threshold) {
      terminal.out(`${goJson(coverageJson(coverage), '  ')}\n`);
    }
  } else terminal.out(text(results, flags));
  if (results.length === 0 && flags['fail-on-empty']) {
    terminal.err('no tests were run\n');
    return 1;
  }
  if (failed) return 2;
  if (coverage === undefined || threshold === undefined || coverage.coverage >= threshold) return 0;
  terminal.err(
    `Code coverage threshold not met: got ${coverage.coverage.toFixed(2)} instead of ${threshold.toFixed(2)}\n`,
  );
  return 2;
}

function text(results: readonly TestResult[], flags: Flags): string {
  if (flags.format === 'junit') return junitReport(results);
  if (flags.format === 'json')
    return results.length === 0 ? '[]\n' : `${JSON.stringify(jsonReport(results), null, 2)}\n`;
  return prettyReport(results, shownOf(flags));
}

function shownOf(flags: Flags): { verbose: boolean; variables: boolean } {
  return { verbose: isVerbose(flags), variables: flags['var-values'] };
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
