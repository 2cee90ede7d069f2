import {
  Coverage,
  type CoverageKind,
  type CoverageReport,
  type EvaluateOptions,
  type ExplainMode,
  type ExpressionStats,
  explained,
  type PartialOptions,
  type PartialResult,
  type Policy,
  type ProfileOrder,
  Profiler,
  parseModule,
  type QueryOptions,
  type QueryValues,
  type RegoProblem,
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
  /** The further evaluations that tell why lines were not covered; undefined where coverage is not wanted. */
  readonly coverage: readonly CoverageKind[] | undefined;
  /** Told of errors of built-in functions that leave a call without a value. */
  readonly onBuiltinError: ((problem: RegoProblem) => void) | undefined;
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
  scope: QueryOptions,
  sources: Sources,
  wanted: Wanted,
): ObservedQuery {
  const { indexing, earlyExit, onBuiltinError } = wanted;
  const isPlain =
    wanted.explain === undefined &&
    wanted.profile === undefined &&
    wanted.coverage === undefined &&
    onBuiltinError === undefined;
  if (isPlain && indexing && earlyExit) {
    const prepared = policy.query(query, scope);
    return { evaluate: (input, options) => prepared.values(input, options), observed: () => ({}) };
  }
  const traced = policy.tracedQuery(query, scope);
  const observers = new Observers(wanted);
  return {
    evaluate: (input, options) => {
      const all = { indexing, earlyExit, onBuiltinError, ...options };
      return observers.coverage === undefined
        ? traced.values(input, observers.tracer, all)
        : observers.coverage.evaluate(traced, input, all, observers.tracer);
    },
    observed: () => observers.observed(traced.original, sources),
  };
}

export interface ObservedPartial {
  readonly evaluate: (options: PartialOptions) => PartialResult;
  readonly observed: () => Observed;
}

/** Prepares a query for partial evaluation. It covers no line of a policy, as in OPA. */
export function observePartial(
  policy: Policy,
  query: string,
  scope: QueryOptions,
  sources: Sources,
  wanted: Wanted,
): ObservedPartial {
  const prepared = policy.partialQuery(query, scope);
  const observers = new Observers(wanted);
  const isTraced = wanted.explain !== undefined || wanted.profile !== undefined;
  return {
    evaluate: (options) =>
      prepared.evaluate({ ...options, ...(isTraced ? { tracer: observers.tracer } : {}) }),
    observed: () => observers.observed(prepared.original, sources),
  };
}

/** What looks on while a query is evaluated. */
class Observers {
  readonly coverage: Coverage | undefined;
  readonly tracer: Tracer;
  readonly #wanted: Wanted;
  readonly #buffer: TraceBuffer | undefined;
  readonly #profiler: Profiler | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#buffer = wanted.explain === undefined ? undefined : new TraceBuffer(wanted.explain);
    this.#profiler = wanted.profile === undefined ? undefined : new Profiler();
    this.coverage = wanted.coverage === undefined ? undefined : new Coverage(wanted.coverage);
    this.tracer = several(
      [this.#buffer, this.#profiler].filter(
        (item): item is Tracer & NonNullable<typeof item> => item !== undefined,
      ),
    );
  }

  observed(original: (name: string) => string, sources: Sources): Observed {
    const { explain, variables, profile } = this.#wanted;
    return {
      ...(this.#buffer === undefined || explain === undefined
        ? {}
        : { explanation: { events: explained(this.#buffer.events, explain), original, variables } }),
      ...(this.#profiler === undefined
        ? {}
        : { profile: this.#profiler.report(profile?.order, profile?.limit) }),
      ...(this.coverage === undefined ? {} : { coverage: this.coverage.report(modulesOf(sources)) }),
    };
  }
}

function modulesOf({ modules }: Sources): Parameters<Coverage['report']>[0] {
  return new Map(
    [...modules].map(([file, { text, regoVersion }]) => [
      file,
      { module: parseModule(text, { file, regoVersion }), text },
    ]),
  );
}
