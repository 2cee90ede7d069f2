import { packages } from '../builtins/packages.ts';
import type { Builtin } from '../builtins/types.ts';
import type { Expression } from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { type Concrete, equal } from '../values/concrete.ts';
import { isDefinition, isRegular, nameOf, regular } from '../values/label.ts';
import { arithmetic, type CueNumber, divide, int, integerDivision, numberText } from '../values/number.ts';
import { bool, compareScalars, Kind, type Scalar, string } from '../values/scalar.ts';
import { type BoundOperator, compares } from './checks.ts';
import type { Machine } from './machine.ts';
import { matcher } from './matcher.ts';
import { type Environment, type Node, placeText } from './node.ts';

/** What an expression is: a scalar, a list or a struct (settled), not known yet, or an error. */
export type Result =
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | { readonly kind: 'node'; readonly node: Node }
  /** With the kinds that it may be, where they are known: what fits none of those is an error in CUE. */
  | { readonly kind: 'incomplete'; readonly kinds?: number }
  | { readonly kind: 'bottom'; readonly message: string };

/** `absent`: the field is required, but nothing gives it, so that it constrains without having a value. */
export type Found =
  | { readonly kind: 'node'; readonly node: Node; readonly absent?: boolean }
  | Extract<Result, { kind: 'incomplete' | 'bottom' }>;

const incomplete = { kind: 'incomplete' } as const;
const bottom = (message: string): Result & { kind: 'bottom' } => ({ kind: 'bottom', message });
const scalar = (value: Scalar): Result => ({ kind: 'scalar', value });

/** The node that a name, a selector or an index leads to. */
export function resolve(machine: Machine, env: Environment | null, expression: Expression): Found {
  machine.step();
  switch (expression.type) {
    case 'identifier': {
      const target = expression.target!;
      if (target.kind === 'package') throw unsupported(expression, 'a package as a value');
      if (target.kind === 'predeclared') break;
      let scope = env;
      for (let up = target.up; up > 0; up--) scope = scope!.up;
      if (target.kind === 'binding') return { kind: 'node', node: scope!.bindings!.get(target.name)! };
      const held = scope!.lets.get(target.label);
      if (held !== undefined) return { kind: 'node', node: held };
      return field(scope!.node!, target.label, expression);
    }
    case 'selector': {
      const packed = packaged(expression);
      if (packed?.type === 'function') throw unsupported(expression, 'a function as a value');
      if (packed !== null)
        return { kind: 'node', node: machine.temporary(null, { type: 'data', value: packed.value }, null) };
      const of = container(machine, env, expression.of);
      if (of.kind !== 'node') return of;
      return member(of.node, expression.label, expression);
    }
    case 'index': {
      const index = evaluate(machine, env, expression.index);
      if (index.kind === 'incomplete' || index.kind === 'bottom') return index;
      const of = container(machine, env, expression.of);
      if (of.kind !== 'node') return of;
      if (index.kind !== 'scalar') return bottom('an index is neither a number nor a text');
      if (index.value.kind === 'string') return member(of.node, regular(index.value.value), expression);
      if (index.value.kind !== 'number' || !index.value.int || of.node.elements === null)
        return bottom('an index does not fit what it is of');
      const element = of.node.elements[Number(index.value.coefficient)];
      if (element !== undefined) return { kind: 'node', node: element };
      return of.node.closedList || index.value.coefficient < 0n
        ? bottom('an index is out of range')
        : incomplete;
    }
  }
  return { kind: 'node', node: machine.temporary(env, expression, env?.node ?? null) };
}

/** What a selector selects from: what is there as far as it is known. */
function container(machine: Machine, env: Environment | null, expression: Expression): Found {
  const found = resolve(machine, env, expression);
  if (found.kind !== 'node') return found;
  if (found.absent) return incomplete;
  const { node } = found;
  // Its own fields may be selected from a struct that is still being made.
  if (node.state !== 'expanding') machine.expand(node, expression);
  const viewed = view(node, expression);
  if (viewed === null) return incomplete;
  if (viewed.problems.length > 0) return bottom(viewed.problems[0]!.message);
  if (viewed.scalar !== null) return bottom('a value without fields');
  return { kind: 'node', node: viewed };
}

/** The alternative that is taken where one has to be; null where none is. */
function view(node: Node, at: Place): Node | null {
  const { settled } = node;
  if (settled.alternatives === null) return settled;
  if (settled.preferred === 'unclear') throw unsupported(at, 'such a default of a disjunction');
  return settled.preferred === null ? null : view(settled.preferred, at);
}

/** A field by its name in the scope that declares it. */
function field(node: Node, label: string, at: Place): Found {
  const found = view(node, at)?.fields.get(label);
  if (found === undefined) throw unsupported(at, 'a reference into another alternative');
  return present(found);
}

function present(found: Node): Found {
  found.read = true;
  if (found.presence === 'optional') return incomplete;
  return { kind: 'node', node: found, absent: found.presence === 'required' };
}

function member(node: Node, label: string, at: Place): Found {
  const found = node.fields.get(label);
  if (found !== undefined) return present(found);
  if (node.state === 'expanding') {
    // What it will be is not known yet: a struct, if it has fields.
    if (node.kinds !== Kind.struct && ![...node.fields.keys()].some(isRegular))
      throw unsupported(at, 'a field of what may be no struct');
    node.missed.add(label);
    return incomplete;
  }
  // Where no such field is allowed, CUE has an error and no value that may still come.
  if (node.kinds === Kind.top) return incomplete;
  if (node.kinds !== Kind.struct || !isRegular(label) || mayBeClosed(node))
    throw unsupported(at, `the field ${nameOf(label)}, which is not there,`);
  return incomplete;
}

function mayBeClosed(node: Node): boolean {
  let settled = true;
  for (let at: Node | null = node; at !== null; at = at.parent) {
    if (isDefinition(at.label)) return true;
    settled &&= at === node || at.state === 'done';
  }
  const groups = [...node.groups, ...node.evidence.keys()];
  return groups.some(({ required }) => required || !settled);
}

/** The value of an expression, with the defaults of its disjunctions. */
export function evaluate(machine: Machine, env: Environment | null, expression: Expression): Result {
  machine.step();
  switch (expression.type) {
    case 'scalar':
      return scalar(expression.value);
    case 'bottom':
      return bottom('explicit error');
    case 'interpolation':
      return interpolate(machine, env, expression);
    case 'unary':
      return unary(machine, env, expression);
    case 'binary':
      if (expression.operator === '&') break;
      return binary(machine, env, expression);
    case 'call':
      if (
        isBuiltin(expression.of, 'close') ||
        isBuiltin(expression.of, 'and') ||
        isBuiltin(expression.of, 'or')
      )
        break;
      return call(machine, env, expression);
  }
  const found = resolve(machine, env, expression);
  if (found.kind !== 'node') return found;
  return found.absent ? incomplete : valueFrom(machine, found.node, expression);
}

function valueFrom(machine: Machine, node: Node, at: Place): Result {
  machine.expand(node, at);
  node.read = true;
  const viewed = view(node, at);
  if (viewed === null) return incomplete;
  const [problem] = viewed.problems;
  if (problem !== undefined) return bottom(problem.message);
  if (viewed.incomplete) return { kind: 'incomplete', kinds: viewed.kinds };
  if (viewed.scalar !== null) return scalar(viewed.scalar);
  if (viewed.elements !== null || viewed.struct) return { kind: 'node', node: viewed };
  return { kind: 'incomplete', kinds: viewed.kinds };
}

/** What is not known, and could not be what is wanted: CUE sees an error in some of these cases. */
export function mismatched(result: Result, kinds: number): boolean {
  return result.kind === 'incomplete' && result.kinds !== undefined && (result.kinds & kinds) === 0;
}

function interpolate(
  machine: Machine,
  env: Environment | null,
  { parts }: Expression & { type: 'interpolation' },
): Result {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const result = evaluate(machine, env, part);
    if (mismatched(result, Kind.top & ~(Kind.list | Kind.struct | Kind.null)))
      throw unsupported(part, 'a value of this type in a text');
    if (result.kind === 'incomplete' || result.kind === 'bottom') return result;
    if (result.kind === 'node') {
      if (machine.concrete(result.node) === null)
        throw unsupported(part, 'a list or a struct that is not wholly known');
      return bottom('a list or a struct in a text');
    }
    const { value } = result;
    if (value.kind === 'null') return bottom('null in a text');
    const shown = value.kind === 'number' ? numberText(value) : String(value.value);
    if (shown === null) throw unsupported(part, 'a float in a text');
    text += shown;
  }
  return scalar(string(text));
}

function unary(
  machine: Machine,
  env: Environment | null,
  expression: Expression & { type: 'unary' },
): Result {
  const { operator, operand } = expression;
  if (operator !== '!' && operator !== '-' && operator !== '+') throw unsupported(expression, 'a bound here');
  const result = evaluate(machine, env, operand);
  if (mismatched(result, operator === '!' ? Kind.bool : Kind.number))
    throw unsupported(operand, 'an operand of this type');
  if (result.kind === 'incomplete' || result.kind === 'bottom') return result;
  const value = result.kind === 'scalar' ? result.value : null;
  if (operator === '!')
    return value?.kind === 'bool' ? scalar(bool(!value.value)) : bottom('! of what is no bool');
  if (value?.kind !== 'number') return bottom(`${operator} of what is no number`);
  return scalar(operator === '-' ? { ...value, coefficient: -value.coefficient } : value);
}

function binary(
  machine: Machine,
  env: Environment | null,
  expression: Expression & { type: 'binary' },
): Result {
  const { operator, left, right } = expression;
  if (operator === '==' || operator === '!=') {
    const tested = left.type === 'bottom' ? right : right.type === 'bottom' ? left : null;
    if (tested !== null) {
      const failed = isBottom(machine, env, tested);
      return scalar(bool(failed === (operator === '==')));
    }
  }
  const a = evaluate(machine, env, left);
  if (a.kind === 'bottom') return a;
  const b = evaluate(machine, env, right);
  if (b.kind === 'bottom') return b;
  // What is partly known is asked for in any case: it may depend on this.
  const partly = [a, b].filter((side) => side.kind === 'node' && machine.concrete(side.node) === null);
  if (a.kind === 'incomplete' || b.kind === 'incomplete') return incomplete;
  if (operator === '==' || operator === '!=') return equality(machine, a, b, operator);
  if (a.kind === 'node' || b.kind === 'node') {
    if (partly.length > 0) throw unsupported(expression, 'a list or a struct that is not wholly known');
    return bottom(`${operator} of lists or structs`);
  }
  return operation(operator, a.value, b.value, expression);
}

/** What is of different types is not equal, but ints and floats may be. */
function equality(machine: Machine, a: Result, b: Result, operator: '==' | '!='): Result {
  const answer = (same: boolean) => scalar(bool(same === (operator === '==')));
  if (a.kind === 'scalar' && b.kind === 'scalar') return answer(compareScalars(a.value, b.value) === 0);
  if (a.kind !== 'node' || b.kind !== 'node') return answer(false);
  const [x, y] = [machine.concrete(a.node), machine.concrete(b.node)];
  return x === null || y === null ? incomplete : answer(equal(x, y));
}

function operation(operator: string, a: Scalar, b: Scalar, at: Place): Result {
  const wrong = bottom(`invalid operands of ${operator}`);
  switch (operator) {
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const order = compareScalars(a, b);
      const ordered = a.kind === 'number' || a.kind === 'string';
      return order === undefined || !ordered
        ? wrong
        : scalar(bool(compares(operator as BoundOperator, order)));
    }
    case '=~':
    case '!~':
      if (a.kind !== 'string' || b.kind !== 'string') return wrong;
      return scalar(bool(matcher(b.value, at)(a.value) === (operator === '=~')));
    case '&&':
    case '||':
      if (a.kind !== 'bool' || b.kind !== 'bool') return wrong;
      return scalar(bool(operator === '&&' ? a.value && b.value : a.value || b.value));
    case '+':
      if (a.kind === 'string' && b.kind === 'string') return scalar(string(a.value + b.value));
  }
  if (a.kind !== 'number' || b.kind !== 'number') {
    if (operator === '*' && (a.kind === 'string' || b.kind === 'string'))
      throw unsupported(at, '* of a text');
    return wrong;
  }
  return calculation(operator, a, b, at);
}

function calculation(operator: string, a: CueNumber, b: CueNumber, at: Place): Result {
  let value: CueNumber | null;
  switch (operator) {
    case '+':
    case '-':
    case '*':
      value = arithmetic(operator, a, b);
      break;
    case '/':
      if (b.coefficient === 0n) return bottom('division by zero');
      value = divide(a, b);
      break;
    default:
      return whole(operator, a, b);
  }
  if (value === null) throw unsupported(at, 'a number that is rounded');
  return scalar(value);
}

function whole(operator: string, a: CueNumber, b: CueNumber): Result {
  if (!a.int || !b.int) return bottom(`${operator} of what is no int`);
  if (b.coefficient === 0n) return bottom('division by zero');
  return scalar(int(integerDivision(operator as 'div', a.coefficient, b.coefficient)));
}

/** Whether an expression has no value: there is no such field, or it is an error. */
function isBottom(machine: Machine, env: Environment | null, expression: Expression): boolean {
  if (expression.type !== 'identifier' && expression.type !== 'selector' && expression.type !== 'index')
    throw unsupported(expression, 'a comparison of such an expression with _|_');
  const found = resolve(machine, env, expression);
  if (found.kind !== 'node' || found.absent) return true;
  const { node } = found;
  machine.expand(node, expression);
  node.read = true;
  if (machine.verdict(node) !== null) return true;
  const { settled } = node;
  if (settled.incomplete) throw unsupported(expression, 'a comparison with _|_ of what is not known');
  return false;
}

// Functions

/** Whether an expression is the predeclared function of that name. */
export const isBuiltin = (expression: Expression, name: string): boolean =>
  expression.type === 'identifier' && expression.target?.kind === 'predeclared' && expression.name === name;

/** The function of a package that an expression names; null where it names none. */
function packaged(expression: Expression): Builtin | null {
  if (expression.type !== 'selector' || expression.of.type !== 'identifier') return null;
  const { target } = expression.of;
  if (target?.kind !== 'package') return null;
  const name = nameOf(expression.label);
  const found = packages.get(target.path)?.get(name);
  if (found === undefined) throw unsupported(expression, `${target.path}.${name}`);
  return found;
}

export interface Validator {
  readonly kinds: number;
  readonly test: (value: Concrete, open: boolean) => boolean;
  readonly byLength: boolean;
  readonly text: string;
}

/** A function as a constraint: with all of its arguments but the first, which is the value. */
export function validatorOf(
  machine: Machine,
  env: Environment | null,
  expression: Expression,
): Validator | null {
  const named = expression.type === 'call' ? expression.of : expression;
  const builtin = packaged(named);
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
  if (result.kind === 'incomplete') return null;
  if (result.kind === 'bottom') return result;
  const value = result.kind === 'scalar' ? result.value : machine.concrete(result.node);
  if (value === null) return null;
  const kind = value.kind === 'number' ? (value.int ? Kind.int : Kind.float) : Kind[value.kind];
  return (kind & kinds) === 0 ? { message: 'an argument is of another type' } : value;
}

function call(machine: Machine, env: Environment | null, expression: Expression & { type: 'call' }): Result {
  const { of, args } = expression;
  if (of.type === 'identifier' && of.target?.kind === 'predeclared')
    return predeclaredCall(machine, env, of.name, expression);
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
  if (result.kind !== 'list' && result.kind !== 'struct') return scalar(result);
  const node = machine.temporary(null, { type: 'data', value: result }, env?.node ?? null);
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
    if (result.kind === 'incomplete' || result.kind === 'bottom') return result;
    if (result.kind === 'scalar') {
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
    if (a.kind === 'incomplete' || b.kind === 'incomplete') return incomplete;
    if (a.kind !== 'scalar' || a.value.kind !== 'number' || b.kind !== 'scalar' || b.value.kind !== 'number')
      return bottom(`${name} of what is no int`);
    return whole(name, a.value, b.value);
  }
  throw unsupported(expression, `such a call of ${name}`);
}
