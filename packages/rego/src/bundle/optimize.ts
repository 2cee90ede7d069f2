import { NO_LOCATION } from '../ast/nodes.ts';
import { parseModule } from '../ast/parse.ts';
import { refText } from '../ast/print.ts';
import type { Body, Module, Ref, RegoVersion, Rule, Term as Source } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { hasDynamicPath } from '../compiler/rule-tree.ts';
import { isRootRef, walk, walkAll } from '../compiler/tree.ts';
import { type CompileInput, Engine } from '../engine.ts';
import { RegoError } from '../errors.ts';
import { withinStack } from '../stack.ts';
import { moduleText, PartialQuery } from '../topdown/partial.ts';
import type { SupportModule, SupportRule } from '../topdown/support.ts';
import { hasPrefix, type RefTerm, refTerm, type Term, valueTerm, varTerm } from '../topdown/terms.ts';
import { BundleError } from './errors.ts';

export interface OptimizeOptions {
  /** Paths below `data` of what is asked of the policies: `["authz", "allow"]`. They are optimized in this order. */
  readonly entrypoints: readonly (readonly string[])[];
  /** Rules that depend on the input are put into those that use them (`opa build -O2`). */
  readonly inline: boolean;
  /** Paths that the bundle owns: documents elsewhere are not known. */
  readonly roots: readonly string[];
  /** The package of rules that are made, `partial` unless given. */
  readonly namespace?: string;
}

type Modules = ReadonlyMap<string, { readonly text: string; readonly regoVersion: RegoVersion }>;

export interface Optimized {
  /** Modules by file name. */
  readonly modules: Modules;
  /** Entry points, as refs, that were left as they are: what comes out would not be the same documents. */
  readonly left: readonly string[];
}

/** The variable of the result; no policy has one of this name unless it is made to. */
const RESULT = '__result__';

/**
 * Evaluates entry points as far as it goes without an input, as `opa build -O` does: the modules with the rules that
 * came out in place of those that they were made from. They have the same answers for any input. What was read of
 * `input.data` is in them: data that changes later is not seen.
 *
 * @throws {RegoError} where modules do not compile.
 * @throws {BundleError} with `bundle_entrypoint` where an entry point has no value whatever the input is.
 */
export function optimize(input: CompileInput, options: OptimizeOptions): Optimized {
  return withinStack(() => optimizeAll(input, options));
}

function optimizeAll(input: CompileInput, options: OptimizeOptions): Optimized {
  let modules: Modules = new Map(
    Object.entries(input.modules).map(([name, text]) => [
      name,
      { text, regoVersion: input.regoVersions?.get(name) ?? input.regoVersion ?? 'v1' },
    ]),
  );
  if (options.entrypoints.length === 0)
    throw new BundleError('bundle_entrypoint', 'bundle optimizations require at least one entrypoint');
  let unknowns: readonly RefTerm[] | undefined;
  const names = new FileNames();
  const left: string[] = [];
  for (const [index, entrypoint] of options.entrypoints.entries()) {
    const engine = new Engine(withModules(input, modules));
    unknowns ??= unknownDocuments(engine, options.roots);
    const made = optimizeOne(engine, input, entrypoint, index, unknowns, options);
    const next = splitsObjects(engine, made) ? undefined : replaced(modules, made, names);
    if (next !== undefined && compiles(withModules(input, next))) modules = next;
    else left.push(refText(pathSource(entrypoint)));
  }
  return { modules, left };
}

function withModules(input: CompileInput, modules: Modules): CompileInput {
  return {
    ...input,
    modules: Object.fromEntries([...modules].map(([name, { text }]) => [name, text])),
    regoVersions: new Map([...modules].map(([name, { regoVersion }]) => [name, regoVersion])),
  };
}

function compiles(input: CompileInput): boolean {
  try {
    new Engine(input);
    return true;
  } catch (error) {
    if (error instanceof RegoError && error.code !== 'rego_cancel_error') return false;
    throw error;
  }
}

/**
 * Whether members that rules with a variable in their path give to an object have become packages of their own: those
 * are there even where no rule gives them anything.
 */
function splitsObjects(engine: Engine, made: readonly SupportModule[]): boolean {
  const objects = engine.compiled.rules
    .filter(hasDynamicPath)
    .map(({ path }) => constantPrefix({ kind: 'ref', terms: [...path], location: NO_LOCATION }));
  return made.some((module) => {
    const path = constantPrefix({ kind: 'ref', terms: [...module.package], location: NO_LOCATION });
    return objects.some((object) => hasPrefix(path, object));
  });
}

function optimizeOne(
  engine: Engine,
  input: CompileInput,
  entrypoint: readonly string[],
  index: number,
  unknowns: readonly RefTerm[],
  { inline, namespace = 'partial' }: OptimizeOptions,
): SupportModule[] {
  const path = [varTerm('data'), ...entrypoint.map(valueTerm)];
  const ref: Ref = { kind: 'ref', terms: pathSource(entrypoint), location: NO_LOCATION };
  const name = refText(ref.terms);
  if (entrypoint.length < 2) {
    throw new BundleError(
      'bundle_entrypoint',
      `invalid entrypoint ${name}: to create optimized support module, the entrypoint ref must have at least two components in addition to the 'data' root`,
    );
  }
  const saving = {
    unknowns,
    disableInlining: replacedDocuments(engine),
    shallow: !inline,
    // Rules that are made for one entry point must not have the names of those made for another.
    namespace: index === 0 ? [namespace] : [namespace, `e${index}`],
    inPlace: true,
  };
  const query = `${RESULT} = ${name}`;
  const maxSteps = Number.MAX_SAFE_INTEGER;
  const { queries, support } = new PartialQuery(engine, input, query, []).bodies(saving, undefined, {
    maxSteps,
  });
  if (queries.length === 0) throw new BundleError('bundle_entrypoint', `undefined entrypoint ${name}`);
  // What refers to itself cannot be told in another way.
  if (queries.some((body) => refersTo(body, path))) return [...support];
  const own: SupportModule = {
    package: ref.terms.slice(0, -1),
    rules: queries.map((body) => entrypointRule(entrypoint.at(-1) as string, body)),
  };
  return [...support, own];
}

/** A rule that has the result of a query as its value. */
function entrypointRule(name: string, body: Body): SupportRule {
  const location = NO_LOCATION;
  const ref: Source[] = [{ kind: 'var', name, location }];
  const value: Source = { kind: 'var', name: RESULT, location };
  return { ref, args: undefined, key: undefined, value, body, isDefault: false };
}

function refersTo(body: Body, path: readonly Term[]): boolean {
  let found = false;
  walkAll(body, (node) => {
    if (node.kind !== 'ref') return found;
    const terms = constantPrefix(node);
    found ||= hasPrefix(terms, path);
    return found;
  });
  return found;
}

/**
 * Documents that some rule replaces with `with`: what it replaces must not be gone. (OPA looks at rules that depend on
 * the entry point only, and breaks the tests of rules that are rewritten on the way.)
 */
function replacedDocuments(engine: Engine): RefTerm[] {
  const targets = new Map<string, RefTerm>();
  for (const rule of engine.compiled.rules) {
    forBranches(rule, (branch) =>
      walkAll(branch.body, (node) => {
        if (node.kind !== 'with' || node.target.kind !== 'ref' || !isRootRef(node.target, 'data'))
          return false;
        targets.set(refText(node.target.terms), refTerm(constantPrefix(node.target)));
        return false;
      }),
    );
  }
  return [...targets.values()];
}

/** The input, and documents that are none of the bundle's. */
function unknownDocuments(engine: Engine, roots: readonly string[]): RefTerm[] {
  const owned = roots.map((root) => [
    varTerm('data'),
    ...root
      .split('/')
      .filter((name) => name !== '')
      .map(valueTerm),
  ]);
  const unknowns: (readonly Term[])[] = [[varTerm('input')]];
  const visit = (node: Parameters<typeof walk>[0]): boolean => {
    if (node.kind !== 'ref' || !isRootRef(node, 'data')) return false;
    const prefix = constantPrefix(node);
    if (owned.some((root) => hasPrefix(prefix, root))) return false;
    if (!unknowns.some((known) => hasPrefix(prefix, known))) unknowns.push(prefix);
    return false;
  };
  for (const rule of engine.compiled.rules) {
    forBranches(rule, ({ head, body }) => {
      walkAll(body, visit);
      walkAll([...head.ref.slice(1), ...(head.args ?? [])], visit);
      for (const term of [head.key, head.value]) if (term !== undefined) walk(term, visit);
    });
  }
  return unknowns.map(refTerm);
}

function forBranches(rule: Rule, visit: (branch: Rule) => void): void {
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) visit(branch);
}

/** The terms of a ref up to the first that is no constant. */
function constantPrefix({ terms }: Ref): Term[] {
  const [head, ...rest] = terms as [Source, ...Source[]];
  const prefix: Term[] = [varTerm(head.kind === 'var' ? head.name : '')];
  for (const term of rest) {
    const value = constantOf(term);
    if (value === undefined) break;
    prefix.push(valueTerm(value));
  }
  return prefix;
}

function pathSource(path: readonly string[]): Source[] {
  return [
    { kind: 'var', name: 'data', location: NO_LOCATION },
    ...path.map((value): Source => ({ kind: 'string', value, location: NO_LOCATION })),
  ];
}

/** The modules with some in place of all rules at or below the paths that theirs have. */
function replaced(modules: Modules, made: readonly SupportModule[], names: FileNames): Modules {
  const paths = made.flatMap((module) =>
    module.rules.map(({ ref }) => constantPrefix(fullRef(module.package, ref))),
  );
  const isReplaced = (path: readonly Term[]): boolean =>
    paths.some((other) => hasPrefix(path, other) || hasPrefix(other, path));
  const result = new Map(modules);
  for (const [file, { text, regoVersion }] of modules) {
    const module = parseModule(text, { file, regoVersion });
    const gone = module.rules.filter(({ head }) =>
      isReplaced(constantPrefix(fullRef(module.package.path, head.ref))),
    );
    if (gone.length === 0) continue;
    if (gone.length === module.rules.length) result.delete(file);
    else result.set(file, { text: withoutRules(text, module, new Set(gone)), regoVersion });
  }
  for (const module of made) {
    result.set(names.next(module), { text: moduleText(module), regoVersion: 'v1' });
  }
  return result;
}

function fullRef(path: readonly Source[], [head, ...rest]: readonly Source[]): Ref {
  const value = head?.kind === 'var' ? head.name : '';
  const name: Source = { kind: 'string', value, location: NO_LOCATION };
  return { kind: 'ref', terms: [...path, name, ...rest], location: NO_LOCATION };
}

/** The text of a module without some rules and what METADATA blocks say of them. Other comments stay. */
function withoutRules(text: string, module: Module, gone: ReadonlySet<Rule>): string {
  const blocks = [...gone].flatMap((rule) => rule.annotations);
  const isGone = (row: number): boolean =>
    blocks.some(({ location, endRow }) => row >= location.row && row <= endRow);
  const comments = module.comments.map(({ location, text: words }) => ({
    at: location.offset,
    end: location.offset + 1 + words.length,
    kept: !isGone(location.row),
  }));
  const statements = [module.package, ...module.imports, ...module.rules].sort(
    (a, b) => a.location.offset - b.location.offset,
  );
  const parts = statements.map((statement, index) => {
    const from = index === 0 ? 0 : statement.location.offset;
    const to = statements[index + 1]?.location.offset ?? text.length;
    const within = comments.filter(({ at }) => at >= from && at < to);
    if (gone.has(statement as Rule)) {
      const kept = within.filter((comment) => comment.kept);
      return kept.map(({ at, end }) => `${text.slice(at, end)}\n`).join('');
    }
    let part = '';
    let at = from;
    for (const comment of within) {
      if (comment.kept) continue;
      part += text.slice(at, comment.at);
      at = comment.end;
    }
    return part + text.slice(at, to);
  });
  return parts.join('');
}

/** `optimized/authz.rego`; where there is one already, `optimized/authz.1.rego`. */
class FileNames {
  readonly #used = new Map<string, number>();
  #others = 0;

  next({ package: path }: SupportModule): string {
    const segments = path.slice(1).map((term) => (term.kind === 'string' ? term.value : ''));
    const isSafe = segments.every((segment) => /^[\w-]+$/.test(segment));
    if (!isSafe) return `optimized/other/${this.#others++}.rego`;
    const name = `optimized/${segments.join('/')}`;
    const used = this.#used.get(name) ?? 0;
    this.#used.set(name, used + 1);
    return used === 0 ? `${name}.rego` : `${name}.${used}.rego`;
  }
}
