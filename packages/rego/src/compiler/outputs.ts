import type { Body, Call, Expr, Ref, Term } from '../ast/types.ts';
import { spend } from '../budget.ts';
import type { CompilerContext } from './context.ts';
import { isFromAssignment } from './marks.ts';
import { isEquality } from './tree.ts';
import { unify } from './unify.ts';
import { addVars, SAFETY_VARS, type VarOptions, varsOf } from './vars.ts';

/** Some names, of which it can only be asked whether one is among them. */
export type Names = Pick<ReadonlySet<string>, 'has'>;

const NONE: ReadonlySet<string> = new Set();

/** The variables that evaluating a body binds, beyond those already bound. */
export function outputsOfBody(body: Body, safe: ReadonlySet<string>, context: CompilerContext): Set<string> {
  const known = new Set(safe);
  for (const expr of body) for (const name of outputsOf(expr, known, context)) known.add(name);
  for (const name of safe) known.delete(name);
  return known;
}

/** The variables that evaluating an expression binds. */
export function outputsOf(
  expr: Expr,
  safe: ReadonlySet<string>,
  context: CompilerContext,
): ReadonlySet<string> {
  if (expr.negated) return NONE;
  if (expr.with.length > 0 && !isSubset(varsOf(expr.with, SAFETY_VARS), safe)) return NONE;
  const terms = expr.terms;
  switch (terms.kind) {
    case 'every':
      return outputsOfTerms([terms.domain], safe);
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
    case 'some':
    case 'templateString':
      return NONE;
    case 'call': {
      if (isEquality(expr)) return outputsOfEquality(expr, safe);
      const arity = context.arity(terms.operator);
      return arity < 0 ? NONE : outputsOfCall(terms, arity, safe);
    }
    default:
      return outputsOfTerms([terms], safe);
  }
}

export function outputsOfEquality(expr: Expr, safe: ReadonlySet<string>): ReadonlySet<string> {
  const { args } = expr.terms as Call;
  const left = args[0] as Term;
  const right = args[1] as Term;
  const output = outputsOfTerms([left, right], safe);
  // What stands on the left of `:=` is bound by it, and nothing is bound through it.
  const assigned = isFromAssignment(expr) ? varsOf([left]) : NONE;
  const known: Names = { has: (name) => !assigned.has(name) && (output.has(name) || safe.has(name)) };
  const unified = unify(known, left, right);
  const result = new Set<string>();
  for (const name of output) if (!assigned.has(name) && !safe.has(name)) result.add(name);
  for (const name of unified) if (!safe.has(name)) result.add(name);
  return result;
}

const RESULT_VARS: VarOptions = {
  skipClosures: true,
  skipSets: true,
  skipObjectKeys: true,
  skipRefHead: true,
};

function outputsOfCall(call: Call, arity: number, safe: ReadonlySet<string>): ReadonlySet<string> {
  const output = outputsOfTerms([call], safe);
  if (arity >= call.args.length) return output;
  for (const name of varsOf(call.args.slice(0, arity), RESULT_VARS)) {
    if (!output.has(name) && !safe.has(name)) return NONE;
  }
  return varsOf(call.args.slice(arity), RESULT_VARS, output);
}

const INDEX_VARS: VarOptions = { skipRefHead: true };

function outputsOfTerms(terms: readonly Term[], safe: ReadonlySet<string>): Set<string> {
  const output = new Set<string>();
  addOutputsFrom(terms, safe, output);
  return output;
}

function addOutputsFrom(terms: readonly Term[], safe: ReadonlySet<string>, into: Set<string>): void {
  spend(terms.length);
  for (let index = 0; index < terms.length; index++) addOutputs(terms[index] as Term, safe, into);
}

/** Adds the variables in the refs of a term that can be evaluated; what is within closures stays there. */
function addOutputs(term: Term, safe: ReadonlySet<string>, into: Set<string>): void {
  switch (term.kind) {
    case 'ref':
      if (!isRefSafe(term, safe)) return;
      for (let index = 1; index < term.terms.length; index++)
        addVars(term.terms[index] as Term, INDEX_VARS, into);
      addOutputsFrom(term.terms, safe, into);
      return;
    case 'call':
      addOutputs(term.operator, safe, into);
      addOutputsFrom(term.args, safe, into);
      return;
    case 'array':
    case 'set':
      addOutputsFrom(term.items, safe, into);
      return;
    case 'object':
      for (const pair of term.pairs) addOutputsFrom(pair, safe, into);
      return;
    default:
  }
}

export function isRefSafe(ref: Ref, safe: Names): boolean {
  const head = ref.terms[0] as Term;
  if (head.kind === 'var') return head.name === 'input' || head.name === 'data' || safe.has(head.name);
  return isSubset(varsOf([head], SAFETY_VARS), safe);
}

export function isSubset(names: ReadonlySet<string>, of: Names): boolean {
  for (const name of names) if (!of.has(name)) return false;
  return true;
}
