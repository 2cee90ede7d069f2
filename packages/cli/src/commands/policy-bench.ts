import { goJson, parseJsonOrYaml, type Value } from '@pratique/rego';
import { loadSources } from '../policy/load-sources.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { readNamed } from '../policy/read-named.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { compileSources, languageOf, textsOf } from '../policy/sources.ts';
import { boxed } from '../policy/table.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { policyBench } from '../specs/policy.ts';

type Flags = FlagValues<typeof policyBench.flags>;

const WARM_UP_MS = 300;
const MEASURE_MS = 1000;
const MAX_SAMPLES = 1_000_000;

export const run: Run<typeof policyBench.flags> = async ({ args, flags, terminal, signal }) => {
  let texts = new Map<string, string>();
  try {
    const sources = await loadSources(flags, terminal, signal);
    texts = textsOf(sources);
    const input: Value | undefined =
      flags.input === undefined
        ? undefined
        : parseJsonOrYaml(readNamed(flags.input, terminal.cwd), flags.input);
    const policy = compileSources(sources, {
      regoVersion: languageOf(flags),
      ...namedSchemas(flags.schema, terminal.cwd),
    });
    const query = policy.query(args[0]!);
    const evaluate = (): number => query.values(input, { signal, maxSteps: Number.MAX_SAFE_INTEGER }).length;
    if (evaluate() === 0 && flags.fail) {
      terminal.err('undefined result\n');
      return 1;
    }
    for (let round = 0; round < flags.count; round++) print(measure(evaluate, signal), flags, terminal);
    return 0;
  } catch (error) {
    const problems = problemsOf(error, texts);
    if (problems === undefined) throw error;
    terminal.err(problemsText(problems));
    return 1;
  }
};

interface Measured {
  /** Nanoseconds of every evaluation, ascending. */
  readonly samples: Float64Array;
  readonly totalNs: number;
}

function measure(evaluate: () => number, signal: AbortSignal): Measured {
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) evaluate();
  const samples = new Float64Array(MAX_SAMPLES);
  const started = performance.now();
  let count = 0;
  let before = started;
  while (count < MAX_SAMPLES && before - started < MEASURE_MS) {
    evaluate();
    const after = performance.now();
    samples[count++] = (after - before) * 1e6;
    before = after;
  }
  signal.throwIfAborted();
  return { samples: samples.slice(0, count).sort(), totalNs: (before - started) * 1e6 };
}

function print({ samples, totalNs }: Measured, flags: Flags, terminal: Terminal): void {
  const figures = histogram(samples, totalNs);
  const perOperation = totalNs / samples.length;
  if (flags.format === 'json') {
    terminal.out(`${goJson({ N: samples.length, T: Math.round(totalNs), Extra: figures }, '  ')}\n`);
    return;
  }
  if (flags.format === 'gobench') {
    const extra = [...figures].map(([name, value]) => `${value.toFixed(0)} ${name}`).join('\t');
    terminal.out(`BenchmarkOPAEval\t${samples.length}\t${perOperation.toFixed(0)} ns/op\t${extra}\n`);
    return;
  }
  const rows = new Map([['samples', samples.length], ['ns/op', perOperation], ...figures]);
  const texts = [...rows].map(([name, value]) => [name, value.toFixed(0)] as const);
  const longest = Math.max(...texts.map(([, value]) => value.length));
  terminal.out(boxed(texts.map(([name, value]) => [name, value.padStart(longest)])));
}

/** OPA's names for how the evaluations are spread. */
function histogram(samples: Float64Array, totalNs: number): Map<string, number> {
  const mean = totalNs / samples.length;
  const at = (share: number): number =>
    samples[Math.min(samples.length - 1, Math.floor(share * samples.length))]!;
  const variance = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length;
  const figures = {
    '75%': at(0.75),
    '90%': at(0.9),
    '95%': at(0.95),
    '99%': at(0.99),
    '99.9%': at(0.999),
    '99.99%': at(0.9999),
    count: samples.length,
    max: samples.at(-1)!,
    mean,
    median: at(0.5),
    min: samples[0]!,
    stddev: Math.sqrt(variance),
  };
  return new Map(
    Object.entries(figures).map(([name, value]) => [`histogram_timer_rego_query_eval_ns_${name}`, value]),
  );
}
