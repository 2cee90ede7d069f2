import type { Clause } from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { isRegular, nameOf } from '../values/label.ts';
import { int } from '../values/number.ts';
import { Kind, string } from '../values/scalar.ts';
import { evaluate, operandOf } from './expression.ts';
import type { Machine } from './machine.ts';
import { bind, type Environment, type Node } from './node.ts';
import { isCycle, mismatched } from './result.ts';

export type ClauseOutcome = 'incomplete' | { readonly message: string; readonly at: Place } | null;

/** Calls `yields` for each way that the clauses of a comprehension are met; says what could not be known, or is wrong. */
export function runClauses(
  machine: Machine,
  [clause, ...rest]: readonly Clause[],
  env: Environment | null,
  yields: (env: Environment | null) => void,
): ClauseOutcome {
  machine.step();
  if (clause === undefined) {
    yields(env);
    return null;
  }
  if (clause.type === 'let') {
    const held = machine.temporary(env, clause.value, env?.node ?? null);
    return runClauses(machine, rest, bind(env, new Map([[clause.name, held]])), yields);
  }
  const result =
    clause.type === 'if' ? operandOf(machine, env, clause.condition) : evaluate(machine, env, clause.of);
  if (mismatched(result, clause.type === 'if' ? Kind.bool : Kind.list | Kind.struct))
    throw unsupported(clause, 'a clause about a value of this type');
  if (isCycle(result)) throw unsupported(clause, 'a clause about a value that depends on it');
  if (result.kind === 'incomplete') return 'incomplete';
  if (result.kind === 'bottom') return { message: result.message, at: clause };
  if (clause.type === 'if') {
    if (result.kind !== 'scalar' || result.value.kind !== 'bool')
      return { message: 'a condition is no bool', at: clause };
    return result.value.value ? runClauses(machine, rest, env, yields) : null;
  }
  if (result.kind === 'scalar' && result.partly)
    throw unsupported(clause, 'a clause about what is not wholly known');
  if (result.kind !== 'node') return { message: 'there is nothing to go through', at: clause };
  // All of it or nothing: what has been yielded cannot be taken back.
  const source = result.node;
  // The pattern may add to the fields that are gone through here.
  if (source.patterned && source.parent?.state === 'expanding')
    throw unsupported(clause, 'a loop over what a pattern is still about');
  if ([...source.fields].some(([label, { presence }]) => isRegular(label) && presence === 'required'))
    throw unsupported(clause, 'a loop over a struct with a required field that is not there');
  const items: [Node | null, Node][] =
    source.elements !== null
      ? source.elements.map((element, index) => [
          machine.temporary(null, { type: 'data', value: int(index) }, null),
          element,
        ])
      : [...source.fields]
          .filter(([label, { presence }]) => isRegular(label) && presence === 'member')
          .map(([label, field]) => [
            machine.temporary(null, { type: 'data', value: string(nameOf(label)) }, null),
            field,
          ]);
  for (const [key, value] of items) {
    const bindings = new Map([[clause.value, value]]);
    if (clause.key !== null) bindings.set(clause.key, key!);
    const outcome = runClauses(machine, rest, bind(env, bindings), yields);
    if (outcome !== null) return outcome;
  }
  return null;
}
