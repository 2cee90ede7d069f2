import type { Expression } from './ast.ts';

/** Whether a struct that is written there embeds something. */
export function embeds(expression: Expression): boolean {
  switch (expression.type) {
    case 'struct':
      return expression.declarations.some(
        (declaration) =>
          declaration.type !== 'ellipsis' && (declaration.type !== 'field' || embeds(declaration.value)),
      );
    case 'binary':
      return embeds(expression.left) || embeds(expression.right);
    case 'disjunction':
      return expression.choices.some((choice) => embeds(choice.expression));
    case 'list':
      return [...expression.elements, expression.rest].some(
        (element) =>
          element !== null && element !== true && (element.type === 'comprehension' || embeds(element)),
      );
    default:
      return false;
  }
}
