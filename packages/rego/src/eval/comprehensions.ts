import type { ArrayComprehension, ObjectComprehension, SetComprehension } from '../ast/types.ts';
import { varsOf } from '../compiler/vars.ts';
import { equal, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { planGroups } from './comprehension-index.ts';
import { Constant } from './constant.ts';
import { conflict, MESSAGES } from './faults.ts';
import { type Plan, planBody } from './planner.ts';

/** Emits a comprehension into a register. */
export function planComprehension(
  plan: Plan,
  block: Block,
  term: ArrayComprehension | SetComprehension | ObjectComprehension,
  out: number,
): void {
  const { machine } = plan;
  const { registers } = machine;
  const inner = block.child();
  inner.anyOrder = term.kind === 'setComprehension' && plan.quiet.body(term.body);
  planBody(plan, inner, term.body);
  const make = collector(inner, term);
  const closed = varsOf([term]).isDisjointFrom(block.bound) && plan.purity.body(term.body);
  const constant = closed ? new Constant<Value>(machine) : undefined;
  const groups = term.kind === 'objectComprehension' ? undefined : planGroups(plan, block, term, make);
  if (groups !== undefined) {
    block.emit((next) => () => {
      registers[out] = groups();
      return next();
    });
    return;
  }
  block.emit((next) => () => {
    registers[out] = constant === undefined ? make() : constant.get(make);
    return next();
  });
}

/** Links the body so that it fills a new collection each time. */
function collector(
  inner: Block,
  term: ArrayComprehension | SetComprehension | ObjectComprehension,
): () => Value {
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
    return () => {
      object = new RegoObject();
      run();
      return object;
    };
  }
  const get = inner.getter(term.term);
  if (term.kind === 'setComprehension') {
    let set = new RegoSet();
    const run = inner.link(() => {
      set.add(get());
      return false;
    });
    return () => {
      set = new RegoSet();
      run();
      return set;
    };
  }
  let items: Value[] = [];
  const run = inner.link(() => {
    items.push(get());
    return false;
  });
  return () => {
    items = [];
    run();
    return new RegoArray(items);
  };
}
