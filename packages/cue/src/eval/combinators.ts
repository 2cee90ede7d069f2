import type { Expression } from '../syntax/ast.ts';
import { malformed, unsupported } from '../syntax/source.ts';
import { Kind } from '../values/scalar.ts';
import { newGroup, witness } from './closedness.ts';
import { isBuiltin } from './functions.ts';
import type { Machine } from './machine.ts';
import type { Conjunct, Node } from './node.ts';

type Call = Expression & { readonly type: 'call' };

/** Whether a call is one of the functions that say what a value is: `close`, `and` and `or`. */
export const isCombinator = ({ of }: Call): boolean =>
  ['close', 'and', 'or'].some((name) => isBuiltin(of, name));

/** The conjuncts that such a call comes to. What is wrong with it is said of the node. */
export function combined(machine: Machine, node: Node, conjunct: Conjunct, call: Call): readonly Conjunct[] {
  const { of, args, source, offset } = call;
  const [argument] = args;
  if (argument === undefined || args.length > 1) throw malformed(call, 'one argument is expected');
  if (isBuiltin(of, 'close')) return closed(machine, node, conjunct, argument);
  if (argument.type !== 'list' || argument.rest !== null || argument.elements.length === 0)
    throw unsupported(argument, 'this function of what is no literal of a list');
  const elements = argument.elements.map((element) => {
    if (element.type === 'comprehension') throw unsupported(element, 'a comprehension here');
    return element;
  });
  if (isBuiltin(of, 'and')) return elements.map((expression) => ({ ...conjunct, expression }));
  const choices = elements.map((expression) => ({ expression, preferred: false }));
  return [{ ...conjunct, expression: { type: 'disjunction', choices, source, offset } }];
}

/** `close`: the argument, which has to be a struct by itself, and no other fields beside those. */
function closed(machine: Machine, node: Node, conjunct: Conjunct, argument: Expression): readonly Conjunct[] {
  const { env, standing } = conjunct;
  const alone = machine.temporary(env, argument, node);
  machine.expand(alone, argument);
  const { settled } = alone;
  const [problem] = settled.problems;
  if (problem !== undefined) {
    // A cycle beside it, CUE would see first.
    for (const field of settled.fields.values()) machine.verdict(field);
    node.fail(problem.message, argument);
    return [];
  }
  if (settled.incomplete) {
    // What else is wrong with it, CUE finds in some cases.
    if (machine.verdict(alone) !== null || settled.overlooked)
      throw unsupported(argument, 'close of what is not wholly known and cannot be');
    witness(node, standing, null);
    node.incomplete = true;
    return [];
  }
  if (!settled.struct) {
    if (settled.alternatives !== null || (settled.kinds & Kind.struct) !== 0)
      throw unsupported(argument, 'close of what may be no struct');
    node.fail('close of what is no struct', argument);
    return [];
  }
  if (standing.embedded) {
    if (standing.outer !== null) standing.outer.required = true;
    return [{ ...conjunct, expression: argument }];
  }
  const group = newGroup(true, false);
  node.groups.push(group);
  return [
    { ...conjunct, expression: argument, standing: { ...standing, groups: [...standing.groups, group] } },
  ];
}
