import { parseModule } from './ast/index.ts';
import type { Import, Term } from './ast/types.ts';
import { type CompileInput, Engine, type EvaluateOptions, guarded } from './engine.ts';
import { RegoError } from './errors.ts';
import { Block, Frame } from './eval/block.ts';
import type { Step } from './eval/machine.ts';
import { planBody, planTerm } from './eval/planner.ts';
import { type PartialOptions, PartialQuery, type PartialResult } from './topdown/partial.ts';
import { TracedQuery } from './topdown/traced-query.ts';
import { type Json, toJson, type Value } from './values/index.ts';

/** What one expression of a query came to. */
export interface ExpressionValue {
  readonly value: Json;
  readonly text: string;
  readonly location: { readonly row: number; readonly col: number };
}

/** One way to satisfy a query. */
export interface QueryResult {
  readonly expressions: readonly ExpressionValue[];
  /** The query's variables. */
  readonly bindings: Readonly<Record<string, Json>>;
}

/** As {@link QueryResult}, with Rego values: sets stay sets, numbers keep their digits. */
export interface QueryValues {
  readonly expressions: readonly (Omit<ExpressionValue, 'value'> & { readonly value: Value })[];
  readonly bindings: ReadonlyMap<string, Value>;
}

/** A query prepared on a policy. Evaluate it as often as you like; evaluations do not see each other. */
export class Query {
  readonly #engine: Engine;
  readonly #step: Step;
  readonly #variables: readonly (readonly [name: string, read: () => Value])[];
  /** The variables under the names that the query gives them; those it does not name are left out. */
  readonly #named: readonly (readonly [name: string, read: () => Value])[];
  readonly #expressions: readonly { text: string; row: number; col: number; read: () => Value }[];
  #visit: () => void = () => undefined;

  /** Use {@link Policy.query} or {@link prepare}. */
  constructor(
    engine: Engine,
    text: string,
    imports: readonly Import[],
    capture: boolean,
    inPackage?: readonly Term[],
  ) {
    this.#engine = engine;
    const { body, captures, original } = engine.compileQuery(text, imports, capture, inPackage);
    const block = new Block(new Frame(engine.plan.machine));
    planBody(engine.plan, block, body);
    const hidden = new Set(captures.map(({ name }) => name));
    this.#variables = [...block.bound]
      .filter((name) => !name.startsWith('$') && !hidden.has(name))
      .map((name) => [name, block.read(block.frame.slot(name))]);
    this.#named = this.#variables
      .map(([name, read]) => [original(name), read] as const)
      .filter(([name]) => !name.startsWith('__local'));
    this.#expressions = captures.map(({ name, text, location }) => ({
      text,
      row: location.row,
      col: location.col,
      read: name === '' ? () => true : block.read(block.frame.slot(name)),
    }));
    this.#step = block.link(() => {
      this.#visit();
      return false;
    });
  }

  /** All ways to satisfy the query, as plain JSON. An empty list means undefined. Throws {@link RegoError}. */
  evaluate(input?: unknown, options: EvaluateOptions = {}): QueryResult[] {
    return this.#run(input, options, ({ expressions, bindings }) => ({
      expressions: expressions.map((expression) => ({ ...expression, value: toJson(expression.value) })),
      // `fromEntries` defines members, so that a variable named `__proto__` is one.
      bindings: Object.fromEntries([...bindings].map(([name, value]) => [name, toJson(value)])),
    }));
  }

  /** As {@link Query.evaluate}, with Rego values. */
  values(input?: unknown, options: EvaluateOptions = {}): QueryValues[] {
    return this.#run(input, options, (result) => result);
  }

  #run<R>(input: unknown, options: EvaluateOptions, shape: (result: QueryValues) => R): R[] {
    return this.#engine.run(input, options, () => {
      const results: QueryValues[] = [];
      this.#visit = () => {
        results.push({
          expressions: this.#expressions.map(({ text, row, col, read }) => ({
            value: read(),
            text,
            location: { row, col },
          })),
          bindings: new Map(this.#named.map(([name, read]) => [name, read()])),
        });
      };
      this.#step();
      return results.map(shape);
    });
  }

  /** The bindings of every variable as Rego values, those of generated variables included. */
  bindings(input?: unknown, options: EvaluateOptions = {}): Map<string, Value>[] {
    return this.#engine.run(input, options, () => {
      const results: Map<string, Value>[] = [];
      this.#visit = () => {
        results.push(new Map(this.#variables.map(([name, read]) => [name, read()])));
      };
      this.#step();
      return results;
    });
  }
}

/** One document of a policy, prepared: what `data.a.b` is for an input. */
export class PreparedRule {
  readonly #engine: Engine;
  readonly #step: Step;
  readonly #read: () => Value;

  /** Use {@link Policy.rule}. */
  constructor(engine: Engine, path: string) {
    this.#engine = engine;
    const { body } = engine.compileQuery(path, [], false);
    const term = body.at(-1)?.terms as Term;
    if (body.length !== 1 || term.kind !== 'ref') throw new TypeError(`${path} is not a path into data`);
    const block = new Block(new Frame(engine.plan.machine));
    this.#read = block.read(planTerm(engine.plan, block, term));
    this.#step = block.link(() => true);
  }

  /** The document as plain JSON, or undefined when it has no value for this input. Throws {@link RegoError}. */
  evaluate(input?: unknown, options: EvaluateOptions = {}): Json | undefined {
    return this.#engine.run(input, options, () => (this.#step() ? toJson(this.#read()) : undefined));
  }

  /** The document as a Rego value: sets stay sets, numbers keep their digits. */
  value(input?: unknown, options: EvaluateOptions = {}): Value | undefined {
    return this.#engine.run(input, options, () => (this.#step() ? this.#read() : undefined));
  }
}

/** What names of a query may mean. */
export interface QueryOptions {
  /** As in a module: `["data.a", "input.b as c"]`. */
  readonly imports?: readonly string[];
  /** The query may use the names of this package's rules (`a.b`) as the package itself does. */
  readonly package?: string;
}

/** Compiled policies, on which queries are prepared. */
export class Policy {
  readonly #engine: Engine;
  readonly #input: CompileInput;

  constructor(input: CompileInput) {
    this.#input = input;
    this.#engine = guarded(input, () => new Engine(input));
  }

  /** Prepares a query (`data.a.deny[x]; startswith(x, "b")`). */
  query(text: string, options: QueryOptions = {}): Query {
    const inPackage = packagePath(options.package);
    return guarded(
      this.#input,
      () => new Query(this.#engine, text, parseImports(options.imports ?? []), true, inPackage),
    );
  }

  /** As {@link Policy.query}, for callers of {@link Query.bindings}: values of expressions are not captured. */
  bareQuery(text: string): Query {
    return guarded(this.#input, () => new Query(this.#engine, text, [], false));
  }

  /** As {@link Policy.query}, for a query that tells each step of its evaluation. */
  tracedQuery(text: string, options: QueryOptions = {}): TracedQuery {
    return guarded(
      this.#input,
      () =>
        new TracedQuery(
          this.#engine,
          text,
          parseImports(options.imports ?? []),
          true,
          packagePath(options.package),
        ),
    );
  }

  /** As {@link Policy.tracedQuery}, for callers of {@link TracedQuery.bindings}. */
  bareTracedQuery(text: string): TracedQuery {
    return guarded(this.#input, () => new TracedQuery(this.#engine, text, [], false));
  }

  /** Prepares a query to be evaluated as far as it goes where some of `input` or `data` is not known yet. */
  partialQuery(text: string, options: QueryOptions = {}): PartialQuery {
    const imports = parseImports(options.imports ?? []);
    const inPackage = packagePath(options.package);
    return guarded(this.#input, () => new PartialQuery(this.#engine, this.#input, text, imports, inPackage));
  }

  /** {@link Policy.partialQuery}, evaluated once. */
  partial(text: string, options: PartialOptions & QueryOptions = {}): PartialResult {
    return this.partialQuery(text, options).evaluate(options);
  }

  /** Prepares the evaluation of one document. */
  rule(path: string): PreparedRule {
    return guarded(this.#input, () => new PreparedRule(this.#engine, path));
  }
}

function packagePath(name: string | undefined): readonly Term[] | undefined {
  return name === undefined ? undefined : parseModule(`package ${name}`).package.path;
}

function parseImports(imports: readonly string[]): readonly Import[] {
  if (imports.length === 0) return [];
  return parseModule(`package query\n${imports.map((line) => `import ${line}`).join('\n')}`, {
    file: 'imports',
  }).imports;
}

/** Parses and compiles policies. Throws {@link RegoError} with everything that is wrong with them. */
export function compile(input: CompileInput): Policy {
  return new Policy(input);
}

/** Compiles policies and prepares one query on them. */
export function prepare(input: CompileInput & { readonly query: string }): Query {
  return compile(input).query(input.query);
}
