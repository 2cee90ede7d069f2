import { indexLabel } from '../values/label.ts';
import type { Machine } from './machine.ts';
import type { ListShape, Node } from './node.ts';

/** Makes the elements of a node that each of the lists has to be. */
export function unifyLists(machine: Machine, node: Node, lists: readonly ListShape[]): void {
  if (lists.length === 0) return;
  const length = Math.max(...lists.map(({ elements }) => elements.length));
  node.closedList = lists.some(({ rest }) => rest === null);
  if (lists.some(({ elements, rest }) => rest === null && elements.length < length)) {
    node.fail('incompatible lengths of lists');
    return;
  }
  node.elements = Array.from({ length }, (_, index) => {
    const element = machine.node(node, indexLabel(index));
    for (const { elements, rest } of lists) {
      const own = elements[index] ?? rest;
      if (own !== null && own !== 'anything') element.conjuncts.push(own);
    }
    return element;
  });
}
