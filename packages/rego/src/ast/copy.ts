import type { Body, Head, Location, Term } from './types.ts';
import { eachChild, type Node } from './visit.ts';

/** A copy of a head whose terms may be changed. Locations stay shared. */
export function copyHead(head: Head): Head {
  return {
    ...head,
    ref: head.ref.map(copyTerm),
    args: head.args?.map(copyTerm),
    key: head.key === undefined ? undefined : copyTerm(head.key),
    value: head.value === undefined ? undefined : copyTerm(head.value),
  };
}

/** A deep copy of a term. */
export function copyTerm(term: Term): Term {
  return copyNode(term) as Term;
}

/** A deep copy of a body. */
export function copyBody(body: Body): Body {
  return copyNode(body) as Body;
}

/** Copies plain data; a location is shared, being the same place. */
function copyNode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyNode);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    copy[key] = key === 'location' ? member : copyNode(member);
  }
  return copy;
}

/** Gives everything in a head but its ref one place, as OPA does for the further bodies of a rule. */
export function placeHead(head: Head, location: Location): void {
  head.location = location;
  for (const term of [...(head.args ?? []), head.key, head.value]) {
    if (term !== undefined) placeNode(term, location);
  }
}

/** Gives everything in a body one place. */
export function placeBody(body: Body, location: Location): void {
  for (const expr of body) placeNode(expr, location);
}

function placeNode(node: Node, location: Location): void {
  node.location = location;
  eachChild(node, (child) => placeNode(child, location));
}
