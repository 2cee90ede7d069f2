import { refText } from '../ast/print.ts';
import type { Call, Expr, Rule } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { isWithResult } from './marks.ts';
import { type CompiledRule, mayHaveComprehensions } from './rule-tree.ts';
import { operatorName, walk } from './tree.ts';
import { TypeEnv } from './types/env.ts';
import { functionType } from './types/function-type.ts';
import { operandsText, typeText } from './types/text.ts';

/** Types are not checked yet: only those of constants are known. */
const NOTHING_KNOWN = new TypeEnv(() => undefined);

/** Every function that is called must exist and take that many operands (stage CheckUndefinedFuncs). */
export function checkCalls(rule: CompiledRule, context: CompilerContext): void {
  const nests = mayHaveComprehensions(rule);
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
    for (const expr of branch.body) {
      // Calls stand in bodies alone by now: where the arguments hold none, there is nothing to look for in them.
      if (!nests && expr.terms.kind === 'call') checkCall(expr.terms, isWithResult(expr), context);
      else checkExprCalls(expr, context);
    }
  }
}

export function checkExprCalls(expr: Expr, context: CompilerContext): void {
  walk(expr, (node) => {
    if (node.kind === 'expr' && node.terms.kind === 'call') {
      checkCall(node.terms, isWithResult(node), context);
    }
    return false;
  });
}

function checkCall(call: Call, withResult: boolean, context: CompilerContext): void {
  const name = operatorName(call.operator);
  const builtin = name === undefined ? undefined : context.builtins.get(name);
  if (builtin?.declaration.variadic !== undefined) return;
  const arity = context.arity(call.operator);
  if (arity < 0 || (builtin === undefined && !isFunction(call, context))) {
    context.report('rego_type_error', call.location, `undefined function ${calledName(call, context)}`);
    return;
  }
  const given = withResult ? call.args.length - 1 : call.args.length;
  if (given === arity || (given === arity + 1 && !withResult) || name === 'eq') return;
  if (builtin === undefined) {
    const message = `function ${name} has arity ${arity}, got ${given} argument${given === 1 ? '' : 's'}`;
    context.report('rego_type_error', call.location, message);
    return;
  }
  const have = call.args.map((arg) => typeText(NOTHING_KNOWN.of(arg))).join(', ');
  const details = [`have: (${have})`, `want: (${operandsText(functionType(builtin))})`];
  context.report('rego_type_error', call.location, `${name}: arity mismatch`, details);
}

/** A local variable under the name that the policy has for it. */
function calledName({ operator }: Call, context: CompilerContext): string {
  const terms = operator.terms.map((term) =>
    term.kind === 'var' ? { ...term, name: context.original(term.name) } : term,
  );
  return refText(terms);
}

function isFunction(call: Call, context: CompilerContext): boolean {
  return context.tree?.rulesAt(call.operator).some((rule) => rule.head.args !== undefined) ?? false;
}
