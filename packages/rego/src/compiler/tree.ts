import type { Body, Call, Expr, Head, Location, Ref, Term, With } from '../ast/types.ts';
import { spend } from '../budget.ts';

/** Small helpers over the syntax tree, as the compiler's passes use it. */

export function varTerm(name: string, location: Location): Term {
  return { kind: 'var', name, location };
}

export function refTo(name: string, location: Location): Ref {
  return { kind: 'ref', terms: [varTerm(name, location)], location };
}

export function callExpr(operator: string, args: Term[], location: Location): Expr {
  const call: Call = { kind: 'call', operator: refTo(operator, location), args, location };
  return { kind: 'expr', terms: call, with: [], negated: false, index: 0, location };
}

/** `a = b` */
export function equalityExpr(a: Term, b: Term, location: Location): Expr {
  return callExpr('eq', [a, b], location);
}

export function termExpr(term: Term, location: Location): Expr {
  return { kind: 'expr', terms: term, with: [], negated: false, index: 0, location };
}

/** The dotted name of a call's operator (`io.jwt.decode`, `data.a.f`); undefined for one that is not constant. */
export function operatorName(operator: Ref): string | undefined {
  const { terms } = operator;
  const head = terms[0];
  if (head?.kind !== 'var') return undefined;
  let { name } = head;
  for (let index = 1; index < terms.length; index++) {
    const term = terms[index] as Term;
    if (term.kind !== 'string') return undefined;
    name += `.${term.value}`;
  }
  return name;
}

/** The call an expression is, if it is one. */
export function callOf(expr: Expr): Call | undefined {
  return expr.terms.kind === 'call' ? expr.terms : undefined;
}

/** Whether it calls the function of that name, which is one word. */
export function isCallTo({ terms }: Expr, name: string): boolean {
  if (terms.kind !== 'call' || terms.operator.terms.length !== 1) return false;
  const head = terms.operator.terms[0];
  return head?.kind === 'var' && head.name === name;
}

export function isEquality(expr: Expr): boolean {
  return isCallTo(expr, 'eq');
}

export function isAssignment(expr: Expr): boolean {
  return isCallTo(expr, 'assign') && (expr.terms as Call).args.length === 2;
}

/** The terms of a rule's head that variables may stand in, the parameters left out. */
export function headTerms({ ref, key, value }: Head): Term[] {
  const terms: Term[] = [];
  for (let index = 1; index < ref.length; index++)
    if (!isScalar(ref[index] as Term)) terms.push(ref[index] as Term);
  if (key !== undefined && !isScalar(key)) terms.push(key);
  if (value !== undefined && !isScalar(value)) terms.push(value);
  return terms;
}

export function isScalar(term: Term): boolean {
  return term.kind === 'null' || term.kind === 'boolean' || term.kind === 'number' || term.kind === 'string';
}

export function isComprehension({ kind }: { readonly kind: string }): boolean {
  return kind === 'arrayComprehension' || kind === 'setComprehension' || kind === 'objectComprehension';
}

/** Variables that the compiler made, and wildcards. */
export function isGenerated(name: string): boolean {
  return name.startsWith('__local') || name.startsWith('$');
}

export function isWildcardName(name: string): boolean {
  return name.startsWith('$');
}

/** Copies everything but locations and annotations. */
export function cloneTerm(term: Term): Term {
  return clone(term);
}

function clone<N>(node: N): N {
  spend();
  if (Array.isArray(node)) return node.map(clone) as N;
  if (node === null || typeof node !== 'object') return node;
  // Spread keeps the hidden class of the node, so that later stages meet as few as can be.
  const copy = { ...node } as Record<string, unknown>;
  for (const name in copy) {
    const value = copy[name];
    if (typeof value === 'object' && name !== 'location' && name !== 'annotations') copy[name] = clone(value);
  }
  return copy as N;
}

type Node = Term | Expr | With;

/** Visits every term, expression and `with` under a node, outermost first. `visit` answers true to go no deeper. */
export function walk(node: Node, visit: (node: Node) => boolean): void {
  if (visit(node)) return;
  // Every stage of the compiler comes through here: the commonest nodes are asked for first.
  switch (node.kind) {
    case 'string':
    case 'var':
      return;
    case 'ref':
      walkAll(node.terms, visit);
      return;
    case 'expr':
      walkStatement(node, visit);
      walkAll(node.with, visit);
      return;
    case 'call':
      walk(node.operator, visit);
      walkAll(node.args, visit);
      return;
    case 'array':
    case 'set':
      walkAll(node.items, visit);
      return;
    case 'object':
      spend(node.pairs.length);
      for (const [key, value] of node.pairs) {
        walk(key, visit);
        walk(value, visit);
      }
      return;
    case 'with':
      walk(node.target, visit);
      walk(node.value, visit);
      return;
    case 'templateString':
      walkAll(node.parts, visit);
      return;
    case 'arrayComprehension':
    case 'setComprehension':
      walk(node.term, visit);
      walkAll(node.body, visit);
      return;
    case 'objectComprehension':
      walk(node.key, visit);
      walk(node.value, visit);
      walkAll(node.body, visit);
      return;
    default:
  }
}

export function walkAll(nodes: readonly Node[], visit: (node: Node) => boolean): void {
  spend(nodes.length);
  // A visitor may append to what is walked, as with `for … of`.
  for (let index = 0; index < nodes.length; index++) walk(nodes[index] as Node, visit);
}

function walkStatement({ terms }: Expr, visit: (node: Node) => boolean): void {
  switch (terms.kind) {
    case 'some':
      walkAll(terms.symbols, visit);
      return;
    case 'every':
      if (terms.key !== undefined) walk(terms.key, visit);
      walk(terms.value, visit);
      walk(terms.domain, visit);
      walkAll(terms.body, visit);
      return;
    case 'not':
      walkAll(terms.body, visit);
      return;
    case 'logicalAnd':
    case 'logicalOr':
      walkAll(terms.lhs, visit);
      walkAll(terms.rhs, visit);
      return;
    default:
      walk(terms, visit);
  }
}

export function containsRefOrComprehension(term: Term): boolean {
  let found = false;
  walk(term, (node) => {
    if (node.kind === 'ref' || isComprehension(node)) found = true;
    return found;
  });
  return found;
}

export function isGround(term: Term): boolean {
  let ground = true;
  walk(term, (node) => {
    if (node.kind === 'var') ground = false;
    return !ground;
  });
  return ground;
}

/** Ref after its head holds no variables. */
export function isGroundRef(terms: readonly Term[]): boolean {
  return terms.every((term, index) => index === 0 || isGround(term));
}

export function isRootRef(term: Term, root: 'input' | 'data'): boolean {
  return term.kind === 'ref' && term.terms[0]?.kind === 'var' && term.terms[0].name === root;
}

/** Exactly `input` or exactly `data`. */
export function isRootDocument(term: Term): boolean {
  return (
    term.kind === 'ref' && term.terms.length === 1 && (isRootRef(term, 'input') || isRootRef(term, 'data'))
  );
}

/** Appends; a body that is just `true` gives way. */
export function appendToBody(body: Body, exprs: readonly Expr[]): Body {
  if (exprs.length === 0) return body;
  const first = body[0];
  const empty =
    body.length === 1 &&
    first !== undefined &&
    first.terms.kind === 'boolean' &&
    first.terms.value &&
    first.with.length === 0 &&
    !first.negated;
  return empty ? [...exprs] : [...body, ...exprs];
}
