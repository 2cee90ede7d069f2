import type { Declaration, Expression } from './ast.ts';

/**
 * Whether an expression is a schema as it stands: types, values, bounds, structs, lists, definitions, and choices of
 * those. What has to be evaluated for it to be one, CUE evaluates in an order of its own.
 */
export function isPlain(expression: Expression): boolean {
  switch (expression.type) {
    case 'scalar':
      return true;
    case 'identifier': {
      const { target } = expression;
      return target?.kind === 'predeclared' || (target?.kind === 'field' && target.label.startsWith('d'));
    }
    case 'struct':
      return expression.alias === undefined && expression.declarations.every(isPlainDeclaration);
    case 'list': {
      const { elements, rest } = expression;
      return (
        elements.every((element) => element.type !== 'comprehension' && isPlain(element)) &&
        (rest === null || rest === true || isPlain(rest))
      );
    }
    case 'unary':
      return expression.operand.type === 'scalar';
    case 'binary':
      return expression.operator === '&' && isPlain(expression.left) && isPlain(expression.right);
    case 'disjunction':
      return expression.choices.every(({ preferred, expression: choice }) => !preferred && isPlain(choice));
    case 'selector':
      return isOfPackage(expression);
    case 'call':
      return isOfPackage(expression.of) && expression.args.every(({ type }) => type === 'scalar');
    default:
      return false;
  }
}

const isOfPackage = (expression: Expression): boolean =>
  expression.type === 'selector' &&
  expression.of.type === 'identifier' &&
  expression.of.target?.kind === 'package';

function isPlainDeclaration(declaration: Declaration): boolean {
  if (declaration.type === 'ellipsis') return true;
  if (declaration.type !== 'field' || declaration.alias !== null) return false;
  const { label, value } = declaration;
  if (label.kind === 'dynamic' || !isPlain(value)) return false;
  return label.kind === 'name' || (label.alias === null && isPlain(label.expression));
}
