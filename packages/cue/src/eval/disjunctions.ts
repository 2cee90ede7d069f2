import { CueError } from '../errors.ts';
import { Kind } from '../values/scalar.ts';
import { type Alternative, distinct, preferredOf, type Taken } from './alternatives.ts';
import type { Machine } from './machine.ts';
import type { Node } from './node.ts';

/** Of copies that are alternatives: what led to them. */
const takenOf = new WeakMap<Node, readonly Taken[]>();

/** The expansion of a copy of a node in which a choice holds. */
export interface Attempt {
  readonly taken: readonly Taken[];
  /** There were more disjunctions to choose from. */
  readonly split: boolean;
}

/**
 * Tries every choice of the first disjunction of a node that is left, and with each of those the ones that come after
 * it. Says whether one of them was the last.
 */
export function tryChoices(
  machine: Machine,
  node: Node,
  count: number,
  expand: (copy: Node, choice: number) => Attempt,
): boolean {
  const alternatives: Alternative[] = [];
  // Of several disjunctions CUE rules nothing out while something else is not known.
  let unclear = false;
  let last = false;
  for (let choice = 0; choice < count; choice++) {
    machine.step();
    const copy = machine.node(node.parent, node.label, node.presence);
    copy.conjuncts.push(...node.conjuncts);
    copy.choice = true;
    const attempt = machine.deeper(() => expand(copy, choice));
    if (copy.alternatives !== null) {
      for (const alternative of copy.alternatives)
        alternatives.push({ copy: alternative, taken: takenOf.get(alternative)! });
      continue;
    }
    last = true;
    unclear ||= copy.doubtful || copy.cyclic || (copy.incomplete && (attempt.split || node.choice));
    if (copy.cycle) throw unclearAlternatives(node);
    if (copy.problems.length > 0) continue;
    const whole = copy.scalar === null && (copy.kinds === Kind.struct || copy.kinds === Kind.list);
    if (whole && node.parent?.state === 'expanding')
      throw new CueError(
        'cue_unsupported_error',
        `a disjunction that is read this early is not supported: ${node.path.join('.')}`,
      );
    if (machine.verdict(copy) !== null) continue;
    alternatives.push({ copy, taken: [...attempt.taken] });
  }
  for (const { copy, taken } of alternatives) takenOf.set(copy, taken);
  const different = distinct(alternatives);
  if (unclear && different.every(({ copy }) => copy.incomplete)) throw unclearAlternatives(node);
  if (different.length === 0) node.fail('none of the alternatives is possible');
  else node.alternatives = different.map(({ copy }) => copy);
  if (different.length > 1 && !node.choice) node.preferred = preferredOf(alternatives);
  return last;
}

export const unclearAlternatives = (node: Node): CueError =>
  new CueError(
    'cue_unsupported_error',
    `alternatives of what is not known are not supported: ${node.path.join('.')}`,
  );
