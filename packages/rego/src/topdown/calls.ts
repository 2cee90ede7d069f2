import type { Builtin } from '../builtins/types.ts';
import { BuiltinError, Halt } from '../builtins/types.ts';
import { locate, RegoError, type RegoProblem } from '../errors.ts';
import { conflict, MESSAGES } from '../eval/faults.ts';
import { isStackOverflow } from '../stack.ts';
import { equal, type Value } from '../values/index.ts';
import { cacheKey } from './cache-key.ts';
import { type Continue, Iteration, type Step, suppress } from './exit.ts';
import type { Frame } from './frame.ts';
import { refName } from './program.ts';
import { candidatesAt, traceRule } from './read-rules.ts';
import type { Candidates } from './rule-index.ts';
import { isRooted, type RefTerm, type Term, type TracedRule, valueTerm } from './terms.ts';
import { known, unifyAll } from './unify.ts';

/** Evaluates a call. An argument beyond the function's operands takes the result; without it the result must not be false. */
export function evaluateCall(
  frame: Frame,
  operator: RefTerm,
  name: string,
  args: readonly Term[],
  next: Continue,
): Step {
  const { program, saving } = frame.evaluation;
  const { scope } = frame;
  const mock = scope.mocks.get(name);
  if (mock?.kind === 'ref' && program.isFunction(mock)) {
    // Inside the replacement, functions are themselves again.
    frame.scope = { ...scope, mocks: new Map() };
    const inner = frame.scope;
    const step = evaluateCall(frame, mock, refName(mock) ?? '', args, () => {
      frame.scope = scope;
      const after = next();
      frame.scope = inner;
      return after;
    });
    frame.scope = scope;
    return step;
  }
  if (isRooted(operator, 'data')) {
    const node = program.node(operator.terms);
    if (mock !== undefined) {
      return answer(frame, args, node?.rules[0]?.head.args?.length ?? 0, mock, next);
    }
    const index = node === undefined ? undefined : program.index(node);
    if (index === undefined) return undefined;
    const candidates = candidatesAt(frame, index, operator.terms, saving === undefined ? args : undefined);
    return new FunctionCall(frame, operator, args, candidates).evaluate(next);
  }
  const builtin = program.compiled.options.builtins.get(name);
  if (builtin === undefined) throw fault(frame, `unsupported built-in: ${name}`);
  if (mock !== undefined) return answer(frame, args, builtin.declaration.args.length, mock, next);
  const expr = frame.query[frame.index];
  if (saving !== undefined && expr !== undefined && saving.expressionRequiresSave(expr, frame.bindings)) {
    return saving.saveCall(frame, operator, name, args, builtin.declaration.args.length, next);
  }
  return callBuiltin(frame, builtin, args, next);
}

function fault(frame: Frame, message: string, cause?: unknown): RegoError {
  const location = locate(frame.query[frame.index]?.location);
  return new RegoError([{ code: 'eval_internal_error', message, location }], undefined, cause);
}

/** Gives a call its result. */
function answer(frame: Frame, args: readonly Term[], arity: number, result: Term, next: Continue): Step {
  const output = args[arity];
  if (output !== undefined) return frame.unify(output, result, next);
  return result.kind === 'value' && result.value === false ? undefined : next();
}

function callBuiltin(frame: Frame, builtin: Builtin, args: readonly Term[], next: Continue): Step {
  const { declaration, name } = builtin;
  const arity = declaration.variadic === undefined ? declaration.args.length : args.length;
  const operands = args.slice(0, arity).map((arg) => known(frame.bindings.plug(arg)));
  const location = frame.query[frame.index]?.location;
  const { tracer, machine, options } = frame.evaluation;
  const note =
    tracer === undefined ? undefined : (message: string) => frame.trace('Note', undefined, location, message);
  const context = frame.evaluation.context(locate(location), note);
  const isVoid = declaration.result === undefined;
  const give = (value: Value): Step => (isVoid ? next() : answer(frame, args, arity, valueTerm(value), next));
  // Errors of what comes after the call are none of the function's.
  let after: { readonly error: unknown } | undefined;
  let step: Step;
  const emit = (value: Value): boolean => {
    try {
      step = give(value);
    } catch (error) {
      after = { error };
      throw error;
    }
    return step !== undefined;
  };
  try {
    if (builtin.relation !== undefined) {
      builtin.relation(context, emit, ...operands);
      return step;
    }
    const value = builtin.call(context, ...operands);
    if (value !== undefined) emit(value);
    return step;
  } catch (error) {
    if (after !== undefined) throw after.error;
    if (error instanceof BuiltinError) {
      const problem: RegoProblem = {
        code: error.code,
        message: `${name}: ${error.message}`,
        location: locate(location),
      };
      if (machine.strictErrors) throw new RegoError([problem]);
      options.onBuiltinError?.(problem);
      return undefined;
    }
    if (error instanceof Halt) {
      throw new RegoError([
        { code: error.code as RegoError['code'], message: error.message, location: locate(location) },
      ]);
    }
    if (error instanceof RegoError || isStackOverflow(error)) throw error;
    throw fault(frame, `${name}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** A call of a function of the policies (`evalFunc` of OPA). */
export class FunctionCall {
  readonly frame: Frame;
  readonly operator: RefTerm;
  readonly args: readonly Term[];
  readonly candidates: Candidates;
  readonly arity: number;
  #value: Value | undefined;
  #hasValue = false;

  constructor(frame: Frame, operator: RefTerm, args: readonly Term[], candidates: Candidates) {
    this.frame = frame;
    this.operator = operator;
    this.args = args;
    this.candidates = candidates;
    const first = candidates.rules[0] ?? candidates.default;
    this.arity = first?.args.length ?? 0;
  }

  evaluate(next: Continue): Step {
    const { rules, default: fallback, branches } = this.candidates;
    if (rules.length === 0 && fallback === undefined) return undefined;
    const { frame } = this;
    const { saving } = frame.evaluation;
    if (saving === undefined) return this.#cached(next);
    const expr = frame.query[frame.index];
    if (branches.size > 0 && expr !== undefined && saving.expressionRequiresSave(expr, frame.bindings)) {
      return saving.saveCall(frame, this.operator, refName(this.operator) ?? '', this.args, this.arity, next);
    }
    let supports = saving.shallow || saving.isDisabled(this.operator.terms, false);
    if (fallback !== undefined) {
      const value = fallback.value;
      const isFalse = value?.kind === 'value' && value.value === false;
      supports ||= fallback.args.length !== this.args.length || !isFalse;
    }
    if (supports && frame.unknown([this.operator, ...this.args.slice(0, this.arity)], frame.bindings)) {
      return saving.supportFunction(this, next);
    }
    return this.#rules(undefined, next);
  }

  #cached(next: Continue): Step {
    const { frame } = this;
    const operands = this.args.slice(0, this.arity).map((arg) => frame.bindings.plug(arg));
    const key = cacheKey([this.operator, ...operands]);
    const known = frame.scope.cache.get(key);
    return known === undefined ? this.#rules(key, next) : answer(frame, this.args, this.arity, known, next);
  }

  #rules(key: string | undefined, next: Continue): Step {
    const { rules, branches, default: fallback } = this.candidates;
    const iteration = new Iteration();
    for (const rule of rules) {
      for (const branch of [rule, ...(branches.get(rule) ?? [])]) {
        const { succeeded, step } = this.#rule(branch, key, next);
        const exit = iteration.after(step);
        if (exit !== undefined) return suppress(exit);
        if (succeeded) break;
      }
    }
    if (fallback !== undefined && !this.#hasValue) return suppress(this.#rule(fallback, key, next).step);
    return suppress(iteration.result);
  }

  #rule(rule: TracedRule, key: string | undefined, next: Continue): { succeeded: boolean; step: Step } {
    const { frame, args } = this;
    const { saving } = frame.evaluation;
    const value = rule.value as Term;
    const child = frame.child(rule.body, this.candidates.earlyExit);
    const isTest = rule.args.length === args.length;
    const own = isTest ? rule.args : [...rule.args, value];
    traceRule(child, 'Enter', rule);
    if (own.length !== args.length) return { succeeded: false, step: undefined };
    let succeeded = false;
    const step = unifyAll(child, args, own, frame.bindings, child.bindings, () =>
      child.evaluate(() => {
        traceRule(child, 'Exit', rule);
        if (isTest && saving?.contains(value, child.bindings) === true) {
          const after = saving.saveTerm(frame, value, child.bindings, next);
          traceRule(child, 'Redo', rule);
          return after;
        }
        const result = child.bindings.plug(value);
        succeeded = true;
        if (key !== undefined) frame.scope.cache.set(key, result);
        const before = this.#hasValue ? this.#value : undefined;
        const own = result.kind === 'value' ? result.value : undefined;
        const differs = before !== undefined && (own === undefined || !equal(before, own));
        if (isTest && own === false) {
          if (differs) throw conflict(MESSAGES.function, rule.location);
          this.#keep(own);
          return undefined;
        }
        if (saving === undefined && this.#hasValue) {
          if (differs) throw conflict(MESSAGES.function, rule.location);
          traceRule(child, 'Redo', rule);
          return undefined;
        }
        this.#keep(own);
        const after = next();
        if (after === undefined) traceRule(child, 'Redo', rule);
        return after;
      }),
    );
    return { succeeded, step };
  }

  #keep(value: Value | undefined): void {
    this.#value = value;
    this.#hasValue = true;
  }
}
