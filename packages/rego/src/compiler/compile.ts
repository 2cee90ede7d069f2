import type { Body, Call, Import, Location, Module, Rule, Term } from '../ast/types.ts';
import type { Builtin } from '../builtins/types.ts';
import { compareStrings } from '../values/index.ts';
import { CompilerContext } from './context.ts';
import { Dynamics } from './dynamics.ts';
import { Expander } from './expand.ts';
import { LocalVars } from './locals.ts';
import { Metadata } from './metadata.ts';
import { checkRecursion } from './recursion.ts';
import { globalsOf, Resolver, reportUnusedImports } from './resolve.ts';
import { checkConflicts } from './rule-conflicts.ts';
import { RuleScopes } from './rule-scopes.ts';
import { type CompiledRule, type ModuleHeader, RuleTree } from './rule-tree.ts';
import { SafetyCheck } from './safety.ts';
import { Templates } from './templates.ts';
import { equalityExpr, isAssignment, isEquality, operatorName, termExpr, varTerm } from './tree.ts';
import { TypeChecker } from './types/check.ts';
import { inputType, SchemaAnnotations, type Schemas } from './types/schema-annotations.ts';
import { checkCalls, checkExprCalls } from './undefined-functions.ts';
import { checkDeprecated, checkImports, checkRootOverrides, isV1 } from './v1-checks.ts';
import { SAFETY_VARS, varsOf } from './vars.ts';
import { rewriteWith } from './with-modifiers.ts';

export interface CompileOptions {
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly strict: boolean;
  /** Whether `print` is kept. */
  readonly print: boolean;
  readonly sources: ReadonlyMap<string, string>;
  readonly schemas: Schemas | undefined;
  /** Whether `schemas` in METADATA blocks give documents types. */
  readonly typeAnnotations: boolean;
  /** Whether functions may be called that are not there, by modules that others are to join. Nothing is safe then. */
  readonly allowUndefinedFunctions?: boolean;
  /** How many problems are told; that the limit is reached is one of its own. */
  readonly maxErrors: number;
}

/** Modules ready to be planned. */
export interface CompiledModules {
  readonly tree: RuleTree;
  /** Names of the rules of each package, by {@link pathKey}. */
  readonly exports: ReadonlyMap<string, ReadonlySet<string>>;
  /** Each after those that it depends on. */
  readonly rules: readonly CompiledRule[];
  readonly types: TypeChecker;
  /** From generated variables back to the names of the policy. */
  readonly names: ReadonlyMap<string, string>;
  /** The built-in functions that the modules call, those included that stand for operators of the language. */
  readonly called: ReadonlySet<string>;
  readonly options: CompileOptions;
}

/**
 * Compiles parsed modules, in the order of stages of OPA's `ast/compile.go`. The syntax trees given are not changed.
 * Throws a {@link RegoError} with what the first stage with problems found.
 */
export function compileModules(
  modules: ReadonlyMap<string, Module>,
  options: CompileOptions,
): CompiledModules {
  const context = new CompilerContext(options, options.strict);
  const tree = new RuleTree();
  const names = [...modules.keys()].sort(compareStrings);
  const sorted = names.map((name) => modules.get(name) as Module);
  const exports = new Map<string, Set<string>>();
  for (const module of sorted) {
    const path = pathKey(module.package.path);
    const known = exports.get(path) ?? new Set<string>();
    for (const rule of module.rules) known.add((rule.head.ref[0] as { name: string }).name);
    exports.set(path, known);
  }
  const input = inputType(options.schemas, context);
  context.throwIfFailed();
  const rules: CompiledRule[] = [];
  /** Modules in which what v1 forbids is looked for. */
  const checked = new Set<ModuleHeader>();
  for (const module of sorted) {
    const globals = globalsOf(
      module.package.path,
      exports.get(pathKey(module.package.path)) ?? [],
      module.imports,
    );
    const { rules: sources, comments: _, ...header } = module;
    if (options.strict || isV1(module)) checked.add(header);
    for (const source of sources) {
      const resolver = new Resolver(globals, context);
      rules.push({ ...resolver.rule(source), module: header, path: [], uses: resolver.uses });
    }
    if (options.strict) reportUnusedImports(module, globals, context);
  }
  context.throwIfFailed();
  for (const rule of rules) if (checked.has(rule.module)) checkRootOverrides(rule, context);
  for (const module of checked) checkImports(module, context);
  context.throwIfFailed();
  for (const module of sorted) if (module.rules.length === 0) tree.addPackage(module.package.path);
  for (const rule of rules) {
    rule.path = rulePath(rule);
    tree.add(rule);
  }
  context.tree = tree;
  for (const rule of rules) new LocalVars(context).rule(rule);
  context.throwIfFailed();
  const templates = new Templates(context, options.print);
  const expander = new Expander(context);
  const metadata = new Metadata(sorted, rules, context);
  for (const rule of rules) {
    if (!rule.uses.templates) continue;
    forBranches(rule, (branch) =>
      templates.rule(branch, (name, location) => {
        if (name === 'rego.metadata.chain') return metadata.chain(rule, branch, location);
        return name === 'rego.metadata.rule' ? metadata.rule(branch, location) : undefined;
      }),
    );
  }
  // Stage by stage, as OPA does it, so that generated variables have OPA's numbers in what is traced.
  for (const rule of rules) forBranches(rule, (branch) => expander.rule(branch));
  for (const rule of rules) {
    forBranches(rule, (branch) => expander.head(branch));
    rule.path = rulePath(rule);
  }
  context.throwIfFailed();
  const modified = rules.filter((rule) => rule.uses.modifiers);
  forBodies(modified, (body) => rewriteWith(body, context));
  context.throwIfFailed();
  checkConflicts(tree, sorted, context);
  context.throwIfFailed();
  if (options.allowUndefinedFunctions !== true) {
    for (const rule of rules) checkCalls(rule, context);
    context.throwIfFailed();
    const safety = new SafetyCheck(context);
    const scopes = new RuleScopes(rules);
    for (const rule of rules) safety.rule(rule, () => scopes.of(rule));
    context.throwIfFailed();
  }
  const dynamics = new Dynamics(context, true);
  forBodies(rules, (body) => dynamics.body(body));
  const graph = checkRecursion(tree, rules, context);
  context.throwIfFailed();
  const annotations = options.typeAnnotations ? new SchemaAnnotations(options.schemas, metadata) : undefined;
  const types = new TypeChecker(context, graph, annotations, input);
  for (const rule of graph.sorted) types.rule(rule);
  context.throwIfFailed();
  for (const rule of rules)
    if (rule.uses.deprecated && checked.has(rule.module)) checkDeprecated(rule, context);
  context.throwIfFailed();
  return {
    tree,
    exports,
    rules: graph.sorted,
    types,
    names: context.rewritten,
    called: context.called,
    options,
  };
}

/** The variable that holds what an expression of a query came to; the empty name for one that is just true. */
export interface Capture {
  readonly name: string;
  readonly text: string;
  readonly location: Location;
}

/**
 * Compiles a query against modules. With `capture`, the values of its expressions are bound to variables; with
 * `inPackage`, names of that package's rules mean those rules. With `unifies`, `==` is a unification, as it is in rules.
 */
export function compileQuery(
  compiled: CompiledModules,
  body: Body,
  imports: readonly Import[],
  capture: boolean,
  inPackage: readonly Term[] = [],
  unifies = false,
): { body: Body; captures: readonly Capture[]; original: (name: string) => string } {
  const { options, tree } = compiled;
  // What a query does not use itself is its result: strictness is for modules.
  const context = new CompilerContext(options, false);
  context.tree = tree;
  context.forQuery();
  const globals = globalsOf(inPackage, compiled.exports.get(pathKey(inPackage)) ?? [], imports);
  const resolver = new Resolver(globals, context);
  let query = resolver.query(body);
  const captures = capture ? captureValues(query, context) : [];
  query = new LocalVars(context).query(query);
  context.throwIfFailed();
  if (resolver.uses.templates) query = new Templates(context, options.print).body(query);
  query = new Expander(context).body(query);
  if (resolver.uses.modifiers) query = rewriteWith(query, context);
  context.throwIfFailed();
  for (const expr of query) checkExprCalls(expr, context);
  context.throwIfFailed();
  query = new SafetyCheck(context).body(query, new Set());
  context.throwIfFailed();
  const original = (name: string): string => context.original(name);
  query = new Dynamics(context, unifies).body(query);
  compiled.types.query(query, context);
  context.throwIfFailed();
  return { body: query, captures, original };
}

/** As OPA's `rego` package does: a value may be false where it is all there is to the query. */
function captureValues(query: Body, context: CompilerContext): Capture[] {
  const iterates = query.length > 1 || varsOf(query, SAFETY_VARS).size > 0;
  const captures: Capture[] = [];
  for (const expr of [...query]) {
    const { location } = expr;
    const name = `$term${captures.length + 1}`;
    const capture = { name, text: location.text, location };
    const terms = expr.terms;
    if (expr.negated || isEquality(expr) || isAssignment(expr)) captures.push({ ...capture, name: '' });
    else if (terms.kind === 'call') {
      const builtin = context.builtins.get(operatorName(terms.operator) ?? '');
      const hasResult = builtin === undefined || builtin.declaration.result !== undefined;
      if (!hasResult || context.arity(terms.operator) !== terms.args.length) {
        captures.push({ ...capture, name: '' });
        continue;
      }
      terms.args.push(varTerm(name, location));
      captures.push(capture);
      if (iterates) query.push(termExpr(varTerm(name, location), location));
    } else if (
      terms.kind === 'some' ||
      terms.kind === 'every' ||
      terms.kind === 'not' ||
      terms.kind === 'logicalAnd' ||
      terms.kind === 'logicalOr'
    ) {
      captures.push({ ...capture, name: '' });
    } else {
      const { operator, args } = equalityExpr(terms as Term, varTerm(name, location), location).terms as Call;
      expr.terms = { kind: 'call', operator, args, location };
      captures.push(capture);
      if (iterates) query.push(termExpr(varTerm(name, location), location));
    }
  }
  return captures;
}

function forBranches(rule: Rule, visit: (branch: Rule) => void): void {
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) visit(branch);
}

function forBodies(rules: readonly CompiledRule[], rewrite: (body: Body) => Body): void {
  for (const rule of rules) {
    forBranches(rule, (branch) => {
      branch.body = rewrite(branch.body);
    });
  }
}

function rulePath(rule: CompiledRule): Term[] {
  const [head, ...rest] = rule.head.ref as [Term, ...Term[]];
  const { location } = head;
  const name = head.kind === 'var' ? head.name : '';
  return rule.module.package.path.concat({ kind: 'string', value: name, location }, rest);
}

function pathKey(path: readonly Term[]): string {
  return JSON.stringify(path.slice(1).map((term) => (term.kind === 'string' ? term.value : '')));
}
