import type { Call, Expr, Rule } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { isWithResult } from './marks.ts';
import { operatorName, walk } from './tree.ts';

/** Every function that is called must exist and take that many operands (stage CheckUndefinedFuncs). */
export function checkCalls(rule: Rule, context: CompilerContext): void {
  for (const expr of rule.body) checkExprCalls(expr, context);
  if (rule.else !== undefined) checkCalls(rule.else, context);
}

export function checkExprCalls(expr: Expr, context: CompilerContext): void {
  walk(expr, (node) => {
    if ('kind' in node && node.kind === 'expr' && node.terms.kind === 'call') {
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
  if (name !== undefined && arity >= 0 && (builtin !== undefined || isFunction(call, context))) {
    const given = withResult ? call.args.length - 1 : call.args.length;
    if (given === arity || (given === arity + 1 && !withResult) || name === 'eq') return;
    context.report(
      'rego_type_error',
      call.location,
      `function ${name} has arity ${arity}, got ${given} argument${given === 1 ? '' : 's'}`,
    );
    return;
  }
  context.report('rego_type_error', call.location, `undefined function ${name ?? '?'}`);
}

function isFunction(call: Call, context: CompilerContext): boolean {
  return context.tree?.rulesAt(call.operator).some((rule) => rule.head.args !== undefined) ?? false;
}
