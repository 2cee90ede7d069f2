import {
  Coverage,
  type CoverageReport,
  type EvaluateOptions,
  type ExplainMode,
  type ExpressionStats,
  explained,
  type Policy,
  type ProfileOrder,
  Profiler,
  parseModule,
  type QueryValues,
  several,
  TraceBuffer,
  type Tracer,
  type Value,
} from '@pratique/rego';
import type { Explanation } from './results.ts';
import type { Sources } from './sources.ts';

/** What is to be told of an evaluation besides its result. */
export interface Wanted {
  readonly explain: ExplainMode | undefined;
  /** A column with the values of variables in explanations. */
  readonly variables: boolean;
  readonly profile: { readonly order: readonly ProfileOrder[]; readonly limit: number } | undefined;
  readonly coverage: boolean;
  readonly indexing: boolean;
  readonly earlyExit: boolean;
}

export interface Observed {
  readonly explanation?: Explanation;
  readonly profile?: readonly ExpressionStats[];
  readonly coverage?: CoverageReport;
}

export interface ObservedQuery {
  readonly evaluate: (input: Value | undefined, options: EvaluateOptions) => readonly QueryValues[];
  /** What was observed, of evaluations that failed too. */
  readonly observed: () => Observed;
}

/** Prepares a query for the engine that can tell what is wanted. */
export function observe(
  policy: Policy,
  query: string,
  scope: Parameters<Policy['query']>[1],
  sources: Sources,
  wanted: Wanted,
): ObservedQuery {
  const { explain, profile, indexing, earlyExit } = wanted;
  if (explain === undefined && profile === undefined && !wanted.coverage && indexing && earlyExit) {
    const prepared = policy.query(query, scope);
    return { evaluate: (input, options) => prepared.values(input, options), observed: () => ({}) };
  }
  const traced = policy.tracedQuery(query, scope);
  const buffer = explain === undefined ? undefined : new TraceBuffer(explain);
  const profiler = profile === undefined ? undefined : new Profiler();
  const coverage = wanted.coverage ? new Coverage() : undefined;
  const tracer = several(
    [buffer, profiler].filter((item): item is Tracer & NonNullable<typeof item> => item !== undefined),
  );
  return {
    evaluate: (input, options) => {
      const all = { indexing, earlyExit, ...options };
      return coverage === undefined
        ? traced.values(input, tracer, all)
        : coverage.evaluate(traced, input, all, tracer);
    },
    observed: () => ({
      ...(buffer === undefined || explain === undefined
        ? {}
        : {
            explanation: {
              events: explained(buffer.events, explain),
              original: traced.original,
              variables: wanted.variables,
            },
          }),
      ...(profiler === undefined ? {} : { profile: profiler.report(profile?.order, profile?.limit) }),
      ...(coverage === undefined ? {} : { coverage: coverage.report(modulesOf(sources)) }),
    }),
  };
}

function modulesOf({ modules }: Sources): Parameters<Coverage['report']>[0] {
  return new Map(
    [...modules].map(([file, { text, regoVersion }]) => [
      file,
      { module: parseModule(text, { file, regoVersion }), text },
    ]),
  );
}
