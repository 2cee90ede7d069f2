import { goJson, type Policy, type Value } from '@pratique/rego';
import { endedBySignals, hearSignals } from '@pratique/storage';
import { benchmarkJson, goLine, type Measured, measure, perRun, warmUp } from '../policy/benchmark.ts';
import { loadSources } from '../policy/load-sources.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { inputOf, queryOf } from '../policy/query-input.ts';
import { spread } from '../policy/repeated.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { compileSources, languageOf, textsOf } from '../policy/sources.ts';
import { boxed } from '../policy/table.ts';
import { requireRego } from '../policy/target.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyBench } from '../specs/policy-queries.ts';

type Flags = FlagValues<typeof policyBench.flags>;

export const run: Run<typeof policyBench.flags> = async ({ args, flags, terminal, signal }) => {
  const text = queryOf('policy bench', args, flags, terminal);
  requireRego('policy bench', flags.target, 'opa bench --target wasm runs WebAssembly');
  let texts = new Map<string, string>();
  try {
    const sources = await loadSources(flags, terminal, signal);
    texts = textsOf(sources);
    const input = inputOf(flags, terminal);
    const policy = compileSources(sources, {
      regoVersion: languageOf(flags),
      ...namedSchemas(flags.schema, terminal.cwd),
    });
    const evaluate = evaluation(policy, text, input, flags, signal);
    await hearSignals(signal);
    if (endedBySignals(evaluate) === 0 && flags.fail) {
      terminal.err('undefined result\n');
      return 1;
    }
    for (let round = 0; round < flags.count; round++) {
      await hearSignals(signal);
      const measured = endedBySignals(() => {
        warmUp(evaluate);
        return measure(evaluate);
      });
      print(measured, flags, terminal);
    }
    return 0;
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    terminal.err(problemsText(problems));
    return 1;
  }
};

/** What is measured; it gives the number of results, or of queries that are left. */
function evaluation(
  policy: Policy,
  text: string,
  input: Value | undefined,
  flags: Flags,
  signal: AbortSignal,
): () => number {
  const scope = {
    imports: flags.import,
    ...(flags.package === undefined ? {} : { package: flags.package.replace(/^data\./, '') }),
  };
  const limits = { signal, maxSteps: Number.MAX_SAFE_INTEGER };
  if (!flags.partial) {
    const query = policy.query(text, scope);
    return () => query.values(input, limits).length;
  }
  const query = policy.partialQuery(text, scope);
  const options = {
    ...limits,
    ...(input === undefined ? {} : { input }),
    unknowns: flags.unknowns.length === 0 ? ['input'] : flags.unknowns,
  };
  return () => query.evaluate(options).queries.length;
}

function print(measured: Measured, flags: Flags, terminal: Terminal): void {
  const { samples, totalNs, bytes } = measured;
  const timer = flags.partial ? 'timer_rego_partial_eval_ns' : 'timer_rego_query_eval_ns';
  const figures = new Map(
    flags.metrics
      ? Object.entries(spread(samples)).map(([name, value]) => [`histogram_${timer}_${name}`, value])
      : [],
  );
  if (flags.format === 'json') {
    terminal.out(`${goJson(benchmarkJson(measured, figures), '  ')}\n`);
    return;
  }
  if (flags.format === 'gobench') {
    terminal.out(`BenchmarkOPAEval\t${goLine(measured, figures, flags.benchmem)}\n`);
    return;
  }
  const texts = [...figures].map(([name, value]) => [name, rounded(value)] as const);
  const rows = [
    ['samples', `${samples.length}`],
    ['ns/op', rounded(totalNs / samples.length)],
    ...(flags.benchmem ? [['B/op', `${perRun(bytes, samples)}`] as const] : []),
    ...texts,
  ] as const;
  const longest = Math.max(...rows.map(([, value]) => value.length));
  terminal.out(boxed(rows.map(([name, value]) => [name, value.padStart(longest)])));
}

/** Small numbers with three digits that count, as `opa bench` shows them in a table. */
function rounded(value: number): string {
  const places = [99.95, 9.995, 0.9995, 0.09995, 0.009995, 0.0009995].findIndex((least) => value >= least);
  return value.toFixed(value === 0 ? 0 : places === -1 ? 6 : places);
}
