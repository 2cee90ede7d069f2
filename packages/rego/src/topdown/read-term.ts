import { lookup } from '../eval/lookup.ts';
import { RegoArray, RegoObject, RegoSet } from '../values/index.ts';
import type { Bindings } from './bindings.ts';
import { type Continue, Iteration, type Step } from './exit.ts';
import type { Frame } from './frame.ts';
import { isGround, refTerm, sameTerm, type Term, valueTerm, varTerm } from './terms.ts';
import { unify } from './unify.ts';

/** A term and whose variables are in it. */
export interface Placed {
  readonly term: Term;
  readonly in: Bindings;
}

/** A ref of which the terms from `at` on are still to be followed. */
export interface Path {
  readonly terms: readonly Term[];
  readonly at: number;
  readonly in: Bindings;
}

/** Follows a ref into a term, in every way there is, and unifies what it leads to with `result` (`evalTerm` of OPA). */
export function readTerm(frame: Frame, path: Path, from: Placed, result: Placed, next: Continue): Step {
  const part = path.terms[path.at];
  if (part === undefined) return unify(frame, from.term, result.term, from.in, result.in, next);
  const { saving } = frame.evaluation;
  if (saving?.contains(from.term, from.in) === true) {
    const variable = varTerm(`${frame.evaluation.generated}_ref_${saving.nextRef()}`);
    return unify(frame, from.term, variable, from.in, path.in, () => {
      const ref = refTerm([variable, ...path.terms.slice(path.at)]);
      return unify(frame, ref, result.term, path.in, result.in, next);
    });
  }
  const key = path.in.plug(part);
  const follow = (name: Term): Step => {
    const member = memberOf(from, name);
    return member === undefined
      ? undefined
      : readTerm(frame, { ...path, at: path.at + 1 }, member, result, next);
  };
  if (isGround(key)) return follow(key);
  const iteration = new Iteration();
  for (const name of namesOf(from.term)) {
    const step = unify(frame, name, part, from.in, path.in, () => follow(from.in.plug(name)));
    const exit = iteration.after(step);
    if (exit !== undefined) return exit;
  }
  return iteration.result;
}

/** The keys to go over: indexes, names, members. */
function namesOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'array':
      return term.items.map((_item, index) => valueTerm(index));
    case 'set':
      return term.items;
    case 'object':
      return term.pairs.map(([key]) => key);
    case 'value': {
      const { value } = term;
      if (value instanceof RegoArray) return value.items.map((_item, index) => valueTerm(index));
      if (value instanceof RegoObject) return value.keys().map(valueTerm);
      return value instanceof RegoSet ? value.values().map(valueTerm) : [];
    }
    default:
      return [];
  }
}

function memberOf({ term, in: bindings }: Placed, key: Term): Placed | undefined {
  switch (term.kind) {
    case 'value': {
      const member = key.kind === 'value' ? lookup(term.value, key.value) : undefined;
      return member === undefined ? undefined : { term: valueTerm(member), in: bindings };
    }
    case 'array': {
      const item = key.kind === 'value' && typeof key.value === 'number' ? term.items[key.value] : undefined;
      return item === undefined ? undefined : bindings.apply(item);
    }
    case 'set':
      return term.items.some((item) => sameTerm(bindings.plug(item), key)) ? bindings.apply(key) : undefined;
    case 'object': {
      const pair = term.pairs.find(([name]) => sameTerm(bindings.plug(name), key));
      return pair === undefined ? undefined : bindings.apply(pair[1]);
    }
    default:
      return undefined;
  }
}
