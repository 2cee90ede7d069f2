import type { ArrayComprehension, Expr, SetComprehension } from '../ast/types.ts';
import { isEquality } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import { RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import { Block, type Getter, UnboundError } from './block.ts';
import { type Plan, planBody } from './planner.ts';

/**
 * A comprehension outside of loops is grouped when it is evaluated this often in one evaluation: before, that may cost
 * more than it saves.
 */
const WORTHWHILE = 2;

/**
 * `[x | some x in xs; x.team == team]`, evaluated for one `team` after another, goes over all of `xs` each time.
 * Where variables from outside only serve to select like this, one pass makes the results for all of them.
 * Undefined for comprehensions of another form.
 */
export function planGroups(
  plan: Plan,
  outer: Block,
  term: ArrayComprehension | SetComprehension,
  make: () => Value,
): (() => Value) | undefined {
  const names = [...varsOf(term.body)].filter((name) => outer.bound.has(name));
  const used = [...varsOf([term.term])].filter((name) => outer.bound.has(name));
  if (names.length === 0 || !used.every((name) => names.includes(name))) return undefined;
  if (!names.every((name) => onlySelects(term.body, name, names))) return undefined;
  const { machine } = plan;
  const id = plan.nextId();
  const read = names.map((name) => outer.read(outer.frame.slot(name)));
  let collect: (() => RegoObject) | undefined;
  const worthwhile = outer.loops ? 1 : WORTHWHILE;
  let impossible = false;
  return () => {
    const cache = machine.unitCache(id);
    cache.groups ??= { uses: 0, byKey: undefined };
    const { groups } = cache;
    if (groups.byKey === undefined) {
      if (impossible || ++groups.uses < worthwhile) return make();
      try {
        collect ??= planCollect(plan, outer, term, names);
      } catch (error) {
        // Some other variable gets its value only through one of these.
        if (!(error instanceof UnboundError)) throw error;
        impossible = true;
        return make();
      }
      groups.byKey = collect();
    }
    return (
      groups.byKey.get(groupKey(read)) ??
      (term.kind === 'setComprehension' ? new RegoSet() : new RegoArray([]))
    );
  };
}

/** The variable stands once in the body: as one side of an equality that binds it when it is not known. */
function onlySelects(body: readonly Expr[], name: string, names: readonly string[]): boolean {
  const users = body.filter((expr) => varsOf([expr]).has(name));
  const [expr] = users;
  if (users.length !== 1 || expr === undefined || expr.negated || expr.with.length > 0) return false;
  if (expr.terms.kind !== 'call' || !isEquality(expr)) return false;
  const [left, right] = expr.terms.args;
  if (left === undefined || right === undefined) return false;
  const [own, other] = left.kind === 'var' && left.name === name ? [left, right] : [right, left];
  return own.kind === 'var' && own.name === name && varsOf([other]).isDisjointFrom(new Set(names));
}

/** The body without what is known outside, into a collection for each combination of it. */
function planCollect(
  plan: Plan,
  outer: Block,
  term: ArrayComprehension | SetComprehension,
  names: readonly string[],
): () => RegoObject {
  const block = new Block(
    outer.frame.sibling(),
    [...outer.bound].filter((name) => !names.includes(name)),
  );
  planBody(plan, block, term.body);
  const get = block.getter(term.term);
  const read = names.map((name) => block.read(block.frame.slot(name)));
  let byKey = new RegoObject();
  const run = block.link(() => {
    const key = groupKey(read);
    const known = byKey.get(key);
    if (known === undefined) {
      byKey.set(key, term.kind === 'setComprehension' ? RegoSet.of([get()]) : new RegoArray([get()]));
    } else if (known instanceof RegoSet) known.add(get());
    // Nobody has seen the array yet.
    else ((known as RegoArray).items as Value[]).push(get());
    return false;
  });
  return () => {
    byKey = new RegoObject();
    run();
    return byKey;
  };
}

/** The value of the one variable, or the list of all. */
function groupKey(read: readonly Getter[]): Value {
  const [first] = read;
  return read.length === 1 && first !== undefined ? first() : new RegoArray(read.map((get) => get()));
}
