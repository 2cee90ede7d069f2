import { packages } from '../builtins/packages.ts';
import type { Builtin } from '../builtins/types.ts';
import type { Expression } from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { isRegular, nameOf } from '../values/label.ts';
import { int } from '../values/number.ts';
import { Kind } from '../values/scalar.ts';
import type { Validator } from './checks.ts';
import { evaluate } from './expression.ts';
import type { Machine } from './machine.ts';
import { type Environment, placeText } from './node.ts';
import { whole } from './operators.ts';
import { bottom, incomplete, isCycle, mismatched, type Result, scalar } from './result.ts';
import { jsonBody, schemaFunctions, schemaValidator } from './schemas.ts';

/** Whether an expression is the predeclared function of that name. */
export const isBuiltin = (expression: Expression, name: string): boolean =>
  expression.type === 'identifier' && expression.target?.kind === 'predeclared' && expression.name === name;

/** What a function is called: with the path of its package, where it is of one. */
function functionName(expression: Expression): string | null {
  if (expression.type === 'identifier')
    return expression.target?.kind === 'predeclared' ? expression.name : null;
  if (expression.type !== 'selector' || expression.of.type !== 'identifier') return null;
  const { target } = expression.of;
  return target?.kind === 'package' ? `${target.path}.${nameOf(expression.label)}` : null;
}

/** The function of a package that an expression names; null where it names none. */
export function packaged(expression: Expression): Builtin | null {
  if (expression.type !== 'selector' || expression.of.type !== 'identifier') return null;
  const { target } = expression.of;
  if (target?.kind !== 'package') return null;
  const name = nameOf(expression.label);
  const found = packages.get(target.path)?.get(name);
  if (found === undefined) throw unsupported(expression, `${target.path}.${name}`);
  return found;
}

/** A function as a constraint: with all of its arguments but the first, which is the value. */
export function validatorOf(
  machine: Machine,
  env: Environment | null,
  expression: Expression,
): Validator | null {
  const named = expression.type === 'call' ? expression.of : expression;
  const name = functionName(named);
  if (name !== null && schemaFunctions.has(name) && expression.type === 'call')
    return schemaValidator(machine, env, name, expression);
  const builtin = name === 'encoding/json.Unmarshal' ? null : packaged(named);
  if (builtin === null) return null;
  const given = expression.type === 'call' ? expression.args : [];
  if (builtin.type === 'constant') return null;
  if (given.length === builtin.parameters.length) return null;
  if (!builtin.validates || given.length !== builtin.parameters.length - 1)
    throw unsupported(expression, 'this number of arguments');
  const args = given.map((argument, i) => {
    const value = argumentOf(machine, env, argument, builtin.parameters[i + 1]!);
    if (value === null || 'message' in value) throw unsupported(argument, 'such an argument');
    return value;
  });
  const test = (value: Concrete, open: boolean) => {
    if (open && builtin.openList !== 'counts') return openAnswer(builtin, expression);
    const result = builtin.call([value, ...args], expression);
    return typeof result === 'object' && result !== null && result.kind === 'bool' && result.value;
  };
  return {
    kinds: builtin.parameters[0]!,
    test,
    byLength: builtin.byLength ?? false,
    text: `${nameOf((named as Expression & { type: 'selector' }).label)} (${placeText(expression)})`,
  };
}

function openAnswer(builtin: Builtin & { type: 'function' }, at: Place): boolean {
  if (builtin.openList === 'passes') return true;
  throw unsupported(at, 'this function of a list that may get longer');
}

type Argument = Concrete | { readonly message: string } | null;

function argumentOf(
  machine: Machine,
  env: Environment | null,
  expression: Expression,
  kinds: number,
): Argument {
  const result = evaluate(machine, env, expression);
  if (mismatched(result, kinds)) throw unsupported(expression, 'an argument of this type');
  if (isCycle(result)) throw unsupported(expression, 'an argument that depends on it');
  if (result.kind === 'incomplete') return null;
  if (result.kind === 'bottom') return result;
  const value = result.kind === 'scalar' ? result.value : machine.concrete(result.node);
  if (value === null) return null;
  if (result.kind === 'scalar' && result.partly)
    throw unsupported(expression, 'an argument that is not wholly known');
  const kind = value.kind === 'number' ? (value.int ? Kind.int : Kind.float) : Kind[value.kind];
  return (kind & kinds) === 0 ? { message: 'an argument is of another type' } : value;
}

/** The result of a call. */
export function call(
  machine: Machine,
  env: Environment | null,
  expression: Expression & { type: 'call' },
): Result {
  const { of, args } = expression;
  if (of.type === 'identifier' && of.target?.kind === 'predeclared')
    return predeclaredCall(machine, env, of.name, expression);
  if (functionName(of) === 'encoding/json.Unmarshal') return unmarshal(machine, env, expression);
  const builtin = packaged(of);
  if (builtin === null || builtin.type === 'constant')
    throw unsupported(expression, 'a call of what is no function');
  if (args.length !== builtin.parameters.length) throw unsupported(expression, 'this number of arguments');
  const values: Concrete[] = [];
  let unknown = false;
  for (const [i, argument] of args.entries()) {
    const value = argumentOf(machine, env, argument, builtin.parameters[i]!);
    if (value === null) unknown = true;
    else if ('message' in value) return bottom(value.message);
    else values.push(value);
  }
  if (unknown) return incomplete;
  const result = builtin.call(values, expression);
  if (typeof result === 'string') return bottom(result);
  machine.makes(sizeOf(result));
  return held(machine, env, result);
}

/** What a function has made, about, in bytes; parts of its arguments count again. */
function sizeOf(value: Concrete): number {
  if (value.kind === 'string') return value.value.length;
  if (value.kind === 'list') return value.items.reduce((sum, item) => sum + 64 + sizeOf(item), 0);
  if (value.kind === 'struct')
    return [...value.fields.values()].reduce((sum, one) => sum + 64 + sizeOf(one), 0);
  return 0;
}

/** The value that a text of JSON says. */
function unmarshal(
  machine: Machine,
  env: Environment | null,
  expression: Expression & { type: 'call' },
): Result {
  const [argument, ...more] = expression.args;
  if (argument === undefined || more.length > 0) throw unsupported(expression, 'this number of arguments');
  const text = argumentOf(machine, env, argument, Kind.string);
  if (text === null) return incomplete;
  if ('message' in text) return bottom(text.message);
  machine.makes(32 * (text as Concrete & { kind: 'string' }).value.length);
  const body = jsonBody((text as Concrete & { kind: 'string' }).value, expression);
  if (body === null) return bottom('no JSON');
  const node = machine.temporary(null, body, null);
  const problem = machine.verdict(node);
  if (problem !== null) return bottom(problem.message);
  const value = machine.concrete(node);
  if (value === null) throw unsupported(expression, 'such JSON');
  return held(machine, env, value);
}

/** A known value as the result of an expression. */
export function held(machine: Machine, env: Environment | null, value: Concrete): Result {
  if (value.kind !== 'list' && value.kind !== 'struct') return scalar(value);
  const node = machine.temporary(null, { type: 'data', value }, env?.node ?? null);
  machine.expand(node);
  return { kind: 'node', node };
}

function predeclaredCall(
  machine: Machine,
  env: Environment | null,
  name: string,
  expression: Expression & { type: 'call' },
): Result {
  const { args } = expression;
  if (name === 'len' && args.length === 1) {
    const result = evaluate(machine, env, args[0]!);
    if (mismatched(result, Kind.string | Kind.bytes | Kind.list | Kind.struct))
      throw unsupported(expression, 'len of what has no length');
    if (isCycle(result)) throw unsupported(expression, 'len of what depends on it');
    if (result.kind === 'incomplete' || result.kind === 'bottom') return result;
    if (result.kind === 'scalar') {
      if (result.partly) throw unsupported(expression, 'len of what is not wholly known');
      if (result.value.kind === 'string')
        return scalar(int(new TextEncoder().encode(result.value.value).length));
      return bottom('len of what has no length');
    }
    const { node } = result;
    if (node.elements !== null) return scalar(int(node.elements.length));
    const members = [...node.fields].filter(
      ([label, { presence }]) => isRegular(label) && presence === 'member',
    );
    return scalar(int(members.length));
  }
  if (['div', 'mod', 'quo', 'rem'].includes(name) && args.length === 2) {
    const [a, b] = args.map((argument) => evaluate(machine, env, argument)) as [Result, Result];
    for (const result of [a, b]) if (result.kind === 'bottom') return result;
    if (a.kind === 'incomplete' || b.kind === 'incomplete')
      return { kind: 'incomplete', cycle: isCycle(a) || isCycle(b) };
    if (a.kind !== 'scalar' || a.value.kind !== 'number' || b.kind !== 'scalar' || b.value.kind !== 'number')
      return bottom(`${name} of what is no int`);
    return whole(name, a.value, b.value);
  }
  if (name === 'error' && args.length === 1) return bottom('an error that the policy asks for');
  throw unsupported(expression, `such a call of ${name}`);
}
