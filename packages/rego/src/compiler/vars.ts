import type { Body, Expr, Term, With } from '../ast/types.ts';
import { isComprehension, isWith, walk } from './tree.ts';

/** Which variables a collection leaves out; as `VarVisitorParams` of OPA. */
export interface VarOptions {
  readonly skipRefHead?: boolean;
  readonly skipRefCallHead?: boolean;
  readonly skipObjectKeys?: boolean;
  readonly skipClosures?: boolean;
  readonly skipSets?: boolean;
  /** Looks at an expression first; true when it dealt with it. */
  readonly custom?: (expr: Expr, add: (name: string) => void) => boolean;
}

/** What the safety check looks at: not the names of functions, and not into closures. */
export const SAFETY_VARS: VarOptions = { skipRefCallHead: true, skipClosures: true };

type Node = Term | Expr | With;

/** Variables under some nodes, `input` and `data` excepted. */
export function varsOf(
  nodes: readonly Node[],
  options: VarOptions = {},
  into = new Set<string>(),
): Set<string> {
  const add = (name: string): void => {
    if (name !== 'input' && name !== 'data') into.add(name);
  };
  const recurse = (inner: Node): void => walk(inner, visit);
  const visit = (node: Node): boolean => {
    if (isWith(node)) {
      if (options.skipRefCallHead !== true) return false;
      for (const side of [node.target, node.value]) {
        if (side.kind === 'ref') for (const term of side.terms.slice(1)) recurse(term);
        else if (side === node.value) recurse(side);
      }
      return true;
    }
    switch (node.kind) {
      case 'var':
        add(node.name);
        return true;
      case 'object':
        if (options.skipObjectKeys !== true) return false;
        for (const pair of node.pairs) recurse(pair[1]);
        return true;
      case 'ref':
        if (options.skipRefHead !== true) return false;
        for (const term of node.terms.slice(1)) recurse(term);
        return true;
      case 'set':
        return options.skipSets === true;
      case 'templateString':
        return options.skipClosures === true;
      case 'call':
        if (options.skipRefCallHead !== true) return false;
        for (const term of node.operator.terms.slice(1)) recurse(term);
        for (const term of node.args) recurse(term);
        return true;
      case 'expr':
        if (options.custom?.(node, add) === true) return true;
        if (options.skipClosures !== true) return false;
        switch (node.terms.kind) {
          case 'every':
            recurse(node.terms.domain);
            for (const modifier of node.with) recurse(modifier);
            return true;
          case 'not':
          case 'logicalAnd':
          case 'logicalOr':
            for (const modifier of node.with) recurse(modifier);
            return true;
          default:
            return false;
        }
      default:
        return options.skipClosures === true && isComprehension(node);
    }
  };
  for (const node of nodes) walk(node, visit);
  return into;
}

/** Variables a body declares with `:=` or `some`, not those of nested comprehensions. */
export function declaredVars(body: Body | Expr): Set<string> {
  const vars = new Set<string>();
  const visit = (node: Node): boolean => {
    if (isWith(node)) return false;
    if (node.kind === 'expr') {
      const terms = node.terms;
      if (terms.kind === 'call' && terms.args.length === 2 && isAssign(terms.operator)) {
        varsWithRoots(terms.args[0] as Term, vars);
      } else if (terms.kind === 'some') {
        for (const symbol of terms.symbols) {
          if (symbol.kind === 'var') vars.add(symbol.name);
          else if (symbol.kind === 'call')
            for (const arg of symbol.args.slice(0, -1)) varsWithRoots(arg, vars);
        }
      }
      return false;
    }
    return isComprehension(node as Term);
  };
  for (const expr of Array.isArray(body) ? body : [body]) walk(expr, visit);
  return vars;
}

function isAssign(operator: { terms: Term[] }): boolean {
  const head = operator.terms[0];
  return operator.terms.length === 1 && head?.kind === 'var' && head.name === 'assign';
}

function varsWithRoots(term: Term, into: Set<string>): void {
  walk(term, (node) => {
    if (!isWith(node) && node.kind === 'var') into.add(node.name);
    return false;
  });
}
