import type { Import, Term as Source } from '../ast/types.ts';
import type { Engine, EvaluateOptions } from '../engine.ts';
import type { QueryValues } from '../query.ts';
import type { Value } from '../values/index.ts';
import type { Bindings } from './bindings.ts';
import { Evaluation, type InterpreterOptions } from './evaluation.ts';
import type { Tracer } from './events.ts';
import { Frame } from './frame.ts';
import { Program } from './program.ts';
import { type Body, varTerm } from './terms.ts';
import { known } from './unify.ts';

/** As of any evaluation, and what the interpreter may leave out. */
export interface TraceOptions extends EvaluateOptions, InterpreterOptions {
  /** What the policy prints is dropped. */
  readonly silent?: boolean;
}

/**
 * A query that tells each step of its evaluation. It gives what {@link Query} gives, by an interpreter that goes OPA's
 * way step by step, and many times slower.
 */
export class TracedQuery {
  readonly #engine: Engine;
  readonly #program: Program;
  readonly #body: Body;
  readonly #captures: readonly { name: string; text: string; location: { row: number; col: number } }[];
  /** The name that a variable has in the policy or the query. */
  readonly original: (name: string) => string;

  /** Use {@link Policy.tracedQuery}. */
  constructor(
    engine: Engine,
    text: string,
    imports: readonly Import[],
    capture: boolean,
    inPackage?: readonly Source[],
  ) {
    const { body, captures, original } = engine.compileQuery(text, imports, capture, inPackage);
    this.#engine = engine;
    this.#program = new Program(engine.compiled);
    this.#body = this.#program.query(body);
    this.#captures = captures;
    this.original = (name) => engine.compiled.names.get(name) ?? original(name);
  }

  /** All ways to satisfy the query. Throws {@link RegoError}; the tracer has then seen how it came to that. */
  values(input: unknown, tracer: Tracer, options: TraceOptions = {}): QueryValues[] {
    return this.#run(input, tracer, options, (bindings) => {
      const expressions = this.#captures.map(({ name, text, location: { row, col } }) => ({
        value: name === '' ? true : known(bindings.plug(varTerm(name))),
        text,
        location: { row, col },
      }));
      const named = new Map<string, Value>();
      for (const [name, term] of bindings.entries()) {
        const own = this.original(name);
        if (!own.startsWith('$') && !own.startsWith('__local')) named.set(own, known(term));
      }
      return { expressions, bindings: named };
    });
  }

  /** As {@link Query.bindings}. */
  bindings(input: unknown, tracer: Tracer, options: TraceOptions = {}): Map<string, Value>[] {
    return this.#run(input, tracer, options, (bindings) => {
      const own = [...bindings.entries()].filter(([name]) => !name.startsWith('$'));
      return new Map(own.map(([name, term]) => [name, known(term)]));
    });
  }

  #run<R>(input: unknown, tracer: Tracer, options: TraceOptions, result: (bindings: Bindings) => R): R[] {
    const results: R[] = [];
    this.#engine.run(input, options, () => {
      const { machine } = this.#engine.plan;
      if (options.silent === true) machine.print = undefined;
      const root = Frame.root(new Evaluation(this.#program, machine, tracer, undefined, options), this.#body);
      try {
        root.run(({ bindings }) => {
          results.push(result(bindings));
          return undefined;
        });
      } finally {
        machine.note = undefined;
      }
    });
    return results;
  }
}
