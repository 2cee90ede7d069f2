import { sizedFloats, sizedInts, types } from '../builtins/predeclared.ts';
import type { Expression } from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { Kind, kindOf, type Scalar, sameScalar } from '../values/scalar.ts';
import { type BoundOperator, boundKinds, type Validator } from './checks.ts';
import { type Standing, witness } from './closedness.ts';
import { operandOf } from './expression.ts';
import type { Machine } from './machine.ts';
import { matcher } from './matcher.ts';
import type { Environment, Node } from './node.ts';
import { isCycle, mismatched } from './result.ts';

/** Leaves a node only these kinds. */
export function narrow(node: Node, kinds: number, at?: Place): void {
  node.kinds &= kinds;
  if (node.kinds === Kind.none && node.problems.length === 0) node.fail('conflicting types', at);
}

/** Makes a node this scalar, and no other. */
export function unify(node: Node, value: Scalar, at?: Place): void {
  narrow(node, kindOf(value), at);
  if (node.scalar === null) node.scalar = value;
  else if (!sameScalar(node.scalar, value)) node.fail('conflicting values', at);
}

/** At the top CUE asks what is a struct at once whether it is something else, and finds an error in that. */
export function besideFields(node: Node, at: Place): void {
  const open = node.choice || (node.kinds & Kind.struct) !== 0;
  if (node.parent === null && node.fields.size > 0 && open)
    throw unsupported(at, 'a choice of something else beside the fields of the top');
}

/** Makes a node a value of a type of the language, by its name. */
export function addType(node: Node, name: string, standing: Standing, at: Place): void {
  const kinds = types.get(name);
  const checks = sizedInts.get(name) ?? sizedFloats.get(name);
  if (kinds !== undefined) {
    witness(node, standing, name === '_' ? 'top' : null);
    node.anything ||= name === '_';
    if (node.choice) besideFields(node, at);
    narrow(node, kinds, at);
  } else if (checks !== undefined) {
    witness(node, standing, null);
    narrow(node, sizedInts.has(name) ? Kind.int : Kind.number, at);
    node.checks.push(...checks);
  } else throw unsupported(at, `the function ${name} as a value`);
}

export const isBound = (operator: string): boolean =>
  operator !== '+' && operator !== '-' && operator !== '!';

/** `<`, `<=`, `>`, `>=`, `!=`, `=~` or `!~` before an operand. */
export function addBound(
  machine: Machine,
  node: Node,
  env: Environment | null,
  expression: Expression & { type: 'unary' },
  standing: Standing,
): void {
  const { operator, operand } = expression;
  witness(node, standing, operator === '!=' ? 'validator' : null);
  if (operator === '!=' || node.choice) besideFields(node, expression);
  const result = operandOf(machine, env, operand);
  const matches = operator === '=~' || operator === '!~';
  if (mismatched(result, matches ? Kind.string : Kind.number | Kind.string | Kind.null))
    throw unsupported(operand, 'a bound of this type');
  if (isCycle(result)) throw unsupported(operand, 'a bound that depends on it');
  if (result.kind === 'incomplete') {
    node.incomplete = true;
    return;
  }
  if (result.kind === 'bottom') {
    node.fail(result.message, operand);
    return;
  }
  if (result.kind === 'node') {
    if (operator === '!=') throw unsupported(operand, 'a bound that is a list or a struct');
    node.fail('a bound is a list or a struct', operand);
    return;
  }
  const { value } = result;
  if (matches) {
    if (value.kind !== 'string') {
      node.fail('a pattern is no text', operand);
      return;
    }
    narrow(node, Kind.string, expression);
    node.checks.push({
      kind: 'match',
      test: matcher(value.value, operand),
      negated: operator === '!~',
      text: `${operator}${JSON.stringify(value.value)}`,
    });
    return;
  }
  const kinds = boundKinds(operator as BoundOperator, value);
  if (kinds === Kind.none) {
    node.fail('a bound has no order', operand);
    return;
  }
  narrow(node, kinds, expression);
  node.checks.push({
    kind: 'bound',
    operator: operator as BoundOperator,
    operand: value,
    text: `${operator} its bound`,
  });
}

/** A function that the value has to satisfy. */
export function addValidator(node: Node, { kinds, ...validator }: Validator, standing: Standing): void {
  witness(node, standing, 'validator');
  node.anything ||= kinds === Kind.top;
  narrow(node, kinds);
  node.checks.push({ kind: 'validator', ...validator });
}
