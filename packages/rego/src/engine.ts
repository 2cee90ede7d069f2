import {
  type Body,
  type Import,
  type Module,
  ParseError,
  parseBody,
  parseModule,
  type RegoVersion,
  type Term,
} from './ast/index.ts';
import { type CompileLimits, withinLimits } from './budget.ts';
import { builtinTable } from './builtins/index.ts';
import { type Builtin, type CallLocation, Halt, type HostServices } from './builtins/types.ts';
import { type CompiledModules, compileModules, compileQuery } from './compiler/compile.ts';
import { DEFAULT_MAX_ERRORS } from './compiler/context.ts';
import { checkDataConflicts } from './compiler/data-conflicts.ts';
import { Purity } from './compiler/purity.ts';
import { Quiet } from './compiler/quiet.ts';
import type { RuleNode } from './compiler/rule-tree.ts';
import { operatorName, walkAll } from './compiler/tree.ts';
import type { Schemas } from './compiler/types/schema-annotations.ts';
import { locate, RegoError } from './errors.ts';
import { Machine } from './eval/machine.ts';
import type { Plan } from './eval/planner.ts';
import { settle } from './eval/settle.ts';
import { makeUnit, type Unit } from './eval/units.ts';
import { isStackOverflow, withinStack } from './stack.ts';
import { fromJson, snapshot, type Value } from './values/index.ts';

/** Everything a set of policies is compiled from. */
export interface CompileInput {
  /** Policy texts by file name. */
  readonly modules: Readonly<Record<string, string>>;
  /** Base documents: what `data` holds besides the rules. Read once, never changed. Rego values are taken as they are. */
  readonly data?: unknown;
  /** Language of the modules; `v1` unless given. */
  readonly regoVersion?: RegoVersion;
  /** Language of single modules, by file name, where it is not `regoVersion`: a bundle's manifest may say so. */
  readonly regoVersions?: ReadonlyMap<string, RegoVersion>;
  /** Base documents at the path of a rule are errors, as OPA's are; else they take the rule's place. */
  readonly refuseDataConflicts?: boolean;
  /** OPA's strict mode: unused imports, variables and arguments are errors. */
  readonly strict?: boolean;
  /**
   * JSON Schemas by the names that `schemas` in METADATA blocks have for them: `schema.pod`, `schema["a-b"]`. The one
   * named `schema` is that of `input` everywhere. Given none, annotations that name one are passed over.
   */
  readonly schemas?: Schemas;
  /** Whether `schemas` in METADATA blocks give documents types; they do unless this is false. */
  readonly typeAnnotations?: boolean;
  /** Built-in functions of the host, beside those of the language. */
  readonly builtins?: readonly Builtin[];
  /** The built-in functions of the language that policies may call; all of them unless given. */
  readonly onlyBuiltins?: ReadonlySet<string>;
  /** Services that built-ins may use to reach outside. Without them they fail. */
  readonly host?: HostServices;
  /** Receives what policies `print`. Without it, calls of `print` cost nothing. */
  readonly print?: (message: string, location: CallLocation | undefined) => void;
  /** Ends the compilation, and that of queries, when it is aborted, with `rego_cancel_error`. */
  readonly signal?: AbortSignal;
  /** Milliseconds of wall clock that the compilation may take, and that of each query; unlimited unless given. */
  readonly timeoutMs?: number;
  /** Nodes and types the compilation may look at, and that of each query; 50 million unless given (a policy of
   * 20,000 rules takes some 5 million). */
  readonly maxSteps?: number;
  /** Told when the modules are parsed, and again when a query is, and compiling them begins. */
  readonly onParsed?: () => void;
  /** How many problems a stage of the compilation tells; 10 unless given, 0 for all. That the limit is reached is one more. */
  readonly maxErrors?: number;
  /** Keywords in force without an import (names of `future.keywords`). */
  readonly futureKeywords?: readonly string[];
}

/** What one evaluation may use, and what it sees of the world. */
export interface EvaluateOptions {
  /** Ends the evaluation when it is aborted, with `eval_cancel_error`. Looked at every few thousand steps. */
  readonly signal?: AbortSignal;
  /** Milliseconds of wall clock; unlimited unless given. */
  readonly timeoutMs?: number;
  /** Loop iterations, rule evaluations and work of built-ins; 100 million unless given. */
  readonly maxSteps?: number;
  /** Errors of built-in functions end the evaluation; otherwise the call has no value. */
  readonly strictBuiltinErrors?: boolean;
  /** Nanoseconds since 1970, for `time.now_ns`; the clock unless given. */
  readonly timeNs?: bigint;
  /** For `rand.intn` and `uuid.rfc4122`; random unless given. */
  readonly seed?: number;
  /** Environment variables `opa.runtime` shows; none unless given. */
  readonly env?: Readonly<Record<string, string>>;
}

const DEFAULT_MAX_STEPS = 100_000_000;

const DEFAULT_MAX_COMPILE_STEPS = 50_000_000;

/** Zero and less is without limit, as in OPA. */
function errorLimit(count = DEFAULT_MAX_ERRORS): number {
  return count > 0 ? count : Number.POSITIVE_INFINITY;
}

function limitsOf({ maxSteps, timeoutMs, signal }: CompileInput): CompileLimits {
  return {
    maxSteps: maxSteps ?? DEFAULT_MAX_COMPILE_STEPS,
    timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
    signal,
  };
}

/** A compiled set of policies: units of its documents, one machine, and whatever queries are prepared on it. */
export class Engine {
  readonly compiled: CompiledModules;
  readonly plan: Plan;
  readonly sources: Map<string, string>;
  readonly #machine = new Machine();
  readonly #data: Value;
  readonly #input: CompileInput;
  readonly #units = new Map<RuleNode, Unit | undefined>();
  readonly #targets: Targets;
  #running = false;

  constructor(input: CompileInput) {
    this.#input = input;
    this.sources = new Map(Object.entries(input.modules));
    const modules = parseAll(this.sources, input);
    input.onParsed?.();
    const builtins = allowed(builtinTable(input.builtins), input);
    this.compiled = compileModules(modules, {
      builtins,
      strict: input.strict ?? false,
      print: input.print !== undefined,
      sources: this.sources,
      schemas: input.schemas,
      typeAnnotations: input.typeAnnotations ?? true,
      maxErrors: errorLimit(input.maxErrors),
    });
    this.#data = snapshot(fromJson(input.data ?? {}));
    if (input.refuseDataConflicts) checkDataConflicts(this.compiled.tree.root, this.#data, this.sources);
    this.#machine.data = this.#data;
    const targets = withTargets(this.compiled);
    this.#targets = targets;
    const units = this.#units;
    const paths = new Map<RuleNode, readonly Value[]>();
    const visit = (node: RuleNode, path: readonly Value[]): void => {
      paths.set(node, path);
      for (const child of node.children.values()) visit(child, [...path, child.key]);
    };
    visit(this.compiled.tree.root, []);
    let id = 0;
    const plan: Plan = {
      machine: this.#machine,
      tree: this.compiled.tree,
      builtins,
      mocked: targets.names,
      nextId: () => id++,
      get masks() {
        return targets.data;
      },
      purity: new Purity(
        this.compiled.tree,
        this.compiled.rules,
        builtins,
        new Set(input.builtins?.map(({ name }) => name)),
      ),
      quiet: new Quiet(this.compiled.tree, builtins, new Set(input.builtins?.map(({ name }) => name))),
      unitAt: (node) => {
        if (!units.has(node)) units.set(node, makeUnit(plan, node, paths.get(node) ?? [], id++));
        return units.get(node);
      },
    };
    this.plan = plan;
  }

  /** Parses and compiles a query against the policies. */
  compileQuery(
    text: string,
    imports: readonly Import[],
    capture: boolean,
    inPackage?: readonly Term[],
    unifies = false,
  ): ReturnType<typeof compileQuery> {
    const { regoVersion, futureKeywords } = this.#input;
    const body = parsing(() =>
      parseBody(text, {
        file: '',
        ...(regoVersion === undefined ? {} : { regoVersion }),
        ...(futureKeywords === undefined ? {} : { futureKeywords }),
      }),
    );
    this.#input.onParsed?.();
    const compiled = compileQuery(this.compiled, body as Body, imports, capture, inPackage, unifies);
    const targets = this.#targets;
    const { data } = targets;
    const { size } = targets.names;
    collectTargets(compiled.body, targets);
    // Documents planned so far do not look for these replacements. Queries prepared before keep theirs.
    if (targets.data !== data || targets.names.size !== size) this.#units.clear();
    return compiled;
  }

  /** Runs steps with the machine set up for one evaluation. */
  run<R>(input: unknown, options: EvaluateOptions, body: () => R): R {
    if (this.#running) throw new Error('a policy cannot be evaluated from within its own evaluation');
    const machine = this.#machine;
    this.#running = true;
    try {
      machine.begin(
        {
          maxSteps: options.maxSteps ?? DEFAULT_MAX_STEPS,
          timeoutMs: options.timeoutMs ?? Number.POSITIVE_INFINITY,
          signal: options.signal,
        },
        options.seed,
        options.timeNs,
      );
      machine.strictErrors = options.strictBuiltinErrors ?? false;
      machine.anyOrder = !machine.strictErrors && this.#input.print === undefined;
      machine.env = options.env ?? {};
      machine.host = this.#input.host ?? {};
      machine.print = this.#input.print;
      machine.input = input === undefined ? undefined : fromJson(input);
      machine.data = this.#data;
      return settle(machine, body);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#running = false;
      machine.end();
    }
  }

  #explained(error: unknown): unknown {
    if (error instanceof RegoError) return new RegoError(error.problems, this.sources, error.cause);
    if (error instanceof Halt) {
      return new RegoError([
        { code: error.code as RegoError['code'], message: error.message, location: undefined },
      ]);
    }
    if (isStackOverflow(error)) {
      return new RegoError([
        {
          code: 'eval_depth_error',
          message: 'the evaluation or a value nests further than the stack goes',
          location: undefined,
        },
      ]);
    }
    return error;
  }
}

/** Functions that rewriting calls (`internal.…`) and those of the host are always there. */
function allowed(
  table: ReadonlyMap<string, Builtin>,
  { onlyBuiltins, builtins }: CompileInput,
): typeof table {
  if (onlyBuiltins === undefined) return table;
  const hosts = new Set(builtins?.map(({ name }) => name));
  const isAllowed = (name: string): boolean =>
    onlyBuiltins.has(name) || hosts.has(name) || name.startsWith('internal.');
  return new Map([...table].filter(([name]) => isAllowed(name)));
}

/** Compiles within the bounds of the policies. Texts that nest more deeply than the stack allows are refused like any other. */
export function guarded<R>(input: CompileInput, compile: () => R): R {
  return withinStack(() => withinLimits(limitsOf(input), compile));
}

function parseAll(sources: ReadonlyMap<string, string>, input: CompileInput): Map<string, Module> {
  const modules = new Map<string, Module>();
  for (const [file, text] of sources) {
    const regoVersion = input.regoVersions?.get(file) ?? input.regoVersion;
    modules.set(
      file,
      parsing(
        () =>
          parseModule(text, {
            file,
            ...(regoVersion === undefined ? {} : { regoVersion }),
            ...(input.futureKeywords === undefined ? {} : { futureKeywords: input.futureKeywords }),
          }),
        sources,
      ),
    );
  }
  return modules;
}

/** Parse errors as the package's own. */
function parsing<R>(parse: () => R, sources: ReadonlyMap<string, string> = new Map()): R {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const problems = error.errors.map(({ code, message, location, details }) => ({
      code,
      message,
      location: locate(location),
      ...(details === undefined ? {} : { excerpt: details }),
    }));
    throw new RegoError(problems, sources);
  }
}

interface Targets {
  readonly names: Set<string>;
  data: boolean;
}

/** What `with` replaces anywhere in the modules: only those places have to look for replacements. */
function withTargets(compiled: CompiledModules): Targets {
  const targets: Targets = { names: new Set(), data: false };
  for (const rule of compiled.rules) {
    if (!rule.uses.modifiers) continue;
    for (let branch: typeof rule.else = rule; branch !== undefined; branch = branch.else) {
      collectTargets(branch.body, targets);
    }
  }
  return targets;
}

function collectTargets(body: Body, targets: Targets): void {
  walkAll(body, (node) => {
    if (node.kind === 'with') {
      const { target } = node;
      const head = target.kind === 'ref' ? target.terms[0] : target;
      if (head?.kind === 'var' && head.name === 'data') targets.data = true;
      const name = target.kind === 'ref' ? operatorName(target) : target.name;
      if (name !== undefined) targets.names.add(name);
    }
    return false;
  });
}
