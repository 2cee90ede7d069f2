import type { Body, Every, Expr, Logical, Not, SomeDecl, Term, With } from './types.ts';

/** Every kind of node that stands below a rule. */
export type Node = Term | Expr | SomeDecl | Every | Not | Logical | With;

/** Calls `visit` with each direct child of `node`, in OPA's order. */
export function eachChild(node: Node, visit: (child: Node) => void): void {
  const all = (nodes: readonly Node[] | Body): void => nodes.forEach(visit);
  switch (node.kind) {
    case 'ref':
      all(node.terms);
      break;
    case 'call':
      visit(node.operator);
      all(node.args);
      break;
    case 'array':
    case 'set':
      all(node.items);
      break;
    case 'object':
      for (const [key, value] of node.pairs) {
        visit(key);
        visit(value);
      }
      break;
    case 'arrayComprehension':
    case 'setComprehension':
      visit(node.term);
      all(node.body);
      break;
    case 'objectComprehension':
      visit(node.key);
      visit(node.value);
      all(node.body);
      break;
    case 'templateString':
      all(node.parts);
      break;
    case 'expr':
      visit(node.terms);
      all(node.with);
      break;
    case 'some':
      all(node.symbols);
      break;
    case 'every':
      if (node.key !== undefined) visit(node.key);
      visit(node.value);
      visit(node.domain);
      all(node.body);
      break;
    case 'not':
      all(node.body);
      break;
    case 'logicalAnd':
    case 'logicalOr':
      all(node.lhs);
      all(node.rhs);
      break;
    case 'with':
      visit(node.target);
      visit(node.value);
      break;
  }
}
