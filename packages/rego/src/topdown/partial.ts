import { compareTerms } from '../ast/compare.ts';
import { bodyJson } from '../ast/json.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import { exprText, refText, termText } from '../ast/print.ts';
import type { Import, Term as Source, Body as SourceBody } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { equalityExpr, isGenerated } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import type { Engine, EvaluateOptions } from '../engine.ts';
import { format } from '../format/format.ts';
import { Evaluation } from './evaluation.ts';
import type { Tracer } from './events.ts';
import { Frame } from './frame.ts';
import { Program } from './program.ts';
import { Saving, type SavingOptions } from './saving.ts';
import type { SupportModule, SupportRule } from './support.ts';
import { toSource } from './to-source.ts';

export interface PartialResult {
  /** Each a query, an expression a line: the original is satisfied where one of them is. Empty where none can be. */
  readonly queries: readonly string[];
  /** Modules that the queries need besides those of the policy. */
  readonly modules: readonly string[];
  /** The queries as OPA's JSON. */
  readonly queriesJson: readonly string[];
}

/** Evaluates a query as far as it goes without knowing everything. */
export function partiallyEvaluate(
  engine: Engine,
  text: string,
  imports: readonly Import[],
  inPackage: readonly Source[] | undefined,
  saving: SavingOptions,
  input: unknown,
  options: EvaluateOptions,
  tracer?: Tracer,
): PartialResult {
  const { queries, support } = evaluateBodies(
    engine,
    text,
    imports,
    inPackage,
    saving,
    input,
    options,
    tracer,
  );
  return {
    queries: queries.map(queryText),
    modules: support.map(moduleText),
    queriesJson: queries.map((left) => bodyJson(left.map((expr, index) => ({ ...expr, index })))),
  };
}

/** As {@link partiallyEvaluate}, with the syntax trees of what is left. */
export function evaluateBodies(
  engine: Engine,
  text: string,
  imports: readonly Import[],
  inPackage: readonly Source[] | undefined,
  saving: SavingOptions,
  input: unknown,
  options: EvaluateOptions,
  tracer?: Tracer,
): { readonly queries: readonly SourceBody[]; readonly support: readonly SupportModule[] } {
  const { body } = engine.compileQuery(text, imports, false, inPackage, true);
  const program = new Program(engine.compiled);
  const query = program.query(body);
  const live = new Set([...varsOf(body)].filter((name) => !isGenerated(name)));
  const queries: SourceBody[] = [];
  return engine.run(input, options, () => {
    const saved = new Saving(program, saving);
    const root = Frame.root(new Evaluation(program, engine.plan.machine, tracer, saved, {}), query);
    root.run(({ bindings }) => {
      const known = [...bindings.entries(bindings)].map(([name, term]) =>
        equalityExpr({ kind: 'var', name, location: NO_LOCATION }, toSource(term), NO_LOCATION),
      );
      known.sort((a, b) => compareTerms(a.terms as Source, b.terms as Source));
      const left = [...saved.query(bindings), ...known];
      if (saved.isPossible(left)) queries.push(saving.shallow ? left : saved.propagate(left, live, false));
      return undefined;
    });
    return { queries, support: saved.support.modules() };
  });
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
  if ('kind' in node && node.kind === 'not' && (node.explicitBody || node.body.length !== 1)) return true;
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
