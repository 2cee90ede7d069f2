import { Kind, sameScalar } from '../values/scalar.ts';
import type { Node } from './node.ts';

/** A disjunction on the way to an alternative: which of its choices was taken. */
export interface Taken {
  readonly marked: boolean;
  readonly preferred: boolean;
}

/** A copy of a node in which a choice of each of its disjunctions holds. */
export interface Alternative {
  readonly copy: Node;
  readonly taken: readonly Taken[];
}

/** Without those whose value an earlier one has. */
export function distinct(alternatives: readonly Alternative[]): readonly Alternative[] {
  return alternatives.filter(
    ({ copy: { scalar } }, i) =>
      scalar === null ||
      !alternatives
        .slice(0, i)
        .some(({ copy: other }) => other.scalar !== null && sameScalar(other.scalar, scalar)),
  );
}

/** The alternative that all the marks of the disjunctions lead to. */
export function preferredOf(alternatives: readonly Alternative[]): Node | 'unclear' | null {
  if (!alternatives.some(({ taken }) => taken.some(({ marked }) => marked))) return null;
  // Marks of one disjunction within another have rules of their own.
  const shape = ({ taken }: Alternative) => taken.map(({ marked }) => marked).join();
  if (new Set(alternatives.map(shape)).size > 1) return 'unclear';
  const marked = alternatives.filter(({ taken }) => taken.every((one) => !one.marked || one.preferred));
  if (marked.length === 1) return marked[0]!.copy;
  return marked.length === 0 ? null : 'unclear';
}

/**
 * The alternative that is taken where one has to be; null where none is. One that is not known, as a reference to a
 * field that is not there, is left out as long as it is not.
 */
export function chosenOf({ alternatives, preferred }: Node): Node | 'unclear' | null {
  const all = alternatives ?? [];
  const unknown = all.filter(({ settled }) => settled.incomplete);
  if (unknown.length === 0) return preferred;
  if (unknown.some(({ settled }) => settled.scalar !== null || settled.kinds !== Kind.top)) return 'unclear';
  const [first, ...more] = all.filter((one) => !unknown.includes(one));
  if (first === undefined) return null;
  return more.length === 0 ? first : 'unclear';
}
