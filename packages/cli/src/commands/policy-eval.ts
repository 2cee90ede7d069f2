import {
  BundleError,
  COVERAGE_KINDS,
  type ExplainMode,
  type ExpressionStats,
  type ProfileOrder,
  RegoError,
  type RegoProblem,
  type Value,
} from '@pratique/rego';
import { endedBySignals, hearSignals } from '@pratique/storage';
import { allowedBuiltins } from '../policy/capabilities.ts';
import { coverageRuns } from '../policy/coverage-runs.ts';
import { milliseconds } from '../policy/duration.ts';
import { Laps } from '../policy/laps.ts';
import { loadSources } from '../policy/load-sources.ts';
import { type Observed, observe, observePartial, type Wanted } from '../policy/observe.ts';
import { optimized } from '../policy/optimized.ts';
import { type Problem, problemsOf, problemsText } from '../policy/problems.ts';
import { inputOf, queryOf } from '../policy/query-input.ts';
import { type Repeated, repeatedMetrics, repeatedProfile } from '../policy/repeated.ts';
import { type Output, present } from '../policy/results.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { verificationKey } from '../policy/signing.ts';
import { compileInput, compileSources, languageOf, type Sources, textsOf, usage } from '../policy/sources.ts';
import { requireRego } from '../policy/target.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyEval } from '../specs/policy-queries.ts';

type Flags = FlagValues<typeof policyEval.flags>;

export const run: Run<typeof policyEval.flags> = async ({ args, flags, terminal, signal }) => {
  const query = queryOf('policy eval', args, flags, terminal);
  checkFlags(flags);
  const wanted = wantedOf(flags);
  let texts = new Map<string, string>();
  let input: Value | undefined;
  try {
    input = inputOf(flags, terminal);
  } catch (error) {
    terminal.err(`unable to read input: ${requireProblems(error, texts)[0]!.text}\n`);
    return 2;
  }
  const output: Changing<Output> = { problems: [], results: [] };
  try {
    const loading = new Laps();
    const sources = await loadSources(flags, terminal, signal, verificationKey(flags, terminal.cwd), loading);
    texts = textsOf(sources).set('query', query);
    await hearSignals(signal);
    const optimized = endedBySignals(() => optimizedSources(sources, flags, terminal));
    const asked = { query, input, sources: optimized, flags, wanted };
    if (optimized === undefined) return 2;
    const runs: Runs = { metrics: [], profiles: [] };
    for (let run = 0; run < flags.count; run++) {
      await hearSignals(signal);
      endedBySignals(() => evaluate({ ...asked, sources: optimized }, loading, terminal, signal, output));
      if (output.metrics !== undefined) runs.metrics.push(output.metrics);
      if (output.profile !== undefined) runs.profiles.push(output.profile);
    }
    if (flags.count > 1) output.repeated = repeated(runs, flags);
  } catch (error) {
    if (signal.aborted) throw error;
    output.problems = requireProblems(error, texts);
  }
  const { out, err } = shown(flags.format, output);
  terminal.out(out);
  terminal.err(err);
  if (output.problems.length > 0) return 2;
  const defined = (output.partial?.queries ?? output.results).length > 0;
  return (flags.fail && !defined) || (flags['fail-defined'] && defined) ? 1 : 0;
};

type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** What was measured, run by run. */
interface Runs {
  readonly metrics: Record<string, number>[];
  readonly profiles: (readonly ExpressionStats[])[];
}

function repeated({ metrics, profiles }: Runs, flags: Flags): Repeated | undefined {
  if (metrics.length === 0) return undefined;
  const limit = flags['profile-limit'] ?? PROFILE_LIMIT;
  return {
    metrics: repeatedMetrics(metrics),
    profile: profiles.length === 0 ? undefined : repeatedProfile(profiles, limit),
  };
}

/** The sources as they are to be evaluated; undefined where --optimize told of problems. */
function optimizedSources(sources: Sources, flags: Flags, terminal: Terminal): Sources | undefined {
  if (flags.optimize <= 0) return sources;
  try {
    const input = compileInput(sources, { ...compileOptions(flags, terminal), print: () => undefined });
    return optimized(sources, input, flags, { roots: [''] }, terminal);
  } catch (error) {
    const problems = requireProblems(error, textsOf(sources));
    terminal.err(error instanceof BundleError ? `${problems[0]!.text}\n` : problemsText(problems));
    return undefined;
  }
}

function compileOptions(flags: Flags, terminal: Terminal) {
  return {
    regoVersion: languageOf(flags),
    strict: flags.strict,
    ...allowedBuiltins(flags.capabilities, terminal.cwd, languageOf(flags)),
    ...namedSchemas(flags.schema, terminal.cwd),
  };
}

interface Asked {
  readonly query: string;
  readonly input: Value | undefined;
  readonly sources: Sources;
  readonly flags: Flags;
  readonly wanted: Wanted;
}

/** Compiles and evaluates once. What came of it stands in `output`, where it failed too. */
function evaluate(
  { query, input, sources, flags, wanted }: Asked,
  loading: Laps,
  terminal: Terminal,
  signal: AbortSignal,
  output: Changing<Output>,
): void {
  const laps = new Laps();
  const hasModules = sources.modules.size > 0;
  let compiling = hasModules ? 'rego_module_compile' : undefined;
  laps.begin(hasModules ? 'rego_module_parse' : undefined);
  const failures: RegoProblem[] = [];
  let observed: () => Observed = () => ({});
  try {
    const policy = compileSources(sources, {
      ...compileOptions(flags, terminal),
      onParsed: () => laps.begin(compiling),
      print: (message) => terminal.err(`${message}\n`),
    });
    laps.begin('rego_query_parse');
    compiling = 'rego_query_compile';
    const scope = {
      imports: flags.import,
      ...(flags.package === undefined ? {} : { package: flags.package.replace(/^data\./, '') }),
    };
    const timeoutMs = flags.timeout === undefined ? undefined : milliseconds('timeout', flags.timeout);
    const options = {
      signal,
      strictBuiltinErrors: flags['strict-builtin-errors'],
      maxSteps: Number.MAX_SAFE_INTEGER,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    if (flags.partial) {
      const prepared = observePartial(policy, query, scope, sources, wanted);
      observed = prepared.observed;
      laps.begin('rego_partial_eval');
      output.partial = prepared.evaluate({
        ...options,
        ...(input === undefined ? {} : { input }),
        unknowns: flags.unknowns.length === 0 ? ['input'] : flags.unknowns.flatMap((item) => item.split(',')),
        disableInlining: flags['disable-inlining'],
        shallow: flags['shallow-inlining'],
        nondeterministic: flags['nondeterminstic-builtins'],
      });
    } else {
      const all = flags['show-builtin-errors']
        ? { ...wanted, onBuiltinError: (problem: RegoProblem) => failures.push(problem) }
        : wanted;
      const prepared = observe(policy, query, scope, sources, all);
      observed = prepared.observed;
      laps.begin('rego_query_eval');
      output.results = prepared.evaluate(input, options);
    }
  } finally {
    Object.assign(output, observed());
    if (flags.metrics || wanted.profile !== undefined) output.metrics = laps.metrics(loading);
    if (failures.length > 0)
      output.builtinErrors = requireProblems(new RegoError(failures), textsOf(sources));
  }
}

function wantedOf(flags: Flags): Wanted {
  const order = flags['profile-sort'].flatMap((item) => item.split(','));
  const limit = flags['profile-limit'];
  const profiles = flags.profile || order.length > 0 || limit !== undefined;
  for (const criterion of order) {
    if (!PROFILE_ORDERS.has(criterion)) {
      throw usage('policy eval', `--profile-sort ${criterion}: not one of ${[...PROFILE_ORDERS].join(', ')}`);
    }
  }
  const runs = coverageRuns('policy eval', flags['coverage-runs']);
  return {
    explain: flags.explain === 'off' ? undefined : (flags.explain as ExplainMode),
    variables: flags['var-values'],
    profile: profiles
      ? { order: order as ProfileOrder[], limit: flags.count > 1 ? 0 : (limit ?? PROFILE_LIMIT) }
      : undefined,
    coverage: flags.coverage || runs !== undefined ? (runs ?? COVERAGE_KINDS) : undefined,
    onBuiltinError: undefined,
    indexing: !flags['disable-indexing'],
    earlyExit: !flags['disable-early-exit'],
  };
}

/** Lines of a profile, where not said otherwise. */
const PROFILE_LIMIT = 10;

const PROFILE_ORDERS = new Set(['total_time_ns', 'num_eval', 'num_redo', 'num_gen_expr', 'file', 'line']);

function checkFlags(flags: Flags): void {
  const { format, partial } = flags;
  requireRego(
    'policy eval',
    flags.target,
    'opa eval --target wasm runs WebAssembly, where opa is built for it',
  );
  if (flags.count < 1) throw usage('policy eval', '--count must be at least 1');
  if (partial && format !== 'json' && format !== 'source' && format !== 'pretty') {
    throw usage('policy eval', `--partial gives json, pretty or source, and not ${format}`);
  }
  if (!partial && format === 'source') throw usage('policy eval', '--format source is for --partial');
  if (flags['show-builtin-errors'] && flags['strict-builtin-errors']) {
    throw usage(
      'policy eval',
      '--strict-builtin-errors ends at the first error that --show-builtin-errors is to show',
    );
  }
  if (flags.optimize > 0 && flags.data.length > 0 && flags.bundle.length > 0) {
    throw usage('policy eval', 'specify either --data or --bundle with --optimize');
  }
}

/** What is shown; where a value nests too far for that, the problem in place of the results. */
function shown(format: string, output: Output): { out: string; err: string } {
  try {
    return present(format, output);
  } catch (error) {
    return present(format, { problems: requireProblems(error, new Map()), results: [] });
  }
}

function requireProblems(error: unknown, texts: ReadonlyMap<string, string>): Problem[] {
  const problems = problemsOf(error, texts);
  if (problems === undefined) throw error;
  return problems;
}
