import { compareTerms } from '../ast/compare.ts';
import { parseBody } from '../ast/index.ts';
import { bodyJson } from '../ast/json.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import { exprText, refText, termText } from '../ast/print.ts';
import type { Import, Term as Source, Body as SourceBody } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { constantOf } from '../compiler/constants.ts';
import { equalityExpr, isGenerated } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import { type CompileInput, type Engine, type EvaluateOptions, guarded } from '../engine.ts';
import { RegoError } from '../errors.ts';
import { format } from '../format/format.ts';
import { Evaluation } from './evaluation.ts';
import type { Tracer } from './events.ts';
import { Frame } from './frame.ts';
import { Program } from './program.ts';
import { Saving, type SavingOptions } from './saving.ts';
import type { SupportModule, SupportRule } from './support.ts';
import { type Body, type RefTerm, refTerm, valueTerm, varTerm } from './terms.ts';
import { toSource } from './to-source.ts';

export interface PartialResult {
  /** Each a query, an expression a line: the original is satisfied where one of them is. Empty where none can be. */
  readonly queries: readonly string[];
  /** Modules that the queries need besides those of the policy. */
  readonly modules: readonly string[];
  /** The queries as OPA's JSON. */
  readonly queriesJson: readonly string[];
}

/** What a partial evaluation may take for known, and what it may do with it. */
export interface PartialOptions extends EvaluateOptions {
  /** What is known of the input: paths below `unknowns` are not looked at. */
  readonly input?: unknown;
  /** Paths of which nothing is known: `["input.subject", "data.users"]`; `["input"]` unless given. */
  readonly unknowns?: readonly string[];
  /** Paths of documents that stay documents: they become rules of a module and not a part of the query. */
  readonly disableInlining?: readonly string[];
  /** No document that depends on something unknown becomes a part of the query. */
  readonly shallow?: boolean;
  /** Functions such as `time.now_ns` are called now, where their operands are known, and not later. */
  readonly nondeterministic?: boolean;
  readonly tracer?: Tracer;
}

/** What is left of a query, as syntax trees. */
interface Left {
  readonly queries: readonly SourceBody[];
  readonly support: readonly SupportModule[];
}

/** A query prepared to be evaluated as far as it goes without knowing everything, as `opa eval --partial` does. */
export class PartialQuery {
  readonly #engine: Engine;
  readonly #input: CompileInput;
  readonly #program: Program;
  readonly #body: Body;
  readonly #live: ReadonlySet<string>;
  /** The name that a variable has in the policy or the query. */
  readonly original: (name: string) => string;

  /** Use {@link Policy.partialQuery}. */
  constructor(
    engine: Engine,
    input: CompileInput,
    text: string,
    imports: readonly Import[],
    inPackage?: readonly Source[],
  ) {
    const { body, original } = engine.compileQuery(text, imports, false, inPackage, true);
    this.#engine = engine;
    this.#input = input;
    this.#program = new Program(engine.compiled);
    this.#body = this.#program.query(body);
    this.#live = new Set([...varsOf(body)].filter((name) => !isGenerated(name)));
    this.original = (name) => engine.compiled.names.get(name) ?? original(name);
  }

  /** What is left, as Rego. Throws {@link RegoError}. */
  evaluate(options: PartialOptions = {}): PartialResult {
    const { unknowns = ['input'], disableInlining = [], input, tracer } = options;
    const saving = {
      unknowns: unknowns.map(pathTerm),
      disableInlining: disableInlining.map(pathTerm),
      shallow: options.shallow ?? false,
      nondeterministic: options.nondeterministic ?? false,
    };
    return guarded(this.#input, () => {
      const { queries, support } = this.bodies(saving, input, options, tracer);
      return {
        queries: queries.map(queryText),
        modules: support.map(moduleText),
        queriesJson: queries.map((left) => bodyJson(left.map((expr, index) => ({ ...expr, index })))),
      };
    });
  }

  /** What is left, for callers that go on with it. */
  bodies(saving: SavingOptions, input: unknown, options: EvaluateOptions, tracer?: Tracer): Left {
    const queries: SourceBody[] = [];
    return this.#engine.run(input, options, () => {
      const saved = new Saving(this.#program, saving);
      const { machine } = this.#engine.plan;
      const root = Frame.root(new Evaluation(this.#program, machine, tracer, saved, {}), this.#body);
      root.run(({ bindings }) => {
        const known = [...bindings.entries(bindings)].map(([name, term]) =>
          equalityExpr({ kind: 'var', name, location: NO_LOCATION }, toSource(term), NO_LOCATION),
        );
        known.sort((a, b) => compareTerms(a.terms as Source, b.terms as Source));
        const left = [...saved.query(bindings), ...known];
        if (saved.isPossible(left))
          queries.push(saving.shallow ? left : saved.propagate(left, this.#live, false));
        return undefined;
      });
      return { queries, support: saved.support.modules() };
    });
  }
}

function notAPath(text: string): RegoError {
  const message = `${text} is not a path of constants into input or data`;
  return new RegoError([{ code: 'rego_parse_error', message, location: undefined }]);
}

/** `input.a["b"]` */
function pathTerm(text: string): RefTerm {
  const parsed = parseBody(text)[0]?.terms;
  const terms = parsed?.kind === 'var' ? [parsed] : parsed?.kind === 'ref' ? parsed.terms : [];
  const [head, ...path] = terms;
  if (head?.kind !== 'var' || (head.name !== 'input' && head.name !== 'data')) {
    throw notAPath(text);
  }
  const keys = path.map((term) => {
    const value = constantOf(term);
    if (value === undefined) throw notAPath(text);
    return valueTerm(value);
  });
  return refTerm([varTerm(head.name), ...keys]);
}

/** As `opa fmt` writes it. */
function queryText(body: SourceBody): string {
  if (body.length === 0) return '';
  const text = format(
    `package p\n\n${importsFor(body)}p if {\n${body.map((expr) => `\t${exprText(expr)}\n`).join('')}}\n`,
    {
      checkResult: false,
    },
  );
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('p if'));
  if (lines[start] !== 'p if {') return (lines[start] as string).slice('p if '.length);
  return lines
    .slice(start + 1, lines.indexOf('}'))
    .map((line) => line.slice(1))
    .join('\n');
}

/** As `opa fmt` writes it. */
export function moduleText({ package: path, rules }: SupportModule): string {
  const imports = importsFor(rules.flatMap(({ body }) => body));
  return format(
    `package ${refText(path.slice(1).map(asName))}\n\n${imports}${rules.map(ruleText).join('\n\n')}\n`,
    {
      checkResult: false,
    },
  );
}

/** Only with an import `not {` begins a negated body and not a set. */
function importsFor(body: readonly Node[]): string {
  return body.some(hasNotBody) ? 'import future.keywords.not\n\n' : '';
}

function hasNotBody(node: Node): boolean {
  if (node.kind === 'not' && (node.explicitBody || node.body.length !== 1)) return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= hasNotBody(child);
  });
  return found;
}

function asName(term: Source, index: number): Source {
  return index === 0 && term.kind === 'string'
    ? { kind: 'var', name: term.value, location: NO_LOCATION }
    : term;
}

function ruleText({ ref, args, key, value, body, isDefault }: SupportRule): string {
  const name = refText(ref);
  const head = args === undefined ? name : `${name}(${args.map(termText).join(', ')})`;
  const member = key === undefined ? '' : ` contains ${termText(key)}`;
  const isTrue = value === undefined || (value.kind === 'boolean' && value.value);
  if (isDefault) return `default ${head} := ${value === undefined ? 'true' : termText(value)}`;
  const result = isTrue ? '' : ` := ${termText(value)}`;
  const [only] = body;
  if (body.length === 1 && only !== undefined && only.terms.kind !== 'every') {
    return `${head}${member}${result} if ${exprText(only)}`;
  }
  return `${head}${member}${result} if {\n${body.map((expr) => `\t${exprText(expr)}\n`).join('')}}`;
}
