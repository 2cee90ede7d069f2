import type { Body, Expr, Term, With } from '../ast/types.ts';
import { spend } from '../budget.ts';
import { walk } from './tree.ts';

/** Which variables a collection leaves out; as `VarVisitorParams` of OPA. */
export interface VarOptions {
  readonly skipRefHead?: boolean;
  readonly skipRefCallHead?: boolean;
  readonly skipObjectKeys?: boolean;
  readonly skipClosures?: boolean;
  readonly skipSets?: boolean;
  /** Looks at an expression first; true when it dealt with it. */
  readonly custom?: (expr: Expr, into: Set<string>) => boolean;
}

/** What the safety check looks at: not the names of functions, and not into closures. */
export const SAFETY_VARS: VarOptions = { skipRefCallHead: true, skipClosures: true };

const EVERYTHING: VarOptions = {};

type Node = Term | Expr | With;

/** Variables under some nodes, `input` and `data` excepted. */
export function varsOf(
  nodes: readonly Node[],
  options: VarOptions = EVERYTHING,
  into = new Set<string>(),
): Set<string> {
  addVarsFrom(nodes, 0, options, into);
  return into;
}

/** Adds the variables under a node. One function without closures: every stage comes through here many times. */
export function addVars(node: Node, options: VarOptions, into: Set<string>): void {
  switch (node.kind) {
    case 'var':
      if (node.name !== 'input' && node.name !== 'data') into.add(node.name);
      return;
    case 'ref':
      addVarsFrom(node.terms, options.skipRefHead === true ? 1 : 0, options, into);
      return;
    case 'call':
      if (options.skipRefCallHead === true) addVarsFrom(node.operator.terms, 1, options, into);
      else addVars(node.operator, options, into);
      addVarsFrom(node.args, 0, options, into);
      return;
    case 'expr':
      addVarsOfExpr(node, options, into);
      return;
    case 'with':
      addVarsOfModifier(node, options, into);
      return;
    case 'array':
      addVarsFrom(node.items, 0, options, into);
      return;
    case 'set':
      if (options.skipSets !== true) addVarsFrom(node.items, 0, options, into);
      return;
    case 'object':
      spend(node.pairs.length);
      for (const [key, value] of node.pairs) {
        if (options.skipObjectKeys !== true) addVars(key, options, into);
        addVars(value, options, into);
      }
      return;
    case 'templateString':
      if (options.skipClosures !== true) addVarsFrom(node.parts, 0, options, into);
      return;
    case 'arrayComprehension':
    case 'setComprehension':
      if (options.skipClosures === true) return;
      addVars(node.term, options, into);
      addVarsFrom(node.body, 0, options, into);
      return;
    case 'objectComprehension':
      if (options.skipClosures === true) return;
      addVars(node.key, options, into);
      addVars(node.value, options, into);
      addVarsFrom(node.body, 0, options, into);
      return;
    default:
  }
}

function addVarsFrom(nodes: readonly Node[], from: number, options: VarOptions, into: Set<string>): void {
  spend(nodes.length);
  for (let index = from; index < nodes.length; index++) {
    const node = nodes[index] as Node;
    if (node.kind !== 'string') addVars(node, options, into);
  }
}

function addVarsOfModifier({ target, value }: With, options: VarOptions, into: Set<string>): void {
  if (options.skipRefCallHead !== true) {
    addVars(target, options, into);
    addVars(value, options, into);
    return;
  }
  if (target.kind === 'ref') addVarsFrom(target.terms, 1, options, into);
  if (value.kind === 'ref') addVarsFrom(value.terms, 1, options, into);
  else addVars(value, options, into);
}

function addVarsOfExpr(expr: Expr, options: VarOptions, into: Set<string>): void {
  if (options.custom?.(expr, into) === true) return;
  const { terms } = expr;
  const open = options.skipClosures !== true;
  switch (terms.kind) {
    case 'some':
      addVarsFrom(terms.symbols, 0, options, into);
      break;
    case 'every':
      if (open && terms.key !== undefined) addVars(terms.key, options, into);
      if (open) addVars(terms.value, options, into);
      addVars(terms.domain, options, into);
      if (open) addVarsFrom(terms.body, 0, options, into);
      break;
    case 'not':
      if (open) addVarsFrom(terms.body, 0, options, into);
      break;
    case 'logicalAnd':
    case 'logicalOr':
      if (!open) break;
      addVarsFrom(terms.lhs, 0, options, into);
      addVarsFrom(terms.rhs, 0, options, into);
      break;
    default:
      addVars(terms, options, into);
  }
  addVarsFrom(expr.with, 0, options, into);
}

/** Variables a body declares with `:=` or `some`, not those of nested comprehensions. */
export function declaredVars(body: Body): Set<string> {
  const vars = new Set<string>();
  addDeclaredFrom(body, vars);
  return vars;
}

function addDeclaredFrom(nodes: readonly Node[], into: Set<string>): void {
  spend(nodes.length);
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index] as Node;
    // Most nodes are leaves.
    if (node.kind !== 'string' && node.kind !== 'var') addDeclared(node, into);
  }
}

/** As {@link addVars}, one function without closures. Terms are looked into for the bodies in template strings. */
function addDeclared(node: Node, into: Set<string>): void {
  switch (node.kind) {
    case 'ref':
      addDeclaredFrom(node.terms, into);
      return;
    case 'expr':
      addDeclaredOfStatement(node.terms, into);
      addDeclaredFrom(node.with, into);
      return;
    case 'call':
      addDeclaredFrom(node.args, into);
      return;
    case 'array':
    case 'set':
      addDeclaredFrom(node.items, into);
      return;
    case 'object':
      for (const pair of node.pairs) addDeclaredFrom(pair, into);
      return;
    case 'with':
      addDeclared(node.target, into);
      addDeclared(node.value, into);
      return;
    case 'templateString':
      addDeclaredFrom(node.parts, into);
      return;
    default:
  }
}

function addDeclaredOfStatement(terms: Expr['terms'], into: Set<string>): void {
  switch (terms.kind) {
    case 'some':
      for (const symbol of terms.symbols) {
        if (symbol.kind === 'var') into.add(symbol.name);
        else if (symbol.kind === 'call') for (const arg of symbol.args.slice(0, -1)) varsWithRoots(arg, into);
      }
      addDeclaredFrom(terms.symbols, into);
      return;
    case 'every':
      addDeclared(terms.domain, into);
      addDeclaredFrom(terms.body, into);
      return;
    case 'not':
      addDeclaredFrom(terms.body, into);
      return;
    case 'logicalAnd':
    case 'logicalOr':
      addDeclaredFrom(terms.lhs, into);
      addDeclaredFrom(terms.rhs, into);
      return;
    case 'call':
      if (terms.args.length === 2 && isAssign(terms.operator)) varsWithRoots(terms.args[0] as Term, into);
      addDeclaredFrom(terms.args, into);
      return;
    default:
      addDeclared(terms, into);
  }
}

function isAssign(operator: { terms: Term[] }): boolean {
  const head = operator.terms[0];
  return operator.terms.length === 1 && head?.kind === 'var' && head.name === 'assign';
}

function varsWithRoots(term: Term, into: Set<string>): void {
  walk(term, (node) => {
    if (node.kind === 'var') into.add(node.name);
    return false;
  });
}
