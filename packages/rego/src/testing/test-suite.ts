import { compareStrings } from '../ast/compare.ts';
import { ParseError } from '../ast/errors.ts';
import { parseModule } from '../ast/parse.ts';
import { refText } from '../ast/print.ts';
import type { Module, Term } from '../ast/types.ts';
import { type Builtin, T } from '../builtins/types.ts';
import type { CompileInput, EvaluateOptions } from '../engine.ts';
import { type ErrorLocation, locate, RegoError } from '../errors.ts';
import { compile, type Policy } from '../query.ts';
import { withinStack } from '../stack.ts';
import type { TraceEvent } from '../topdown/events.ts';
import { type ExplainMode, explained, TraceBuffer } from '../trace/buffer.ts';
import { failingLine, type SourceModule } from '../trace/failing-line.ts';
import { prettyTrace } from '../trace/pretty.ts';
import { type Json, RegoArray, toJson, toJsonText, type Value } from '../values/index.ts';
import {
  COVERAGE_KINDS,
  Coverage,
  type CoverageKind,
  type CoverageReport,
  type CoveredModule,
} from './coverage.ts';
import { hasCases, type Test } from './find-tests.ts';
import { CASE_FUNCTION, type RewrittenTest, rewrite } from './rewrite.ts';

export type Outcome = 'pass' | 'fail' | 'skip' | 'error';

/** One case of a test with cases; it may hold cases itself. */
export interface CaseResult {
  readonly name: string;
  readonly failed: boolean;
  /** By name, in byte order. */
  readonly cases: readonly CaseResult[];
  /** Of a case without cases that failed: as of a test. */
  readonly failure?: string | undefined;
}

/** Which test it is. */
export interface TestId {
  readonly location: ErrorLocation;
  /** `data.a.b` */
  readonly package: string;
  /** `test_x`; the second of that name is `test_x#01`. */
  readonly name: string;
}

/** What one evaluation of a test came to. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly error: RegoError | undefined;
  readonly durationMs: number;
  /** What the test printed. */
  readonly output: string;
  readonly cases: readonly CaseResult[];
}

/** A test that may be evaluated as often as one likes. */
export interface PreparedTest extends TestId {
  readonly evaluate: (options: EvaluateOptions) => Verdict;
}

/** What one test came to. */
export interface TestResult extends TestId, Verdict {
  /** Of a test that failed: what happened, as indented lines of text, where that was asked for. */
  readonly explanation: string | undefined;
  /** Of a test that failed: the expression that failed last with the values of its variables, where asked for. */
  readonly failure: string | undefined;
}

/** How tests are compiled. */
export interface SuiteOptions {
  /** What the tests evaluate is recorded, which makes them slower; of what they do not, these kinds are told apart, or all. */
  readonly coverage?: boolean | readonly CoverageKind[];
  /** What tests print is kept; it is unless this is false, and then `print` costs nothing. */
  readonly output?: boolean;
}

export interface TestOptions extends EvaluateOptions {
  /** Only tests whose full name (`data.a.b.test_x`) it matches are run. */
  readonly filter?: RegExp | undefined;
  /** Tests that fail are explained. */
  readonly explain?: ExplainMode | undefined;
  /** Tests that fail come with the values of variables. */
  readonly variables?: boolean;
}

/** The result of a test that is not run. */
const SKIPPED = {
  outcome: 'skip',
  error: undefined,
  durationMs: 0,
  output: '',
  cases: [],
  explanation: undefined,
  failure: undefined,
} as const;

/** Of explanations: `opa test` puts it wherever it writes, at the ends of lines too. */
const MARGIN = '  ';

/** How long one test may take unless `timeoutMs` says otherwise. */
const DEFAULT_TIMEOUT_MS = 5000;

/**
 * The tests of a set of policies, run as `opa test` runs them (`v1/tester/runner.go`): rules named `test_…` pass when
 * they are true, those named `todo_test_…` are skipped, and a test with cases (`test_x[note] if …`) has a result for
 * each.
 */
export class TestSuite {
  readonly #policy: Policy;
  readonly #tests: readonly RewrittenTest[];
  readonly #coverage: Coverage | undefined;
  readonly #modules = new Map<string, CoveredModule>();
  #output: string[] = [];
  #reached: string[][] = [];
  readonly #source: (file: string) => SourceModule | undefined;
  /** Of the test that is being explained. */
  #steps: TraceBuffer | undefined;
  /** How many steps there were when a case was reached. */
  #reachedAfter: number[] = [];

  /**
   * Compiles policies and tests.
   *
   * @throws {RegoError} where they do not compile.
   */
  constructor(input: CompileInput, { coverage = false, output = true }: SuiteOptions = {}) {
    this.#coverage =
      coverage === false ? undefined : new Coverage(coverage === true ? COVERAGE_KINDS : coverage);
    const modules: Record<string, string> = Object.create(null);
    const originals = new Map<string, Pick<SourceModule, 'text' | 'original'>>();
    const counts = new Map<string, number>();
    const tests: RewrittenTest[] = [];
    for (const [file, text] of Object.entries(input.modules)) {
      const { original, ...rewritten } = withinStack(() => rewrite(text, parse(file, text, input), counts));
      modules[file] = rewritten.text;
      originals.set(file, { text, original });
      if (coverage !== false)
        this.#modules.set(file, { module: parse(file, rewritten.text, input), text, original });
      tests.push(...rewritten.tests);
    }
    this.#tests = tests;
    this.#source = (file) => {
      const source = originals.get(file);
      return source && { ...source, module: parse(file, modules[file] as string, input) };
    };
    const reports: Builtin[] = [
      {
        name: CASE_FUNCTION,
        declaration: { args: [T.any], nondeterministic: true },
        call: (_context, path) => {
          if (path instanceof RegoArray) {
            this.#reached.push(path.items.map(caseName));
            this.#reachedAfter.push(this.#steps?.events.length ?? 0);
          }
          return true;
        },
      },
    ];
    this.#policy = compile({
      ...input,
      modules,
      builtins: [...(input.builtins ?? []), ...reports],
      ...(output ? { print: (message) => this.#output.push(message) } : {}),
    });
  }

  /** Runs the tests one after another, in the order of the files. */
  *run(options: TestOptions = {}): Generator<TestResult> {
    const { filter, explain, variables = false, ...evaluation } = options;
    for (const { id, path, test } of this.#selected(filter)) {
      if (test.skipped) yield { ...id, ...SKIPPED };
      else {
        const verdict = this.#evaluator(path, test)(evaluation);
        const isExplained = verdict.outcome === 'fail' && explain !== undefined;
        yield {
          ...id,
          ...verdict,
          explanation: undefined,
          failure: undefined,
          ...(isExplained ? this.#explain(path, explain, variables, verdict.cases, evaluation) : {}),
        };
      }
    }
  }

  /** The tests, for callers that evaluate them several times; as with `opa test --bench`, those that `todo_` skips too. */
  *prepared(filter?: RegExp): Generator<PreparedTest> {
    for (const { id, path, test } of this.#selected(filter))
      yield { ...id, evaluate: this.#evaluator(path, test) };
  }

  *#selected(filter: RegExp | undefined): Generator<{ id: TestId; path: string; test: Test }> {
    for (const { test, runName, shownName } of this.#tests) {
      const id = {
        location: locate(test.rule.location)!,
        package: refText(test.module.package.path),
        name: refText(renamed(test, shownName)),
      };
      if (filter !== undefined && !filter.test(`${id.package}.${id.name}`)) continue;
      yield {
        id,
        path: refText([...test.module.package.path, ...renamed(test, runName).map(asString)]),
        test,
      };
    }
  }

  /** Evaluates one test. The first evaluation prepares it, and what that takes is a part of its duration. */
  #evaluator(path: string, test: Test): PreparedTest['evaluate'] {
    let prepared: ((options: EvaluateOptions) => Json | undefined) | undefined;
    return (options) => {
      this.#output = [];
      this.#reached = [];
      const started = performance.now();
      let error: RegoError | undefined;
      let value: Json | undefined;
      try {
        prepared ??= this.#prepare(path);
        value = prepared({ timeoutMs: DEFAULT_TIMEOUT_MS, ...options });
      } catch (thrown) {
        if (!(thrown instanceof RegoError)) throw thrown;
        error = thrown;
      }
      const durationMs = performance.now() - started;
      const output = this.#output.map((line) => `${line}\n`).join('');
      const cases = value !== undefined && hasCases(test) ? caseResults(value, this.#reached) : undefined;
      const passed = cases === undefined ? value === true : !cases.some(({ failed }) => failed);
      const outcome = error !== undefined ? 'error' : passed ? 'pass' : 'fail';
      return { outcome, error, durationMs, output, cases: cases ?? [] };
    };
  }

  /** Runs a test again, to see how it comes to fail. */
  #explain(
    path: string,
    mode: ExplainMode,
    variables: boolean,
    cases: readonly CaseResult[],
    options: EvaluateOptions,
  ): Pick<TestResult, 'cases' | 'explanation' | 'failure'> {
    const query = this.#policy.tracedQuery(path);
    const buffer = new TraceBuffer(mode);
    this.#steps = buffer;
    this.#reached = [];
    this.#reachedAfter = [];
    try {
      query.values(undefined, buffer, { timeoutMs: DEFAULT_TIMEOUT_MS, ...options, silent: true });
    } finally {
      this.#steps = undefined;
    }
    const shown = explained(buffer.events, mode);
    const explanation = prettyTrace(shown, { original: query.original, variables, margin: MARGIN });
    if (!variables) return { cases, explanation, failure: undefined };
    const isShown = new Set(shown);
    const failure = (events: readonly TraceEvent[]): string | undefined =>
      failingLine(events, isShown, this.#source, query.original);
    if (cases.length === 0) return { cases, explanation, failure: failure(buffer.events) };
    return {
      cases: withFailures(cases, [], this.#stepsByCase(buffer.events), failure),
      explanation,
      failure: undefined,
    };
  }

  /** The steps from where a case was reached up to the next, by the names of the case as JSON. */
  #stepsByCase(events: readonly TraceEvent[]): Map<string, TraceEvent[]> {
    const steps = new Map<string, TraceEvent[]>();
    for (const [index, names] of this.#reached.entries()) {
      const key = JSON.stringify(names);
      const own = events.slice(this.#reachedAfter[index], this.#reachedAfter[index + 1]);
      steps.set(key, [...(steps.get(key) ?? []), ...own]);
    }
    return steps;
  }

  #prepare(path: string): (options: EvaluateOptions) => Json | undefined {
    const coverage = this.#coverage;
    if (coverage === undefined) {
      const rule = this.#policy.rule(path);
      return (options) => rule.evaluate(undefined, options);
    }
    const query = this.#policy.tracedQuery(path);
    return (options) => {
      const [result] = coverage.evaluate(query, undefined, options);
      const value = result?.expressions[0]?.value;
      return value === undefined ? undefined : toJson(value);
    };
  }

  /** What the tests run so far have evaluated; undefined where that is not recorded. */
  coverage(): CoverageReport | undefined {
    return this.#coverage?.report(this.#modules);
  }
}

/** The ref of a test with its last part named otherwise. */
function renamed({ ref }: Test, name: string): Term[] {
  const { location } = ref.at(-1)!;
  const last: Term =
    ref.length === 1 ? { kind: 'var', name, location } : { kind: 'string', value: name, location };
  return [...ref.slice(0, -1), last];
}

function parse(file: string, text: string, { regoVersion, futureKeywords }: CompileInput): Module {
  try {
    return parseModule(text, {
      file,
      ...(regoVersion === undefined ? {} : { regoVersion }),
      ...(futureKeywords === undefined ? {} : { futureKeywords }),
    });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const problems = error.errors.map(({ code, message, location }) => ({
      code,
      message,
      location: locate(location),
    }));
    throw new RegoError(problems, new Map([[file, text]]));
  }
}

function asString(part: Term): Term {
  return part.kind === 'var' ? { kind: 'string', value: part.name, location: part.location } : part;
}

/** A part of a case's name as text: strings as they are, all else as JSON. */
function caseName(value: Value): string {
  return typeof value === 'string' ? value : toJsonText(value);
}

interface OpenCase {
  failed: boolean;
  cases: Map<string, OpenCase>;
}

/** The cases that have a value, and those that were begun and have none: they failed. */
function caseResults(value: Json, reached: readonly (readonly string[])[]): CaseResult[] {
  const cases = fromValue(value).cases;
  for (const path of reached) addReached(cases, path);
  return close(cases);
}

function fromValue(value: Json): OpenCase {
  const cases = new Map<string, OpenCase>();
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { failed: value !== true, cases };
  for (const [name, member] of Object.entries(value)) cases.set(name, fromValue(member));
  return { failed: [...cases.values()].some(({ failed }) => failed), cases };
}

/** Says whether the case failed. */
function addReached(cases: Map<string, OpenCase>, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  let entry = cases.get(name);
  if (entry === undefined) {
    entry = { failed: true, cases: new Map() };
    cases.set(name, entry);
  }
  if (rest.length > 0 && addReached(entry.cases, rest)) entry.failed = true;
  return entry.failed;
}

function close(cases: Map<string, OpenCase>): CaseResult[] {
  return Array.from(cases, ([name, entry]) => ({
    name,
    failed: entry.failed,
    cases: close(entry.cases),
  })).sort((a, b) => compareStrings(a.name, b.name));
}

function withFailures(
  cases: readonly CaseResult[],
  above: readonly string[],
  steps: ReadonlyMap<string, readonly TraceEvent[]>,
  failure: (events: readonly TraceEvent[]) => string | undefined,
): CaseResult[] {
  return cases.map((entry) => {
    const path = [...above, entry.name];
    if (entry.cases.length > 0) return { ...entry, cases: withFailures(entry.cases, path, steps, failure) };
    return entry.failed ? { ...entry, failure: failure(steps.get(JSON.stringify(path)) ?? []) } : entry;
  });
}
