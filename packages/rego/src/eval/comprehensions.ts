import type { ArrayComprehension, ObjectComprehension, SetComprehension } from '../ast/types.ts';
import { equal, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { conflict, MESSAGES } from './faults.ts';
import { type Plan, planBody } from './planner.ts';

/** Emits a comprehension into a register. */
export function planComprehension(
  plan: Plan,
  block: Block,
  term: ArrayComprehension | SetComprehension | ObjectComprehension,
  out: number,
): void {
  const { registers } = plan.machine;
  const inner = block.child();
  planBody(plan, inner, term.body);
  if (term.kind === 'objectComprehension') {
    const key = inner.getter(term.key);
    const value = inner.getter(term.value);
    let object = new RegoObject();
    const run = inner.link(() => {
      const name = key();
      const member = value();
      const known = object.get(name);
      if (known === undefined) object.set(name, member);
      else if (!equal(known, member)) throw conflict(MESSAGES.objectKeys, term.location);
      return false;
    });
    block.emit((next) => () => {
      object = new RegoObject();
      run();
      registers[out] = object;
      return next();
    });
    return;
  }
  const get = inner.getter(term.term);
  if (term.kind === 'setComprehension') {
    let set = new RegoSet();
    const run = inner.link(() => {
      set.add(get());
      return false;
    });
    block.emit((next) => () => {
      set = new RegoSet();
      run();
      registers[out] = set;
      return next();
    });
    return;
  }
  let items: Value[] = [];
  const run = inner.link(() => {
    items.push(get());
    return false;
  });
  block.emit((next) => () => {
    items = [];
    run();
    registers[out] = new RegoArray(items);
    return next();
  });
}
