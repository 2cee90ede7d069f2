import type { Location } from '../ast/types.ts';
import { baseAt, lookupPath } from '../eval/lookup.ts';
import { RegoObject, type Value } from '../values/index.ts';
import { Bindings } from './bindings.ts';
import { cacheKey } from './cache-key.ts';
import { evaluateCall } from './calls.ts';
import type { Comprehensions, Evaluation, Scope } from './evaluation.ts';
import type { Operation, TracedNode } from './events.ts';
import type { Continue, Step } from './exit.ts';
import type { Place } from './index-constraints.ts';
import { UNKNOWN } from './index-trie.ts';
import { evaluateEvery, evaluateLogical, evaluateNegation, evaluateNot } from './nested.ts';
import type { Body, Expression, RefTerm, Statement } from './terms.ts';
import { hasPrefix, isRooted, refTerm, type Term, varTerm, walkTerms } from './terms.ts';
import { unify } from './unify.ts';
import { evaluateWith } from './with.ts';

/**
 * A body under evaluation, as `eval` of OPA's `v1/topdown/eval.go`: what is named alike there does the same here, so that
 * events come in OPA's order. Expressions call back with each way to satisfy them.
 */
export class Frame {
  readonly evaluation: Evaluation;
  readonly query: Body;
  readonly queryId: number;
  readonly bindings: Bindings;
  readonly parent: Frame | undefined;
  /** The frame of the query itself. */
  readonly caller: Frame;
  /** One success is enough. */
  readonly findOne: boolean;
  scope: Scope;
  index = 0;
  defined = false;
  #lastLocation: Location | undefined;
  #comprehensions: Comprehensions | undefined;

  private constructor(
    evaluation: Evaluation,
    query: Body,
    parent: Frame | undefined,
    bindings: Bindings | undefined,
    findOne: boolean,
  ) {
    this.evaluation = evaluation;
    this.query = query;
    this.queryId = evaluation.nextQuery();
    this.bindings = bindings ?? new Bindings(this.queryId);
    this.parent = parent;
    this.caller = parent?.caller ?? this;
    this.findOne = findOne;
    this.scope = parent?.scope ?? evaluation.scope();
    this.#lastLocation = parent?.lastLocation;
    this.#comprehensions = parent === undefined ? undefined : parent.#comprehensions;
  }

  static root(evaluation: Evaluation, query: Body): Frame {
    return new Frame(evaluation, query, undefined, undefined, false);
  }

  /** A body that sees this one's variables. */
  closure(query: Body, findOne = false): Frame {
    return new Frame(this.evaluation, query, this, this.bindings, findOne);
  }

  /** A body with variables of its own. */
  child(query: Body, findOne = false): Frame {
    return new Frame(this.evaluation, query, this, undefined, findOne);
  }

  get comprehensions(): Comprehensions {
    this.keepComprehensions();
    return this.scope.comprehensions ?? (this.#comprehensions as Comprehensions);
  }

  /** As in OPA, what is kept from now on is kept for frames that begin later, and not for the one this began in. */
  keepComprehensions(): void {
    this.#comprehensions ??= new Map();
  }

  get lastLocation(): Location | undefined {
    return this.#lastLocation;
  }

  get traced(): boolean {
    return this.evaluation.tracer !== undefined;
  }

  /** Evaluates the body, with the events of a query. */
  run(next: (frame: Frame) => Step): Step {
    this.traceBody('Enter', this.query);
    return this.evaluate(() => {
      this.traceBody('Exit', this.query);
      const step = next(this);
      this.traceBody('Redo', this.query);
      return step;
    });
  }

  /** Evaluates the body from the expression at `index` on. */
  evaluate(next: Continue): Step {
    const expr = this.query[this.index];
    if (expr === undefined) {
      const step = next();
      if (step !== undefined) return { deferred: !this.findOne, outer: step };
      const stops = this.findOne && this.evaluation.saving === undefined;
      return stops ? { deferred: false, outer: undefined } : undefined;
    }
    this.evaluation.machine.tick();
    this.traceExpression('Eval', expr);
    const rest = (): Step => this.next(next);
    return expr.with.length > 0 ? evaluateWith(this, expr, rest) : this.step(expr, rest);
  }

  next(next: Continue): Step {
    this.index++;
    const step = this.evaluate(next);
    this.index--;
    return step;
  }

  /** Evaluates the expression at `index`, without its modifiers. */
  step(expr: Expression, next: Continue): Step {
    if (expr.negated) return evaluateNegation(this, expr, next);
    let defined = false;
    const found = (): Step => {
      defined = true;
      const step = next();
      this.traceExpression('Redo', expr);
      return step;
    };
    const step = this.#statement(expr, next, found);
    if (step === undefined && !defined) this.traceExpression('Fail', expr);
    return step;
  }

  #statement(expr: Expression, next: Continue, found: Continue): Step {
    const { terms } = expr;
    switch (terms.kind) {
      case 'call':
        if (terms.name === 'eq' && terms.args.length === 2) {
          return this.unify(terms.args[0] as Term, terms.args[1] as Term, found);
        }
        return evaluateCall(this, terms.operator, terms.name, terms.args, found);
      case 'term': {
        const result = varTerm(`${this.evaluation.generated}_term_${this.queryId}_${this.index}`);
        const { saving } = this.evaluation;
        return this.unify(terms.term, result, () => {
          if (saving?.contains(result, this.bindings) === true) {
            return saving.saveTerm(this, result, this.bindings, next);
          }
          const value = this.bindings.plug(result);
          return value.kind === 'value' && value.value === false ? undefined : found();
        });
      }
      case 'every':
        return evaluateEvery(this, expr, terms, found);
      case 'not':
        return evaluateNot(this, expr, terms, found);
      default:
        return evaluateLogical(this, expr, terms, found);
    }
  }

  unify(a: Term, b: Term, next: Continue): Step {
    return unify(this, a, b, this.bindings, this.bindings, next);
  }

  /** Whether partial evaluation cannot know what a term comes to. */
  unknown(terms: readonly Term[], bindings: Bindings): boolean {
    return this.evaluation.saving?.requiresSave(terms, bindings) === true;
  }

  /** Whether `with` replaced the document at a path. */
  isReplaced(path: readonly Term[]): boolean {
    return this.scope.targets.some((target) => hasPrefix(path, target));
  }

  /** The base document at a path of values, under what `with` put there. */
  resolve(path: readonly Term[]): Value | undefined {
    const keys: Value[] = [];
    for (const term of path.slice(1)) {
      if (term.kind !== 'value') return undefined;
      keys.push(term.value);
    }
    const { data } = this.scope;
    const replaced = data === undefined ? undefined : lookupPath(data, keys);
    if (this.isReplaced(path)) return replaced;
    let base = baseAt(this.evaluation.machine.data, keys);
    if (keys.length === 0 && base instanceof RegoObject && base.has('system')) {
      base = RegoObject.of(base.entries().filter(([key]) => key !== 'system'));
    }
    if (replaced === undefined || base === undefined) return replaced ?? base;
    return merge(replaced, base);
  }

  /** What the index of rules finds at a place. */
  resolvePlace(
    { ref, parameter }: Place,
    args: readonly Term[] | undefined,
  ): Value | undefined | typeof UNKNOWN {
    if (ref === undefined) {
      const arg = args?.[parameter];
      if (arg === undefined) return UNKNOWN;
      const plugged = this.bindings.plug(arg);
      return plugged.kind === 'value' ? plugged.value : UNKNOWN;
    }
    const { saving } = this.evaluation;
    if (saving?.isDisabled(ref.terms, true) === true || saving?.contains(ref, undefined) === true)
      return UNKNOWN;
    if (isRooted(ref, 'data')) return this.resolve(ref.terms);
    const keys = ref.terms.slice(1).map((term) => (term.kind === 'value' ? term.value : null));
    return lookupPath(this.scope.input, keys);
  }

  traceBody(operation: Operation, body: Body): void {
    if (this.traced) this.trace(operation, { kind: 'body', body }, body[0]?.location);
  }

  traceExpression(operation: Operation, expr: Expression, message = '', ref?: RefTerm): void {
    if (this.traced) this.trace(operation, { kind: 'expr', expr }, expr.location, message, ref);
  }

  trace(
    operation: Operation,
    node: TracedNode | undefined,
    at: Location | undefined,
    message = '',
    ref?: RefTerm,
  ): void {
    const { tracer } = this.evaluation;
    if (tracer === undefined) return;
    const location = at ?? this.#lastLocation;
    this.#lastLocation = location;
    tracer.trace({
      operation,
      node,
      location,
      queryId: this.queryId,
      parentId: this.parent?.queryId ?? 0,
      message,
      ref,
      locals: tracer.wantsLocals ? new Map(this.bindings.entries()) : undefined,
      documents: tracer.wantsLocals && node !== undefined ? this.#documents(node) : undefined,
    });
  }

  #documents(node: TracedNode): ReadonlyMap<RefTerm, Value> {
    const found = new Map<RefTerm, Value>();
    const visit = (term: Term): void =>
      walkTerms(term, (part) => {
        if (part.kind === 'comprehension') {
          const heads = part.key === undefined ? [part.term] : [part.key, part.term];
          for (const inner of [...heads, ...bodyTerms(part.body)]) visit(inner);
        }
        if (part.kind !== 'ref') return;
        const end = part.terms.findIndex((inner, index) => index > 0 && inner.kind !== 'value');
        const ground = end < 0 ? part.terms : part.terms.slice(0, end);
        const cached = this.scope.cache.get(cacheKey(ground));
        if (cached?.kind === 'value') found.set(refTerm(ground), cached.value);
      });
    const exprs = node.kind === 'expr' ? [node.expr] : node.kind === 'body' ? node.body : [];
    for (const term of bodyTerms(exprs)) visit(term);
    return found;
  }
}

function bodyTerms(body: Body): readonly Term[] {
  return body.flatMap((expr) => [
    ...statementTerms(expr.terms),
    ...expr.with.flatMap(({ target, value }) => [target, value]),
  ]);
}

function statementTerms(statement: Statement): readonly Term[] {
  switch (statement.kind) {
    case 'call':
      return statement.args;
    case 'term':
      return [statement.term];
    case 'every':
      return [statement.domain, ...bodyTerms(statement.body)];
    case 'not':
      return bodyTerms(statement.body);
    default:
      return [...bodyTerms(statement.lhs), ...bodyTerms(statement.rhs)];
  }
}

/** Objects are put together; otherwise the first stays. */
export function merge(a: Value, b: Value): Value {
  if (!(a instanceof RegoObject) || !(b instanceof RegoObject)) return a;
  const merged = RegoObject.of(b.entries());
  for (const [key, member] of a.entries()) {
    const other = b.get(key);
    merged.set(key, other === undefined ? member : merge(member, other));
  }
  return merged;
}
