import type { ArrayComprehension, Expr, SetComprehension } from '../ast/types.ts';
import { isEquality } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import { keyOf, RegoArray, RegoSet, type Value } from '../values/index.ts';
import { Block, type Getter, UnboundError } from './block.ts';
import { type Plan, planBody } from './planner.ts';

/** A comprehension is grouped when it is evaluated this often in one evaluation: before, that may cost more than it saves. */
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
  let collect: (() => Map<string, Value>) | undefined;
  let impossible = false;
  return () => {
    const cache = machine.unitCache(id);
    cache.groups ??= { uses: 0, byKey: undefined };
    const { groups } = cache;
    if (groups.byKey === undefined) {
      if (impossible || ++groups.uses < WORTHWHILE) return make();
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
): () => Map<string, Value> {
  const block = new Block(
    outer.frame.sibling(),
    [...outer.bound].filter((name) => !names.includes(name)),
  );
  planBody(plan, block, term.body);
  const get = block.getter(term.term);
  const read = names.map((name) => block.read(block.frame.slot(name)));
  let lists = new Map<string, Value[]>();
  let sets = new Map<string, RegoSet>();
  const run = block.link(() => {
    const key = groupKey(read);
    if (term.kind === 'setComprehension') {
      const set = sets.get(key);
      if (set === undefined) sets.set(key, RegoSet.of([get()]));
      else set.add(get());
    } else {
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [get()]);
      else list.push(get());
    }
    return false;
  });
  return () => {
    lists = new Map();
    sets = new Map();
    run();
    if (term.kind === 'setComprehension') return sets;
    return new Map([...lists].map(([key, items]) => [key, new RegoArray(items)]));
  };
}

function groupKey(read: readonly Getter[]): string {
  let key = '';
  for (const get of read) key += keyOf(get());
  return key;
}
