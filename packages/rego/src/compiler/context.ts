import type { Location, Ref, Rule } from '../ast/types.ts';
import type { Builtin } from '../builtins/types.ts';
import { locate, RegoError, type RegoErrorCode, type RegoProblem } from '../errors.ts';
import type { CompileOptions } from './compile.ts';
import type { RuleTree } from './rule-tree.ts';
import { operatorName } from './tree.ts';

/** How many problems are reported unless the caller says otherwise; OPA's default. */
export const DEFAULT_MAX_ERRORS = 10;

/** Stands last where there may be more. */
const LIMIT_REACHED: RegoProblem = {
  code: 'rego_compile_error',
  message: 'error limit reached',
  location: undefined,
};

/** What the passes of one compilation share. */
export class CompilerContext {
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly strict: boolean;
  readonly sources: ReadonlyMap<string, string>;
  readonly #maxErrors: number;
  /** From generated variables back to the names of the policy. */
  readonly rewritten = new Map<string, string>();
  /** Built-in functions that are called, as written and as the compiler writes them. */
  readonly called = new Set<string>();
  readonly allowUndefinedFunctions: boolean;
  /** What generated variables stand for, where that is a term of the policy; as text where later stages change it. */
  readonly subjects = new Map<string, string | Ref>();
  /** Assigned once the heads are resolved. */
  tree: RuleTree | undefined;
  #problems: RegoProblem[] = [];
  #generated = 0;
  readonly #taken = new Set<string>();
  #prefix = '__local';
  #isQuery = false;

  constructor(
    options: Pick<CompileOptions, 'builtins' | 'sources' | 'maxErrors' | 'allowUndefinedFunctions'>,
    strict: boolean,
  ) {
    const { builtins, sources, maxErrors, allowUndefinedFunctions = false } = options;
    this.allowUndefinedFunctions = allowUndefinedFunctions;
    this.builtins = builtins;
    this.strict = strict;
    this.sources = sources;
    this.#maxErrors = maxErrors;
    for (const text of sources.values()) this.avoid(text);
  }

  /** Names of a query's variables tell themselves apart from those of modules. */
  forQuery(): void {
    this.#isQuery = true;
    this.#prefix = '__localq';
    this.#generated = 0;
  }

  freshVar(): string {
    for (;;) {
      const name = `${this.#prefix}${this.#generated++}__`;
      if (!this.#taken.has(name)) return name;
    }
  }

  /** Keeps clear of names in a text that look like ours. */
  avoid(text: string): void {
    for (const [name] of text.matchAll(/__local\w*/g)) this.#taken.add(name);
  }

  report(
    code: RegoErrorCode,
    location: Location | undefined,
    message: string,
    details?: readonly string[],
  ): void {
    const limit = this.#maxErrors;
    if (this.full) return;
    // OPA says of modules that the limit is reached as soon as it is, and of queries once there is more.
    if (this.#isQuery && this.#problems.length === limit) {
      this.#problems.push(LIMIT_REACHED);
      return;
    }
    const problem: RegoProblem = { code, message, location: locate(location) };
    this.#problems.push(details === undefined ? problem : { ...problem, details });
    if (!this.#isQuery && this.#problems.length === limit) this.#problems.push(LIMIT_REACHED);
  }

  /** No further problem would be reported. */
  get full(): boolean {
    return this.#problems.length > this.#maxErrors;
  }

  get failed(): boolean {
    return this.#problems.length > 0;
  }

  /** Ends the compilation when a stage found problems. */
  throwIfFailed(): void {
    if (this.#problems.length === 0) return;
    const problems = this.#problems;
    this.#problems = [];
    throw new RegoError(problems, this.sources);
  }

  /** The number of operands of a function; -1 for what is none that is known. */
  arity(operator: Ref): number {
    const name = operatorName(operator);
    if (name === undefined) return -1;
    const builtin = this.builtins.get(name);
    if (builtin !== undefined)
      return builtin.declaration.variadic === undefined ? builtin.declaration.args.length : -1;
    const rules = this.tree?.rulesAt(operator);
    const first: Rule | undefined = rules?.[0];
    return first === undefined ? -1 : (first.head.args?.length ?? 0);
  }

  /** The name a user knows a variable by. */
  original(name: string): string {
    return this.rewritten.get(name) ?? name;
  }
}
