import { copyBody } from '../ast/copy.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import type { Expr, Term as Source, Body as SourceBody } from '../ast/types.ts';
import { CompilerContext } from '../compiler/context.ts';
import { equalityExpr } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import type { Bindings } from './bindings.ts';
import type { FunctionCall } from './calls.ts';
import { propagateCopies } from './copy-propagation.ts';
import type { Continue, Step } from './exit.ts';
import type { Frame } from './frame.ts';
import { canInlineNegation, combinedComplements, complementOf } from './negation.ts';
import type { Program } from './program.ts';
import { type RuleRead, traceRule } from './read-rules.ts';
import { Requirements } from './requirements.ts';
import { notExpr, statement, substituted, substitutedTerm, TRUE_SOURCE } from './saved-source.ts';
import { Support } from './support.ts';

import {
  type Body,
  type ComprehensionTerm,
  type Expression,
  hasPrefix,
  objectTerm,
  type RefTerm,
  refTerm,
  type Statement,
  setTerm,
  type Term,
  type TracedRule,
  valueTerm,
  varTerm,
  walkTerms,
} from './terms.ts';
import { toSource } from './to-source.ts';
import { isFunctionTarget } from './with.ts';

/** The package below which the rules stand that partial evaluation makes. */
const NAMESPACE: readonly string[] = ['partial'];

export interface SavingOptions {
  /** Refs into `input` and `data` of which nothing is known. */
  readonly unknowns: readonly RefTerm[];
  /** Documents that are not put in place of refs to them. */
  readonly disableInlining: readonly RefTerm[];
  /** No rule that depends on something unknown is. */
  readonly shallow: boolean;
  /** The package of generated rules, `partial` unless given. */
  readonly namespace?: readonly string[];
  /** Whether rules stay in the packages where they are, in place of the original ones, and are not put below the namespace. */
  readonly inPlace?: boolean;
  /** Whether functions are called whose answer may be another later, where their operands are known. */
  readonly nondeterministic?: boolean;
}

interface Disabled {
  readonly isInternal: boolean;
  readonly refs: readonly (readonly Term[])[];
}

/** An expression that is left for later, and whose variables are in it: for an equality, on either side. */
interface Saved {
  readonly expr: Expr;
  /** The sides or operands, to be plugged when the result is put together; absent where that is done. */
  readonly terms: readonly (readonly [Term, Bindings])[] | undefined;
  readonly with: readonly (readonly [Source, Term, Bindings])[];
}

/** Variables that stand for something unknown. */
interface UnknownVariable {
  readonly name: string;
  readonly in: Bindings;
}

/** What partial evaluation leaves for later (`v1/topdown/save.go` of OPA). */
export class Saving {
  readonly shallow: boolean;
  readonly nondeterministic: boolean;
  readonly inlining: Disabled[];
  readonly support = new Support();
  readonly #program: Program;
  readonly #unknowns: readonly RefTerm[];
  readonly #variables: UnknownVariable[] = [];
  readonly #queries: Saved[][] = [[]];
  readonly #requirements: Requirements;
  readonly #namespace: readonly Term[];
  readonly #inPlace: boolean;
  #refs = 0;

  constructor(program: Program, options: SavingOptions) {
    const { unknowns, disableInlining, shallow, namespace = NAMESPACE, inPlace = false } = options;
    this.nondeterministic = options.nondeterministic ?? false;
    this.#namespace = namespace.map(valueTerm);
    this.#inPlace = inPlace;
    this.#program = program;
    this.shallow = shallow;
    this.#unknowns = unknowns;
    this.inlining = [{ isInternal: false, refs: disableInlining.map(({ terms }) => terms) }];
    this.#requirements = new Requirements(program, this);
  }

  nextRef(): number {
    return this.#refs++;
  }

  contains(term: Term, bindings: Bindings | undefined): boolean {
    if (term.kind === 'var') return this.#isUnknown(term.name, bindings);
    if (term.kind !== 'ref') return false;
    if (this.#unknowns.some(({ terms }) => hasPrefix(terms, term.terms) || hasPrefix(term.terms, terms)))
      return true;
    const head = term.terms[0];
    return head?.kind === 'var' && this.#isUnknown(head.name, bindings);
  }

  #isUnknown(name: string, bindings: Bindings | undefined): boolean {
    return this.#variables.some((variable) => variable.in === bindings && variable.name === name);
  }

  containsWithin(term: Term, bindings: Bindings): boolean {
    let found = false;
    walkTerms(term, (part) => {
      if (part.kind !== 'var' || found) return;
      const applied = bindings.apply(part);
      found =
        applied.term === part && applied.in === bindings
          ? this.contains(part, bindings)
          : this.containsWithin(applied.term, applied.in) || this.contains(applied.term, applied.in);
    });
    return found;
  }

  requiresSave(terms: readonly Term[], bindings: Bindings): boolean {
    return this.#requirements.ofTerms(terms, bindings);
  }

  expressionRequiresSave(expr: Expression, bindings: Bindings): boolean {
    return this.#requirements.ofBody([expr], bindings);
  }

  bodyRequiresSave(body: Body, bindings: Bindings): boolean {
    return this.#requirements.ofBody(body, bindings);
  }

  isDisabled(ref: readonly Term[], ignoreInternal: boolean): boolean {
    return this.inlining.some(
      ({ isInternal, refs }) =>
        !(isInternal && ignoreInternal) &&
        refs.some((other) => hasPrefix(other, ref) || hasPrefix(ref, other)),
    );
  }

  /** All refs of an expression and its modifiers, as far as they are ground. */
  refsOf(frame: Frame, expr: Expression): readonly (readonly Term[])[] {
    const refs: (readonly Term[])[] = [];
    const visit = (term: Term): void =>
      walkTerms(term, (part) => {
        if (part.kind !== 'ref') return;
        const end = part.terms.findIndex((inner, index) => index > 0 && inner.kind !== 'value');
        refs.push(end < 0 ? part.terms : part.terms.slice(0, end));
      });
    for (const { target, value } of expr.with) {
      if (!isFunctionTarget(frame, target)) visit(target);
      visit(value);
    }
    const { terms } = expr;
    if (terms.kind === 'call') for (const term of [terms.operator, ...terms.args]) visit(term);
    if (terms.kind === 'term') visit(terms.term);
    return refs;
  }

  /** The query as it is left, with variables that are not the caller's told apart. */
  query(caller: Bindings): SourceBody {
    const saved = this.#queries.at(-1) as Saved[];
    return saved.map((item) => plugged(item, caller));
  }

  #queryOrTrue(caller: Bindings): SourceBody {
    const query = this.query(caller);
    return query.length === 0 ? [statement({ kind: 'boolean', value: true, location: NO_LOCATION })] : query;
  }

  /** Whether some value could satisfy a body, as far as types tell. */
  isPossible(body: SourceBody): boolean {
    const context = new CompilerContext({ ...this.#program.compiled.options, sources: new Map() }, false);
    context.tree = this.#program.compiled.tree;
    this.#program.compiled.types.query(copyBody(body), context);
    return !context.failed;
  }

  #save(frame: Frame, saved: Saved, unknown: readonly (readonly [Term, Bindings])[], next: Continue): Step {
    const variables = unknown.flatMap(([term, bindings]) => unknownVariables(term, bindings));
    this.#variables.push(...variables);
    const query = this.#queries.at(-1) as Saved[];
    query.push(saved);
    const expr = frame.query[frame.index];
    if (expr !== undefined && frame.traced) {
      frame.trace('Save', { kind: 'expr', expr: { ...expr, source: saved.expr } }, expr.location);
    }
    const step = next();
    query.pop();
    this.#variables.length -= variables.length;
    return step;
  }

  /** The modifiers of the expression at hand, without those that replace functions. */
  #modifiers(frame: Frame): Saved['with'] {
    const modifiers = frame.query[frame.index]?.with ?? [];
    return modifiers
      .filter(({ target }) => !isFunctionTarget(frame, target))
      .map(({ target, value }) => [toSource(target), value, frame.bindings] as const);
  }

  saveTerm(frame: Frame, term: Term, bindings: Bindings, next: Continue): Step {
    const expr = statement(toSource(term));
    return this.#save(frame, { expr, terms: [[term, bindings]], with: this.#modifiers(frame) }, [], next);
  }

  saveUnify(frame: Frame, a: Term, b: Term, b1: Bindings, b2: Bindings, next: Continue): Step {
    const terms = [
      [a, b1],
      [b, b2],
    ] as const;
    const expr = equalityExpr(toSource(a), toSource(b), NO_LOCATION);
    return this.#save(frame, { expr, terms, with: this.#modifiers(frame) }, terms, next);
  }

  saveCall(
    frame: Frame,
    operator: RefTerm,
    _name: string,
    args: readonly Term[],
    arity: number,
    next: Continue,
  ): Step {
    const { bindings } = frame;
    const terms = args.map((arg) => [arg, bindings] as const);
    const call: Source = {
      kind: 'call',
      operator: toSource(operator) as Source & { kind: 'ref' },
      args: args.map(toSource),
      location: NO_LOCATION,
    };
    const outputs = arity === args.length - 1 ? terms.slice(-1) : [];
    return this.#save(frame, { expr: statement(call), terms, with: this.#modifiers(frame) }, outputs, next);
  }

  /** Saves an expression whose modifiers are not known, and takes what it binds for unknown. */
  saveWhole(frame: Frame, expr: Expression, next: Continue): Step {
    const { bindings } = frame;
    const { terms } = expr;
    const saved: Saved = {
      expr: { ...expr.source, location: NO_LOCATION },
      terms: operandsOf(terms)?.map((term) => [term, bindings] as const),
      with: this.#modifiers(frame),
    };
    let outputs: readonly Term[] = terms.kind === 'term' ? [terms.term] : [];
    if (terms.kind === 'call') {
      const arity = this.#arityOf(terms);
      outputs = terms.name === 'eq' ? terms.args : terms.args.slice(arity < 0 ? terms.args.length : arity);
    }
    return this.#save(
      frame,
      saved,
      outputs.map((term) => [term, bindings] as const),
      next,
    );
  }

  #arityOf({ operator, name }: Statement & { kind: 'call' }): number {
    const builtin = this.#program.compiled.options.builtins.get(name);
    if (builtin !== undefined) return builtin.declaration.args.length;
    return this.#program.node(operator.terms)?.rules[0]?.head.args?.length ?? -1;
  }

  /** Saves an expression that binds nothing: `every`, `and`, `or`. */
  saveClosed(frame: Frame, expr: Expression, next: Continue): Step {
    const { bindings, caller } = frame;
    const source = substituted(expr.source, (name) =>
      toSource(bindings.plug(varTerm(name), caller.bindings)),
    );
    return this.#save(
      frame,
      { expr: { ...source, with: [] }, terms: undefined, with: this.#modifiers(frame) },
      [],
      next,
    );
  }

  amendComprehension(frame: Frame, term: ComprehensionTerm, bindings: Bindings): ComprehensionTerm {
    const { caller } = frame;
    const used = varsOf([term.source]);
    const known: Expr[] = [];
    for (const [name, value] of bindings.entries(caller.bindings)) {
      if (!used.has(name)) continue;
      const variable = bindings.named(varTerm(name), caller.bindings);
      known.push(equalityExpr(toSource(variable), toSource(value), NO_LOCATION));
    }
    const rename = (name: string): Source => toSource(bindings.named(varTerm(name), caller.bindings));
    const renamed = substitutedTerm(term.source, rename) as Source & { body: SourceBody };
    const source = { ...renamed, body: [...renamed.body, ...known] } as Source;
    return { ...term, source };
  }

  saveNegation(frame: Frame, expr: Expression, body: Body, next: Continue): Step {
    const { caller } = frame;
    const unknowns = new Set(
      this.#variables.flatMap((variable) => {
        const term = variable.in.plug(varTerm(variable.name), caller.bindings);
        return term.kind === 'var' ? [term.name] : [];
      }),
    );
    const isExplicit = expr.terms.kind === 'not' && expr.terms.explicitBody && !this.shallow;
    const queries: SourceBody[] = [];
    this.#queries.push([]);
    const child = frame.closure(body);
    child.evaluate(() => {
      const query = this.#queryOrTrue(caller.bindings);
      if (this.isPossible(query)) {
        queries.push(this.shallow || isExplicit ? query : this.propagate(query, unknowns, true));
      }
      return undefined;
    });
    this.#queries.pop();
    if (queries.length === 0) return next();
    if (isExplicit) {
      const exprs = queries.map((query) => notExpr(query, true));
      return this.#saveAll(frame, exprs, next);
    }
    if (!canInlineNegation(unknowns, queries)) {
      return this.#saveAll(frame, [this.#negationSupport(frame, child, expr, unknowns, queries)], next);
    }
    for (const exprs of combinedComplements(queries, (part) => complementOf(part, expr))) {
      const step = this.#saveAll(frame, exprs, next);
      if (step !== undefined) return step;
    }
    return undefined;
  }

  #saveAll(frame: Frame, [first, ...rest]: readonly Expr[], next: Continue): Step {
    if (first === undefined) return next();
    const saved = { expr: first, terms: undefined, with: this.#modifiers(frame) };
    return this.#save(frame, saved, [], () => this.#saveAll(frame, rest, next));
  }

  #negationSupport(
    frame: Frame,
    child: Frame,
    expr: Expression,
    unknowns: ReadonlySet<string>,
    queries: readonly SourceBody[],
  ): Expr {
    const name = `__not${frame.queryId}_${frame.index}_${child.queryId}__`;
    const used = new Set(queries.flatMap((query) => [...varsOf(query)]));
    const args = [...unknowns].filter((variable) => used.has(variable)).sort();
    const terms = args.map((variable): Source => ({ kind: 'var', name: variable, location: NO_LOCATION }));
    const path = [varTerm('data'), ...this.#namespace, valueTerm(name)];
    for (const body of queries)
      this.support.addRule(path, {
        args: terms.length === 0 ? undefined : terms,
        key: undefined,
        value: TRUE_SOURCE,
        body,
        isDefault: false,
      });
    const ref = toSource(refTerm(path)) as Source & { kind: 'ref' };
    const inner = statement(
      terms.length === 0 ? ref : { kind: 'call', operator: ref, args: terms, location: NO_LOCATION },
    );
    return expr.negated ? { ...inner, negated: true } : notExpr([inner], false);
  }

  /** Removes variables that only stand between others. */
  propagate(body: SourceBody, live: ReadonlySet<string>, ensureNonEmpty: boolean): SourceBody {
    return propagateCopies(body, live, this.#program, ensureNonEmpty);
  }

  supportComplete({ frame, path, candidates, result }: RuleRead, next: Continue): Step {
    const here = path.plugged.slice(0, path.at + 1);
    const name = this.#namespaced(here);
    if (!this.support.has(name)) {
      for (const rule of [
        ...candidates.rules,
        ...(candidates.default === undefined ? [] : [candidates.default]),
      ]) {
        this.#supportRule(frame, rule, name, false);
      }
    }
    if (!this.support.has(name)) return undefined;
    const term = refTerm(this.#namespaced(path.ref.terms));
    return this.saveUnify(frame, term, result.term, path.in, result.in, next);
  }

  supportPartial({ frame, path, candidates, result }: RuleRead, isSet: boolean, next: Continue): Step {
    const name = this.#namespaced(path.plugged.slice(0, path.at + 1));
    if (!this.support.has(name)) {
      for (const rule of candidates.rules) this.#supportRule(frame, rule, this.#namespaced(rule.ref), false);
    }
    let term: Term = refTerm(this.#namespaced(path.ref.terms));
    if (!this.support.has(name)) {
      if (path.ref.terms.length !== path.at + 1) return undefined;
      term = isSet ? setTerm([]) : objectTerm([]);
    }
    return this.saveUnify(frame, term, result.term, path.in, result.in, next);
  }

  supportFunction({ frame, operator, args, arity, candidates }: FunctionCall, next: Continue): Step {
    const name = this.#namespaced(operator.terms);
    if (!this.support.has(name)) {
      for (const rule of [
        ...candidates.rules,
        ...(candidates.default === undefined ? [] : [candidates.default]),
      ]) {
        this.#supportRule(frame, rule, name, true);
      }
    }
    if (!this.support.has(name)) return undefined;
    return this.saveCall(frame, refTerm(name), '', args, arity, next);
  }

  /** `data.a.b` as `data.partial.a.b`. */
  #namespaced(ref: readonly Term[]): readonly Term[] {
    return this.#inPlace ? ref : [ref[0] as Term, ...this.#namespace, ...ref.slice(1)];
  }

  /** Evaluates a rule as far as it goes and keeps what is left of it, to be evaluated with the query. */
  #supportRule(frame: Frame, rule: TracedRule, path: readonly Term[], isFunction: boolean): void {
    const { caller } = frame;
    const child = frame.child(rule.body);
    traceRule(child, 'Enter', rule);
    this.#queries.push([]);
    const parameters: UnknownVariable[] = [];
    if (isFunction) {
      for (const arg of rule.args) {
        walkTerms(arg, (part) => {
          if (part.kind === 'var') parameters.push({ name: part.name, in: child.bindings });
        });
      }
    }
    this.#variables.push(...parameters);
    child.evaluate(() => {
      traceRule(child, 'Exit', rule);
      const own = this.#queries.pop() as Saved[];
      this.#queries.push(own);
      let body = this.#queryOrTrue(caller.bindings);
      if (this.isPossible(body)) {
        const plug = (term: Term): Source => toSource(child.bindings.plug(term, caller.bindings));
        const value = rule.value === undefined ? undefined : plug(rule.value);
        const key = rule.isMultiValue && rule.key !== undefined ? plug(rule.key) : undefined;
        const args = isFunction ? rule.args.map(plug) : undefined;
        const ref = path.map((term, index) =>
          index === 0 ? term : child.bindings.plug(term, caller.bindings),
        );
        if (!this.shallow && !isFunction) {
          const heads = [
            ...ref.slice(1).map(toSource),
            ...(key === undefined ? [] : [key]),
            ...(value === undefined ? [] : [value]),
          ];
          body = this.propagate(body, varsOf(heads), true);
        }
        this.support.addRule(ref, { args, key, value, body, isDefault: rule.isDefault });
      }
      traceRule(child, 'Redo', rule);
      this.#queries.pop();
      this.#queries.push(own);
      return undefined;
    });
    this.#variables.length -= parameters.length;
    this.#queries.pop();
  }
}

/** What a saved expression is with what is known by now. */
function plugged({ expr, terms, with: modifiers }: Saved, caller: Bindings): Expr {
  const plug = (term: Term, bindings: Bindings): Source => toSource(bindings.plug(term, caller));
  const operands = terms?.map(([term, bindings]) => plug(term, bindings));
  let statementOf = expr.terms;
  if (operands !== undefined) {
    statementOf = expr.terms.kind === 'call' ? { ...expr.terms, args: operands } : (operands[0] as Source);
  }
  return {
    ...expr,
    terms: statementOf,
    with: modifiers.map(([target, value, bindings]) => ({
      kind: 'with',
      target: target as Source & { kind: 'ref' },
      value: plug(value, bindings),
      location: NO_LOCATION,
    })),
    location: NO_LOCATION,
  };
}

/** The variables by which a term is unknown from now on. */
function unknownVariables(term: Term, bindings: Bindings): UnknownVariable[] {
  if (term.kind === 'var') return [{ name: term.name, in: bindings }];
  const found: UnknownVariable[] = [];
  for (const name of variableNames(term)) {
    const applied = bindings.apply(varTerm(name));
    found.push(...unknownVariables(applied.term, applied.in));
  }
  return found;
}

/** Names of variables in a term; heads of refs and comprehensions are left out. */
function variableNames(term: Term): readonly string[] {
  switch (term.kind) {
    case 'var':
      return [term.name];
    case 'ref':
      return term.terms.slice(1).flatMap(variableNames);
    case 'array':
    case 'set':
      return term.items.flatMap(variableNames);
    case 'object':
      return term.pairs.flat().flatMap(variableNames);
    default:
      return [];
  }
}

function operandsOf(terms: Statement): readonly Term[] | undefined {
  if (terms.kind === 'call') return terms.args;
  return terms.kind === 'term' ? [terms.term] : undefined;
}
