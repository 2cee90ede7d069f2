import { NO_LOCATION, operatorName } from '../ast/nodes.ts';
import { exprText, termText } from '../ast/print.ts';
import type { Expr, Location, Module, Rule, Term, Var } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { GENERATED_FILE } from './places.ts';

/**
 * Readies a parsed module for writing: nodes without a place get one that says so, and a wildcard that stands in
 * several places gets a name. Says which importable keywords the text will use.
 */
export function prepare(module: Module): Set<string> {
  const used = new Set<string>();
  const wildcards = new Map<string, Var | undefined>();

  const visit = (node: Node): void => {
    if (node.kind === 'with') {
      eachChild(node, visit);
      return;
    }
    if (node.kind === 'var') nameRepeated(node, wildcards);
    if (node.kind === 'expr') {
      collectKeywords(node, used);
      if (node.location === NO_LOCATION) node.location = generated(exprText(node));
      // A call as a statement is no node of OPA's tree and has no place.
      if (node.terms.kind === 'call') eachChild(node.terms, visit);
      else visit(node.terms);
      for (const modifier of node.with) visit(modifier);
      return;
    }
    if (node.location === NO_LOCATION && isTerm(node)) node.location = generated(termText(node));
    eachChild(node, visit);
  };

  const visitRule = ({ head, body, else: other }: Rule): void => {
    for (const term of [...(head.args ?? []), head.key, head.value]) if (term !== undefined) visit(term);
    for (const expr of body) visit(expr);
    if (other !== undefined) visitRule(other);
  };
  for (const rule of module.rules) visitRule(rule);
  return used;
}

function generated(text: string): Location {
  return { file: GENERATED_FILE, row: 1, col: 1, offset: 0, text };
}

function isTerm(node: Exclude<Node, { target: Term }>): node is Term {
  switch (node.kind) {
    case 'expr':
    case 'some':
    case 'every':
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
      return false;
    default:
      return true;
  }
}

/** The second place of a wildcard makes it a variable with a name, in both places. */
function nameRepeated(node: Var, wildcards: Map<string, Var | undefined>): void {
  const { name } = node;
  if (!name.startsWith('$')) return;
  if (!wildcards.has(name)) {
    wildcards.set(name, node);
    return;
  }
  const first = wildcards.get(name);
  const written = `_${name.slice(1)}`;
  if (first !== undefined) first.name = written;
  wildcards.set(name, undefined);
  node.name = written;
}

function collectKeywords({ terms }: Expr, used: Set<string>): void {
  switch (terms.kind) {
    case 'call': {
      const name = operatorName(terms.operator);
      if (name === 'internal.member_2' || name === 'internal.member_3') used.add('in');
      break;
    }
    case 'every':
    case 'not':
      used.add(terms.kind);
      break;
    case 'logicalAnd':
      used.add('and');
      break;
    case 'logicalOr':
      used.add('or');
      break;
  }
}
