import type { Expression } from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { equal } from '../values/concrete.ts';
import { isDefinition, isRegular, nameOf, regular } from '../values/label.ts';
import { int, numberText } from '../values/number.ts';
import { bool, compareScalars, Kind, string } from '../values/scalar.ts';
import { chosenOf } from './alternatives.ts';
import { call, held, isBuiltin, packaged } from './functions.ts';
import type { Machine } from './machine.ts';
import type { Conjunct, Environment, Node } from './node.ts';
import { operation } from './operators.ts';
import { bottom, type Found, incomplete, isCycle, mismatched, type Result, scalar } from './result.ts';

/**
 * The node that a name, a selector or an index leads to. `probing`: it is asked only whether there is one, so that it
 * does not matter why there is none.
 */
export function resolve(
  machine: Machine,
  env: Environment | null,
  expression: Expression,
  probing = false,
): Found {
  machine.step();
  switch (expression.type) {
    case 'identifier': {
      const target = expression.target!;
      if (target.kind === 'package') throw unsupported(expression, 'a package as a value');
      if (target.kind === 'predeclared') break;
      let scope = env;
      for (let up = target.up; up > 0; up--) scope = scope!.up;
      if (target.kind === 'binding') return { kind: 'node', node: scope!.bindings!.get(target.name)! };
      if (target.kind === 'itself') return { kind: 'node', node: scope!.node! };
      const held = scope!.lets.get(target.label);
      if (held !== undefined) return { kind: 'node', node: held };
      return field(scope!.node!, target.label, expression);
    }
    case 'selector': {
      const packed = packaged(expression);
      if (packed?.type === 'function') throw unsupported(expression, 'a function as a value');
      if (packed !== null)
        return { kind: 'node', node: machine.temporary(null, { type: 'data', value: packed.value }, null) };
      const of = container(machine, env, expression.of, probing);
      if (of.kind !== 'node') return of;
      return member(of.node, expression.label, expression, probing);
    }
    case 'index': {
      const index = operandOf(machine, env, expression.index);
      if (index.kind === 'incomplete' || index.kind === 'bottom') return index;
      const of = container(machine, env, expression.of, probing);
      if (of.kind !== 'node') return of;
      if (index.kind !== 'scalar') return bottom('an index is neither a number nor a text');
      if (index.value.kind === 'string')
        return member(of.node, regular(index.value.value), expression, probing);
      if (index.value.kind !== 'number' || !index.value.int) return bottom('an index is no int');
      if (of.node.elements === null) {
        if (of.node.state === 'expanding') throw unsupported(expression, 'an index of what is not made yet');
        if (mayBeClosed(of.node)) throw unsupported(expression, 'an index of what may be closed');
        const mayBeList = (of.node.kinds & (Kind.list | Kind.struct)) !== 0;
        return mayBeList ? incomplete : bottom('an index does not fit what it is of');
      }
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
function container(
  machine: Machine,
  env: Environment | null,
  expression: Expression,
  probing: boolean,
): Found {
  const found = resolve(machine, env, expression, probing);
  if (found.kind !== 'node') return found;
  if (found.absent) return incomplete;
  const { node } = found;
  // Its own fields may be selected from a struct that is still being made.
  if (node.state !== 'expanding') machine.expand(node, expression);
  const viewed = view(node, expression);
  if (viewed === null || isUndecided(node, viewed, expression)) return incomplete;
  if (probing) probe(viewed, expression);
  if (viewed.problems.length > 0) return bottom(viewed.problems[0]!.message);
  if (viewed.scalar !== null) return bottom('a value without fields');
  return { kind: 'node', node: viewed };
}

/**
 * Whether a value that is not wholly known has been judged: from then on CUE sees nothing of it, though it does before,
 * so that the order of the fields matters.
 */
function isUndecided({ verdict }: Node, viewed: Node, at: Place): boolean {
  if (viewed.overlooked) throw unsupported(at, 'a value with a required field that cannot be');
  return viewed.incomplete && verdict !== undefined && verdict !== 'pending';
}

/**
 * A part of the value is compared with `_|_`. If the value is then not wholly known, CUE changes its mind once it has
 * been judged, and finds an error in that.
 */
function probe(node: Node, at: Place): void {
  if (node.incomplete) throw unsupported(at, 'a comparison with _|_ of a part of what is not wholly known');
  if (node.state !== 'done') node.probed = true;
}

/** The alternative that is taken where one has to be; null where none is. */
function view(node: Node, at: Place): Node | null {
  const { settled } = node;
  if (settled.alternatives === null) return settled;
  const chosen = chosenOf(settled);
  if (chosen === 'unclear') throw unsupported(at, 'such a default of a disjunction');
  return chosen === null ? null : view(chosen, at);
}

/** A field by its name in the scope that declares it. */
function field(node: Node, label: string, at: Place): Found {
  const found = view(node, at)?.fields.get(label);
  if (found === undefined) throw unsupported(at, 'a reference into another alternative');
  return present(found, at);
}

function present(found: Node, at: Place): Found {
  found.read = true;
  if (found.presence === 'optional') {
    if (found.state === 'expanding') throw unsupported(at, 'an optional field that refers to itself');
    return incomplete;
  }
  return { kind: 'node', node: found, absent: found.presence === 'required' };
}

function member(node: Node, label: string, at: Place, probing: boolean): Found {
  const found = node.fields.get(label);
  if (found !== undefined) return present(found, at);
  if (node.state === 'expanding') {
    // What it will be is not known yet: a struct, if it has fields.
    if (node.kinds !== Kind.struct && ![...node.fields.keys()].some(isRegular))
      throw unsupported(at, 'a field of what may be no struct');
    if (mayBeClosed(node)) throw unsupported(at, `the field ${nameOf(label)}, which is not there,`);
    node.addMissed(label);
    return incomplete;
  }
  // Where no such field is allowed, CUE has an error and no value that may still come.
  if (node.kinds === Kind.top || probing) return incomplete;
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
    case 'slice':
      return slice(machine, env, expression);
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
  if (!found.absent) return valueFrom(machine, found.node, expression);
  if (found.node.verdict === 'pending' || found.node.state === 'expanding')
    throw unsupported(expression, 'a required field within itself');
  if (found.node.incomplete) throw unsupported(expression, 'a required field that is not known');
  return incomplete;
}

/** The value of an expression of which something is made that a list or a struct as a whole is good for. */
export function operandOf(machine: Machine, env: Environment | null, expression: Expression): Result {
  const result = evaluate(machine, env, expression);
  if (result.kind !== 'node') return result;
  if (isNamed(result.node) && result.node.verdict === undefined)
    throw unsupported(expression, 'another name of a list or a struct, before that,');
  if (result.node.verdict === 'pending') throw unsupported(expression, 'a list or a struct within itself');
  return result;
}

/** Whether it is nothing but a reference: CUE does not look behind it before its turn, and takes it for a cycle. */
const isNamed = ({ conjuncts: [first, ...more] }: Node): boolean =>
  more.length === 0 && first !== undefined && isReference(first.expression);

function isReference(expression: Conjunct['expression']): boolean {
  if (expression.type === 'binary')
    return expression.operator === '&' && isReference(expression.left) && isReference(expression.right);
  return expression.type === 'identifier' || expression.type === 'selector' || expression.type === 'index';
}

/** Whether nothing is known of a value that is being made, not even a type: then it is a cycle. */
function waitsForItself({ conjuncts }: Node, at: Place): boolean {
  const expressions = conjuncts.map(({ expression }) => expression);
  const typed = expressions.some(isType);
  const plain = ['binary', 'interpolation', ...(expressions.length === 1 ? ['identifier', 'unary'] : [])];
  if (!expressions.every((one) => isType(one) || plain.includes(one.type)))
    throw unsupported(at, 'a reference to a value that depends on it');
  return !typed;
}

/** Whether it is a type, or a bound, or says one besides something else. */
function isType(expression: Conjunct['expression']): boolean {
  if (expression.type === 'identifier') return expression.target?.kind === 'predeclared';
  if (expression.type === 'unary')
    return expression.operand.type === 'scalar' && !['+', '-', '!'].includes(expression.operator);
  if (expression.type !== 'binary' || expression.operator !== '&') return false;
  return isType(expression.left) || isType(expression.right);
}

function valueFrom(machine: Machine, node: Node, at: Place): Result {
  if (node.state === 'expanding' && node.problems.length === 0) {
    // Whatever else it depends on, it can be no other scalar.
    if (node.scalar !== null) return { kind: 'scalar', value: node.scalar, partly: true };
    node.awaited = true;
    return { kind: 'incomplete', kinds: node.kinds, cycle: waitsForItself(node, at) };
  }
  machine.expand(node, at);
  node.read = true;
  const viewed = view(node, at);
  if (viewed === null) return incomplete;
  if (isUndecided(node, viewed, at)) return { kind: 'incomplete', cycle: viewed.cycle };
  const [problem] = viewed.problems;
  if (problem !== undefined) return bottom(problem.message);
  // What else it has to be may not be known yet: it can be no other scalar.
  if (viewed.scalar !== null) return { kind: 'scalar', value: viewed.scalar, partly: viewed.incomplete };
  if (viewed.incomplete) return { kind: 'incomplete', kinds: viewed.kinds, cycle: viewed.cycle };
  if (viewed.elements !== null || viewed.struct) return { kind: 'node', node: viewed };
  return { kind: 'incomplete', kinds: viewed.kinds, typed: true };
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
    const result = operandOf(machine, env, part);
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
    machine.makes(shown.length);
    text += shown;
  }
  return scalar(string(text));
}

/** `list[low:high]`, of a list that is wholly known. */
function slice(
  machine: Machine,
  env: Environment | null,
  { of, low, high }: Expression & { type: 'slice' },
): Result {
  const sliced = evaluate(machine, env, of);
  if (sliced.kind === 'bottom') return sliced;
  if (sliced.kind === 'incomplete' || (sliced.kind === 'scalar' && sliced.partly))
    throw unsupported(of, 'a slice of what is not known');
  if (sliced.kind === 'scalar') return bottom('a slice of what is no list');
  const list = machine.concrete(sliced.node);
  if (list === null) throw unsupported(of, 'a slice of what is not wholly known');
  if (list.kind !== 'list') return bottom('a slice of what is no list');
  const borders: number[] = [];
  for (const [expression, otherwise] of [
    [low, 0],
    [high, list.items.length],
  ] as const) {
    const border = expression === null ? scalar(int(otherwise)) : evaluate(machine, env, expression);
    if (border.kind === 'bottom') return border;
    if (border.kind === 'incomplete') throw unsupported(of, 'an end of a slice that is not known');
    if (border.kind !== 'scalar' || border.value.kind !== 'number' || !border.value.int)
      return bottom('an end of a slice is no int');
    borders.push(Number(border.value.coefficient));
  }
  const [from, to] = borders as [number, number];
  if (from < 0 || to > list.items.length || from > to) return bottom('a slice out of range');
  return held(machine, env, { kind: 'list', items: list.items.slice(from, to) });
}

function unary(
  machine: Machine,
  env: Environment | null,
  expression: Expression & { type: 'unary' },
): Result {
  const { operator, operand: of } = expression;
  if (operator !== '!' && operator !== '-' && operator !== '+') throw unsupported(expression, 'a bound here');
  const result = operandOf(machine, env, of);
  if (mismatched(result, operator === '!' ? Kind.bool : Kind.number))
    throw unsupported(of, 'an operand of this type');
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
  const a = operandOf(machine, env, left);
  if (a.kind === 'bottom') return a;
  const b = operandOf(machine, env, right);
  if (b.kind === 'bottom') return b;
  // What is partly known is asked for in any case: it may depend on this.
  const partly = [a, b].filter((side) => side.kind === 'node' && machine.concrete(side.node) === null);
  if (a.kind === 'incomplete' || b.kind === 'incomplete') {
    const others = [a, b].filter((side) => side.kind === 'incomplete' && !isCycle(side));
    if ((isCycle(a) || isCycle(b)) && others.some((side) => side.kind === 'incomplete' && !side.typed))
      throw unsupported(expression, 'a cycle beside what is not known');
    return { kind: 'incomplete', cycle: others.length === 0 };
  }
  if (operator === '==' || operator === '!=') return equality(machine, a, b, operator);
  if (a.kind === 'node' || b.kind === 'node') {
    if (partly.length > 0) throw unsupported(expression, 'a list or a struct that is not wholly known');
    return bottom(`${operator} of lists or structs`);
  }
  if (a.value.kind === 'string' && b.value.kind === 'string')
    machine.makes(a.value.value.length + b.value.value.length);
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

/** Whether an expression has no value: there is no such field, or it is an error. */
function isBottom(machine: Machine, env: Environment | null, expression: Expression): boolean {
  if (expression.type !== 'identifier' && expression.type !== 'selector' && expression.type !== 'index')
    throw unsupported(expression, 'a comparison of such an expression with _|_');
  const found = resolve(machine, env, expression, true);
  if (found.kind === 'incomplete' && expression.type !== 'identifier') machine.doubts++;
  if (found.kind !== 'node' || found.absent) return true;
  const { node } = found;
  machine.expand(node, expression);
  node.read = true;
  if (machine.verdict(node) !== null) return true;
  const { settled } = node;
  if (settled.cycle) throw unsupported(expression, 'a comparison of a cycle with _|_');
  // A reference to what is not there, and nothing else.
  if (settled.incomplete && settled.scalar === null && settled.kinds === Kind.top) return true;
  if (settled.incomplete || settled.alternatives?.some(({ incomplete }) => incomplete))
    throw unsupported(expression, 'a comparison with _|_ of what is not known');
  // What can only be a scalar, and is none yet, counts as not being there.
  const open = settled.alternatives !== null || (settled.kinds & (Kind.list | Kind.struct)) !== 0;
  return settled.scalar === null && !open;
}
