import type { Call, Ref, Term } from '../ast/types.ts';
import {
  type Builtin,
  BuiltinError,
  type BuiltinFunction,
  type CallLocation,
  Halt,
} from '../builtins/types.ts';
import { operatorName } from '../compiler/tree.ts';
import { locate, RegoError } from '../errors.ts';
import { isStackOverflow } from '../stack.ts';
import { compare, equal, type Value } from '../values/index.ts';
import type { Block, Getter } from './block.ts';
import { FunctionUnit } from './function-unit.ts';
import { match } from './match.ts';
import type { Plan } from './planner.ts';

/** Emits a call. A last term beyond the function's operands takes the result; without it the result must not be false. */
export function planCall(plan: Plan, block: Block, call: Call): void {
  const name = operatorName(call.operator) as string;
  const unit = userFunction(plan, call.operator);
  const builtin = unit === undefined ? plan.builtins.get(name) : undefined;
  if (unit === undefined && builtin === undefined) {
    block.emit(() => () => {
      throw new RegoError([
        {
          code: 'eval_internal_error',
          message: `unsupported built-in: ${name}`,
          location: locate(call.location),
        },
      ]);
    });
    return;
  }
  const arity = unit?.arity ?? builtin?.declaration.args.length ?? 0;
  const variadic = builtin?.declaration.variadic !== undefined;
  const operands = variadic ? call.args : call.args.slice(0, arity);
  const output = variadic ? undefined : call.args[arity];
  const args = operands.map((arg) => block.getter(arg));
  if (builtin?.relation !== undefined) {
    planRelation(plan, block, builtin, args, output, call);
    return;
  }
  const evaluate = withMocks(
    plan,
    name,
    args,
    unit === undefined
      ? builtinCaller(plan, builtin as Builtin, args, locate(call.location))
      : userCaller(unit, args),
  );
  if (output === undefined) {
    const isVoid = builtin !== undefined && builtin.declaration.result === undefined;
    block.emit((next) => () => {
      const value = evaluate();
      if (!isVoid && (value === undefined || value === false)) return false;
      return next();
    });
    return;
  }
  const { registers } = plan.machine;
  const slot =
    output.kind === 'var' && !block.bound.has(output.name)
      ? block.frame.slot(output.name)
      : block.frame.fresh();
  block.emit((next) => () => {
    const value = evaluate();
    if (value === undefined) return false;
    registers[slot] = value;
    return next();
  });
  match(block, output, slot);
}

function userFunction(plan: Plan, operator: Ref): FunctionUnit | undefined {
  const node = plan.tree.find(operator);
  const unit = node === undefined ? undefined : plan.unitAt(node);
  return unit instanceof FunctionUnit ? unit : undefined;
}

/** A function by its ref, for `with`; undefined when the ref names none. */
export function functionNamed(
  plan: Plan,
  ref: Ref,
  name: string,
): ((args: readonly Value[]) => Value | undefined) | undefined {
  const unit = userFunction(plan, ref);
  if (unit !== undefined) return (args) => unit.call(args);
  const builtin = plan.builtins.get(name);
  if (builtin?.call === undefined) return undefined;
  const { call } = builtin;
  return (args) => guarded(plan, builtin, undefined, () => call(plan.machine, ...args));
}

type Evaluate = () => Value | undefined;

function userCaller(unit: FunctionUnit, args: readonly Getter[]): Evaluate {
  if (args.length === 1) {
    const [a] = args as [Getter];
    return () => unit.call([a()]);
  }
  return () => unit.call(args.map((arg) => arg()));
}

/** Looks for a replacement first, for functions that some `with` replaces. */
function withMocks(plan: Plan, name: string, args: readonly Getter[], evaluate: Evaluate): Evaluate {
  if (!plan.mocked.has(name)) return evaluate;
  const { machine } = plan;
  return () => {
    const mock = machine.mocks?.get(name);
    return mock === undefined ? evaluate() : mock(args.map((arg) => arg()));
  };
}

/** Comparisons are decided here: they cannot fail, and policies are full of them. */
const COMPARISONS: Readonly<Record<string, (a: Getter, b: Getter) => Evaluate>> = {
  equal: (a, b) => () => equal(a(), b()),
  neq: (a, b) => () => !equal(a(), b()),
  lt: (a, b) => () => compare(a(), b()) < 0,
  lte: (a, b) => () => compare(a(), b()) <= 0,
  gt: (a, b) => () => compare(a(), b()) > 0,
  gte: (a, b) => () => compare(a(), b()) >= 0,
};

function builtinCaller(
  plan: Plan,
  builtin: Builtin,
  args: readonly Getter[],
  location: CallLocation | undefined,
): Evaluate {
  const { machine } = plan;
  const [first, second] = args;
  if (first !== undefined && second !== undefined && Object.hasOwn(COMPARISONS, builtin.name)) {
    return (COMPARISONS[builtin.name] as (a: Getter, b: Getter) => Evaluate)(first, second);
  }
  const call = builtin.call as BuiltinFunction;
  const failed = (error: unknown): undefined => raise(plan, builtin.name, location, error);
  if (args.length === 1) {
    const [a] = args as [Getter];
    return () => {
      machine.location = location;
      try {
        return call(machine, a());
      } catch (error) {
        return failed(error);
      }
    };
  }
  if (args.length === 2) {
    const [a, b] = args as [Getter, Getter];
    return () => {
      machine.location = location;
      try {
        return call(machine, a(), b());
      } catch (error) {
        return failed(error);
      }
    };
  }
  return () => {
    machine.location = location;
    try {
      return call(machine, ...args.map((arg) => arg()));
    } catch (error) {
      return failed(error);
    }
  };
}

function guarded(
  plan: Plan,
  builtin: Builtin,
  location: CallLocation | undefined,
  call: () => Value | undefined,
): Value | undefined {
  try {
    return call();
  } catch (error) {
    return raise(plan, builtin.name, location, error);
  }
}

/** What an error of a built-in means: no value, or with strict errors the end. */
function raise(plan: Plan, name: string, location: CallLocation | undefined, error: unknown): undefined {
  if (error instanceof BuiltinError) {
    if (!plan.machine.strictErrors) {
      plan.machine.swallowed++;
      return undefined;
    }
    throw new RegoError([{ code: error.code, message: `${name}: ${error.message}`, location }]);
  }
  if (error instanceof Halt) {
    throw new RegoError([{ code: error.code as RegoError['code'], message: error.message, location }]);
  }
  // Conflicts in rules that a relation calls back into, and stacks that ran out, are none of the function's.
  if (error instanceof RegoError || isStackOverflow(error)) throw error;
  const message = `${name}: ${error instanceof Error ? error.message : String(error)}`;
  throw new RegoError([{ code: 'eval_internal_error', message, location }], undefined, error);
}

function planRelation(
  plan: Plan,
  block: Block,
  builtin: Builtin,
  args: readonly Getter[],
  output: Term | undefined,
  call: Call,
): void {
  const { machine } = plan;
  const { registers } = machine;
  const relation = builtin.relation as NonNullable<Builtin['relation']>;
  const slot = block.frame.fresh();
  const location = locate(call.location);
  block.emit((next) => {
    const emit = (value: Value): boolean => {
      machine.tick();
      if (output === undefined && value === false) return false;
      registers[slot] = value;
      return next();
    };
    return () => {
      machine.location = location;
      try {
        return relation(machine, emit, ...args.map((arg) => arg()));
      } catch (error) {
        raise(plan, builtin.name, location, error);
        return false;
      }
    };
  });
  if (output !== undefined) match(block, output, slot);
}
