import { withMember } from '../eval/lookup.ts';
import type { Value } from '../values/index.ts';
import type { Scope } from './evaluation.ts';
import type { Continue, Step } from './exit.ts';
import type { Frame } from './frame.ts';
import { refName } from './program.ts';
import { type Expression, isRooted, type RefTerm, type Term } from './terms.ts';
import { known } from './unify.ts';

/** Evaluates an expression under its modifiers; what comes after it sees the world as before. */
export function evaluateWith(frame: Frame, expr: Expression, next: Continue): Step {
  const { saving } = frame.evaluation;
  if (saving !== undefined) {
    for (const { target, value } of expr.with) {
      if (isFunctionTarget(frame, target)) continue;
      if (saving.containsWithin(value, frame.bindings)) return saving.saveWhole(frame, expr, next);
    }
  }
  frame.keepComprehensions();
  const outer = frame.scope;
  const inner = modified(frame, expr);
  const disabled = saving?.refsOf(frame, expr) ?? [];
  const enter = (): void => {
    frame.scope = inner;
    saving?.inlining.push({ isInternal: true, refs: disabled });
  };
  const leave = (): void => {
    frame.scope = outer;
    saving?.inlining.pop();
  };
  enter();
  const step = frame.step(expr, () => {
    leave();
    const after = next();
    enter();
    return after;
  });
  leave();
  return step;
}

export function isFunctionTarget(frame: Frame, target: RefTerm): boolean {
  const isDocument = isRooted(target, 'input') || isRooted(target, 'data');
  return !isDocument || frame.evaluation.program.isFunction(target);
}

function modified(frame: Frame, expr: Expression): Scope {
  const { scope } = frame;
  let { input, data } = scope;
  const mocks = new Map(scope.mocks);
  const targets: (readonly Term[])[] = [];
  for (const { target, value } of expr.with) {
    const plugged = frame.bindings.plug(value);
    if (frame.evaluation.program.isFunction(target)) mocks.set(refName(target) ?? '', plugged);
    else {
      const path = target.terms.slice(1).map((term): Value => known(frame.bindings.plug(term)));
      if (isRooted(target, 'input')) input = withMember(input, path, known(plugged));
      else data = withMember(data, path, known(plugged));
    }
    if (isRooted(target, 'input') || isRooted(target, 'data')) targets.push(target.terms);
  }
  return {
    input,
    data,
    targets: [...scope.targets, ...targets],
    mocks,
    cache: new Map(),
    comprehensions: new Map(),
  };
}
