import type { Body, Expr, Term } from '../ast/types.ts';
import type { CompilerContext } from '../compiler/context.ts';
import { outputsOfBody } from '../compiler/outputs.ts';
import { isComprehension, isEquality, isGround, operatorName, walk, walkAll } from '../compiler/tree.ts';
import { SAFETY_VARS, varsOf } from '../compiler/vars.ts';
import { compareStrings } from '../values/index.ts';

/**
 * Finds the comprehensions of a body that are evaluated once for all bindings of the outer variables that only select
 * (`BuildComprehensionIndex` of OPA's compiler), and those variables. `known` are variables bound before.
 */
export function comprehensionKeys(
  body: Body,
  known: ReadonlySet<string>,
  context: CompilerContext,
  into: Map<Term, readonly string[]>,
): void {
  const candidates = new Set(known);
  const visitBody = (exprs: Body): void => {
    for (const expr of exprs) {
      const term = comprehensionOf(expr);
      const keys = term === undefined ? undefined : keysOf(term.body, candidates, context);
      if (term !== undefined && keys !== undefined) into.set(term, keys);
      varsOf([expr], SAFETY_VARS, candidates);
    }
    for (const expr of exprs) walk(expr, visit);
  };
  const visit = (node: Parameters<typeof walk>[0]): boolean => {
    if (node.kind === 'with') return false;
    if (node.kind === 'expr') {
      const { terms } = node;
      if (terms.kind === 'every') visitNested([terms.domain], terms.body);
      else if (terms.kind === 'not') visitNested([], terms.body);
      else if (terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') {
        visitBody(terms.lhs);
        visitBody(terms.rhs);
      } else return false;
      return true;
    }
    if (!isComprehension(node) || !('body' in node)) return false;
    const heads = node.kind === 'objectComprehension' ? [node.key, node.value] : [node.term];
    visitNested(heads, node.body);
    return true;
  };
  const visitNested = (heads: readonly Term[], inner: Body): void => {
    walkAll(heads, visit);
    visitBody(inner);
  };
  visitBody(body);
}

type Comprehension = Extract<Term, { body: Body }>;

/** `x = [… | …]` */
function comprehensionOf(expr: Expr): Comprehension | undefined {
  if (expr.negated || expr.with.length > 0 || !isEquality(expr) || expr.terms.kind !== 'call')
    return undefined;
  const [left, right] = expr.terms.args;
  if (left?.kind === 'var' && right !== undefined && isComprehension(right)) return right as Comprehension;
  if (right?.kind === 'var' && left !== undefined && isComprehension(left)) return left as Comprehension;
  return undefined;
}

function keysOf(
  body: Body,
  candidates: ReadonlySet<string>,
  context: CompilerContext,
): readonly string[] | undefined {
  const outputs = outputsOfBody(body, new Set(), context);
  for (const name of varsOf(body, SAFETY_VARS)) if (!outputs.has(name)) return undefined;
  if (looksUpCandidates(body, candidates) || closesOver(body, candidates)) return undefined;
  const keys = [...outputs].filter((name) => candidates.has(name)).sort(compareStrings);
  return keys.length === 0 ? undefined : keys;
}

/** A ref with a candidate in it is a lookup where the candidate is known, and would be a loop where it is not. */
function looksUpCandidates(body: Body, candidates: ReadonlySet<string>): boolean {
  const seen = new Set<string>();
  let worse = false;
  const check = (terms: readonly Term[]): void => {
    for (const name of varsOf(terms)) worse ||= candidates.has(name) && !seen.has(name);
  };
  walkAll(body, (node) => {
    if (node.kind === 'with' || worse) return worse;
    if (node.kind === 'call' && operatorName(node.operator) === 'walk') check(node.args.slice(1, 2));
    else if (node.kind === 'ref') {
      for (const term of node.terms.slice(1)) {
        if (!isGround(term)) check(varsOf([term], { skipRefHead: true }).size > 0 ? [term] : []);
      }
    } else if (node.kind === 'var') seen.add(node.name);
    return isComprehension(node);
  });
  return worse;
}

/** A comprehension within uses a candidate. */
function closesOver(body: Body, candidates: ReadonlySet<string>): boolean {
  let found = false;
  walkAll(body, (node) => {
    if (!isComprehension(node)) return found;
    for (const name of varsOf([node as Term], { skipRefHead: true })) found ||= candidates.has(name);
    return true;
  });
  return found;
}
