import type { Ref, Term, With } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { operatorName } from '../compiler/tree.ts';
import type { Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { functionNamed } from './calls.ts';
import { withMember } from './lookup.ts';
import type { Machine, Mock } from './machine.ts';
import { type Plan, planTerm } from './planner.ts';

/** The part of a machine's state that `with` changes. */
interface State {
  input: Machine['input'];
  data: Machine['data'];
  caches: Machine['caches'];
  mask: Machine['mask'];
  mocks: Machine['mocks'];
}

type Change = (machine: Machine) => void;

/** Emits expressions under `with` modifiers. What follows them runs in the state from before. */
export function planWith(
  plan: Plan,
  block: Block,
  modifiers: readonly With[],
  body: (inner: Block) => void,
): void {
  const { machine } = plan;
  const changes = modifiers.map((modifier) => planChange(plan, block, modifier));
  const inner = block.child();
  body(inner);
  for (const name of inner.bound) block.bound.add(name);
  block.emit((next) => {
    let outer: State = save(machine);
    let own: State = outer;
    const run = inner.link(() => {
      // Loops inside come back here for more, so both states are put back on the way in and out.
      const innerOuter = outer;
      const innerOwn = save(machine);
      restore(machine, outer);
      const enough = next();
      outer = innerOuter;
      own = innerOwn;
      restore(machine, own);
      return enough;
    });
    return () => {
      const before = save(machine);
      outer = before;
      machine.caches = [];
      for (const change of changes) change(machine);
      try {
        return run();
      } finally {
        restore(machine, before);
      }
    };
  });
}

function planChange(plan: Plan, block: Block, modifier: With): Change {
  const target = modifier.target as Ref;
  const name = target.kind === 'ref' ? operatorName(target) : undefined;
  const mocked = name === undefined ? undefined : functionNamed(plan, target, name);
  if (name !== undefined && mocked !== undefined) return planMock(plan, block, name, modifier.value);
  const path = target.terms.slice(1).map((term) => constantOf(term) ?? block.getter(term));
  const keys = (): Value[] => path.map((key) => (typeof key === 'function' ? key() : key));
  const value = block.getter(modifier.value);
  const head = target.terms[0];
  if (head?.kind === 'var' && head.name === 'input') {
    return (machine) => {
      machine.input = withMember(machine.input, keys(), value());
    };
  }
  return (machine) => {
    const at = keys();
    machine.data = withMember(machine.data, at, value());
    machine.mask = { path: at, outer: machine.mask };
  };
}

/** No function is replaced, but documents may have been made while some were. */
const NO_MOCKS: ReadonlyMap<string, Mock> = new Map();

/** `with f as g` or `with f as value`. */
function planMock(plan: Plan, block: Block, name: string, value: Term): Change {
  let mock: Mock;
  const replacement = value.kind === 'ref' ? operatorName(value) : undefined;
  const call = replacement === undefined ? undefined : functionNamed(plan, value as Ref, replacement);
  if (call !== undefined) {
    mock = (args) => {
      // Inside the replacement, functions are themselves again.
      const { machine } = plan;
      const { mocks } = machine;
      machine.mocks = NO_MOCKS;
      try {
        return call(args);
      } finally {
        machine.mocks = mocks;
      }
    };
    return (machine) => {
      machine.mocks = new Map(machine.mocks ?? []).set(name, mock);
    };
  }
  const get = mockValue(plan, block, value);
  return (machine) => {
    machine.mocks = new Map(machine.mocks ?? []).set(name, get);
  };
}

/** A value in place of a function. One that is a document is evaluated when the function is called. */
function mockValue(plan: Plan, block: Block, value: Term): () => Value | undefined {
  if (value.kind !== 'ref') {
    const get = block.getter(value);
    return get;
  }
  const inner = block.child();
  const slot = planTerm(plan, inner, value);
  const evaluate = inner.link(() => true);
  const { registers } = plan.machine;
  return () => (evaluate() ? registers[slot] : undefined);
}

function save(machine: Machine): State {
  const { input, data, caches, mask, mocks } = machine;
  return { input, data, caches, mask, mocks };
}

function restore(machine: Machine, state: State): void {
  machine.input = state.input;
  machine.data = state.data;
  machine.caches = state.caches;
  machine.mask = state.mask;
  machine.mocks = state.mocks;
}
