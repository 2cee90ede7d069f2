import type { BuiltinContext, CallLocation } from '../builtins/types.ts';
import type { RegoProblem } from '../errors.ts';
import type { Machine } from '../eval/machine.ts';
import type { RegoObject, Value } from '../values/index.ts';
import type { Tracer } from './events.ts';
import type { Program } from './program.ts';
import type { Saving } from './saving.ts';
import type { ComprehensionTerm, Term } from './terms.ts';

export type Comprehensions = Map<ComprehensionTerm, RegoObject>;

/** What `with` changes: the world as some expressions see it, and what has been found out about it. */
export interface Scope {
  readonly input: Value | undefined;
  /** What `with` put over the base documents. */
  readonly data: Value | undefined;
  /** Paths that `with` replaced: no rules are looked for there. */
  readonly targets: readonly (readonly Term[])[];
  /** Functions that are replaced, by name. */
  readonly mocks: ReadonlyMap<string, Term>;
  /** Documents and results of functions; undefined for what has no value. */
  readonly cache: Map<string, Term | undefined>;
  /** Results of comprehensions by what they select with; undefined where each frame begins with its own. */
  readonly comprehensions: Comprehensions | undefined;
}

/** What the interpreter leaves out that could not change the result, and what it tells besides its steps. */
export interface InterpreterOptions {
  /** Rules that the index rules out are not evaluated; true unless given. */
  readonly indexing?: boolean | undefined;
  /** Rules that all have one value are evaluated until one succeeds; true unless given. */
  readonly earlyExit?: boolean | undefined;
  /** Told of each error of a built-in function that is taken for "no value", in order. */
  readonly onBuiltinError?: ((problem: RegoProblem) => void) | undefined;
}

/** One evaluation of a query by the interpreter. */
export class Evaluation {
  readonly program: Program;
  readonly machine: Machine;
  readonly tracer: Tracer | undefined;
  /** What partial evaluation leaves for later; undefined where everything is known. */
  readonly saving: Saving | undefined;
  readonly options: InterpreterOptions;
  #queries = 0;

  constructor(
    program: Program,
    machine: Machine,
    tracer: Tracer | undefined,
    saving: Saving | undefined,
    options: InterpreterOptions,
  ) {
    this.program = program;
    this.machine = machine;
    this.tracer = tracer;
    this.saving = saving;
    this.options = options;
  }

  /** What names of variables begin with that the interpreter makes: those that are left have a name that is not hidden. */
  get generated(): string {
    return this.saving === undefined ? '$' : '';
  }

  nextQuery(): number {
    return this.#queries++;
  }

  scope(): Scope {
    return {
      input: this.machine.input,
      data: undefined,
      targets: [],
      mocks: new Map(),
      cache: new Map(),
      comprehensions: undefined,
    };
  }

  /** What a built-in function may know, with notes that go to the tracer. */
  context(location: CallLocation | undefined, note: BuiltinContext['note']): BuiltinContext {
    this.machine.location = location;
    this.machine.note = note;
    return this.machine;
  }
}
