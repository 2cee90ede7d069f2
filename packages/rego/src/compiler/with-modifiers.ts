import type { Body, Expr, Ref, Term, With } from '../ast/types.ts';
import { keyOf } from '../values/index.ts';
import { constantOf } from './constants.ts';
import type { CompilerContext } from './context.ts';
import type { RuleNode } from './rule-tree.ts';
import {
  containsRefOrComprehension,
  equalityExpr,
  isComprehension,
  isRootRef,
  operatorName,
  varTerm,
  walk,
} from './tree.ts';

/** Checks `with` modifiers, and binds values that need evaluation before the expression (stage RewriteWithValues). */
export function rewriteWith(body: Body, context: CompilerContext): Body {
  const out: Expr[] = [];
  for (const expr of body) {
    for (const modifier of expr.with) {
      if (!validate(modifier, context)) continue;
      const local = varTerm(context.freshVar(), modifier.value.location);
      const equality = equalityExpr(local, modifier.value, modifier.value.location);
      nested(equality, context);
      out.push(equality);
      modifier.value = local;
    }
    nested(expr, context);
    out.push(expr);
  }
  return out;
}

function nested(expr: Expr, context: CompilerContext): void {
  const terms = expr.terms;
  switch (terms.kind) {
    case 'every':
    case 'not':
      terms.body = rewriteWith(terms.body, context);
      break;
    case 'logicalAnd':
    case 'logicalOr':
      terms.lhs = rewriteWith(terms.lhs, context);
      terms.rhs = rewriteWith(terms.rhs, context);
      break;
    default:
  }
  walk(expr, (node) => {
    if (isComprehension(node)) {
      const comprehension = node as { body: Body };
      comprehension.body = rewriteWith(comprehension.body, context);
      return true;
    }
    return node.kind === 'expr' && node !== expr;
  });
}

/** Whether the value has to be evaluated. */
function validate(modifier: With, context: CompilerContext): boolean {
  const target: Term = modifier.target;
  const { builtins } = context;
  if (modifier.value.kind === 'var' && builtins.has(modifier.value.name)) {
    modifier.value = { kind: 'ref', terms: [modifier.value], location: modifier.value.location };
  }
  if (target.kind === 'ref' && isRootRef(target, 'data')) {
    let node: RuleNode | undefined = context.tree?.root;
    for (const term of target.terms.slice(1, -1)) {
      const key = constantOf(term);
      node = key === undefined ? undefined : node?.children.get(keyOf(key));
      if (node === undefined) break;
      if (node.rules.length > 0) {
        context.report(
          'rego_compile_error',
          target.location,
          'with keyword cannot partially replace virtual document(s)',
        );
        return false;
      }
    }
    if (isFunction(target, context) && isFunctionValue(modifier.value, context)) return false;
    if (modifier.value.kind === 'ref' && isFunction(modifier.value, context)) return false;
    return containsRefOrComprehension(modifier.value);
  }
  if (target.kind === 'ref' && isRootRef(target, 'input')) return containsRefOrComprehension(modifier.value);
  const ref: Ref =
    target.kind === 'ref' ? target : { kind: 'ref', terms: [target], location: target.location };
  const name = operatorName(ref);
  const builtin = name === undefined ? undefined : builtins.get(name);
  if (builtin === undefined && context.allowUndefinedFunctions) {
    modifier.target = ref;
    return false;
  }
  if (builtin === undefined) {
    context.report(
      'rego_type_error',
      target.location,
      'with keyword target must reference existing input, data, or a function',
    );
    return false;
  }
  modifier.target = ref;
  const reason = refusal(
    builtin.name,
    builtin.relation !== undefined,
    builtin.declaration.result === undefined,
  );
  if (reason !== undefined) {
    context.report(
      'rego_compile_error',
      target.location,
      `with keyword replacing built-in function: ${reason}`,
    );
    return false;
  }
  return isFunctionValue(modifier.value, context) ? false : containsRefOrComprehension(modifier.value);
}

function refusal(name: string, relation: boolean, isVoid: boolean): string | undefined {
  if (name === 'eq' || name === 'rego.metadata.chain' || name === 'rego.metadata.rule') {
    return `replacement of "${name}" invalid`;
  }
  if (name.startsWith('internal.')) return `replacement of internal function "${name}" invalid`;
  if (relation) return 'target must not be a relation';
  return isVoid ? 'target must not be a void function' : undefined;
}

function isFunction(ref: Ref, context: CompilerContext): boolean {
  return context.tree?.rulesAt(ref).some((rule) => (rule.head.args?.length ?? 0) > 0) ?? false;
}

/** A value that names a function (or, as in OPA, any rule) and is not evaluated. */
function isFunctionValue(value: Term, context: CompilerContext): boolean {
  if (value.kind !== 'ref') return false;
  if (context.tree?.find(value) !== undefined) return true;
  const name = operatorName(value);
  return name !== undefined && context.builtins.has(name);
}
