import type { ExplainMode, ExpressionStats, ProfileOrder, Value } from '@pratique/rego';
import { allowedBuiltins } from '../policy/capabilities.ts';
import { milliseconds } from '../policy/duration.ts';
import { loadSources } from '../policy/load-sources.ts';
import { observe, type Wanted } from '../policy/observe.ts';
import { type Problem, problemsOf } from '../policy/problems.ts';
import { inputOf, queryOf } from '../policy/query-input.ts';
import { type Repeated, repeatedMetrics, repeatedProfile } from '../policy/repeated.ts';
import { type Output, present } from '../policy/results.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { verificationKey } from '../policy/signing.ts';
import { compileSources, languageOf, type Sources, textsOf, usage } from '../policy/sources.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyEval } from '../specs/policy-queries.ts';

type Flags = FlagValues<typeof policyEval.flags>;

export const run: Run<typeof policyEval.flags> = async ({ args, flags, terminal, signal }) => {
  const query = queryOf('policy eval', args, flags, terminal);
  checkFormat(flags);
  if (flags.count < 1) throw usage('policy eval', '--count must be at least 1');
  let texts = new Map<string, string>();
  let input: Value | undefined;
  try {
    input = inputOf(flags, terminal);
  } catch (error) {
    terminal.err(`unable to read input: ${requireProblems(error, texts)[0]!.text}\n`);
    return 2;
  }
  const output: { -readonly [K in keyof Output]: Output[K] } = { problems: [], results: [] };
  try {
    const sources = await loadSources(flags, terminal, signal, verificationKey(flags, terminal.cwd));
    texts = textsOf(sources).set('query', query);
    const runs: Runs = { metrics: [], profiles: [] };
    for (let run = 0; run < flags.count; run++) {
      evaluate(query, input, sources, flags, terminal, signal, output);
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

function evaluate(
  query: string,
  input: Value | undefined,
  sources: Sources,
  flags: Flags,
  terminal: Terminal,
  signal: AbortSignal,
  output: { -readonly [K in keyof Output]: Output[K] },
): void {
  const started = performance.now();
  const policy = compileSources(sources, {
    regoVersion: languageOf(flags),
    strict: flags.strict,
    ...allowedBuiltins(flags.capabilities, terminal.cwd, languageOf(flags)),
    ...namedSchemas(flags.schema, terminal.cwd),
    print: (message) => terminal.err(`${message}\n`),
  });
  const compiled = performance.now();
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
    output.partial = policy.partial(query, {
      ...scope,
      ...options,
      ...(input === undefined ? {} : { input }),
      unknowns: flags.unknowns.length === 0 ? ['input'] : flags.unknowns.flatMap((item) => item.split(',')),
      disableInlining: flags['disable-inlining'],
      shallow: flags['shallow-inlining'],
    });
    return;
  }
  const wanted = wantedOf(flags);
  const prepared = observe(policy, query, scope, sources, wanted);
  const planned = performance.now();
  try {
    output.results = prepared.evaluate(input, options);
  } finally {
    Object.assign(output, prepared.observed());
  }
  if (flags.metrics || wanted.profile !== undefined) {
    const ns = (ms: number): number => Math.round(ms * 1e6);
    output.metrics = {
      timer_rego_module_compile_ns: ns(compiled - started),
      timer_rego_query_compile_ns: ns(planned - compiled),
      timer_rego_query_eval_ns: ns(performance.now() - planned),
    };
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
  return {
    explain: flags.explain === 'off' ? undefined : (flags.explain as ExplainMode),
    variables: flags['var-values'],
    profile: profiles
      ? { order: order as ProfileOrder[], limit: flags.count > 1 ? 0 : (limit ?? PROFILE_LIMIT) }
      : undefined,
    coverage: flags.coverage,
    indexing: !flags['disable-indexing'],
    earlyExit: !flags['disable-early-exit'],
  };
}

/** Lines of a profile, where not said otherwise. */
const PROFILE_LIMIT = 10;

const PROFILE_ORDERS = new Set(['total_time_ns', 'num_eval', 'num_redo', 'num_gen_expr', 'file', 'line']);

function checkFormat({ format, partial }: Flags): void {
  if (partial && format !== 'json' && format !== 'source' && format !== 'pretty') {
    throw usage('policy eval', `--partial gives json, pretty or source, and not ${format}`);
  }
  if (!partial && format === 'source') throw usage('policy eval', '--format source is for --partial');
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
