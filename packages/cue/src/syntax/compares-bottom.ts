import type { Clause, Comprehension, Declaration, Expression } from './ast.ts';

const known = new WeakMap<Expression, boolean>();

/** Whether an expression, or anything in it, compares something with `_|_`. */
export function comparesBottom(expression: Expression): boolean {
  const answer = known.get(expression) ?? look(expression);
  known.set(expression, answer);
  return answer;
}

function look(expression: Expression): boolean {
  switch (expression.type) {
    case 'scalar':
    case 'bottom':
    case 'identifier':
      return false;
    case 'interpolation':
      return expression.parts.some((part) => typeof part !== 'string' && comparesBottom(part));
    case 'struct':
      return expression.declarations.some(inDeclaration);
    case 'list':
      return (
        expression.elements.some((element) =>
          element.type === 'comprehension' ? inComprehension(element) : comparesBottom(element),
        ) ||
        (expression.rest !== null && expression.rest !== true && comparesBottom(expression.rest))
      );
    case 'selector':
      return comparesBottom(expression.of);
    case 'index':
      return comparesBottom(expression.of) || comparesBottom(expression.index);
    case 'slice':
      return [expression.of, expression.low, expression.high].some(
        (part) => part !== null && comparesBottom(part),
      );
    case 'call':
      return comparesBottom(expression.of) || expression.args.some(comparesBottom);
    case 'unary':
      return comparesBottom(expression.operand);
    case 'binary':
      return [expression.left, expression.right].some(
        (side) => side.type === 'bottom' || comparesBottom(side),
      );
    case 'disjunction':
      return expression.choices.some((choice) => comparesBottom(choice.expression));
  }
}

function inDeclaration(declaration: Declaration): boolean {
  switch (declaration.type) {
    case 'ellipsis':
      return false;
    case 'let':
      return comparesBottom(declaration.value);
    case 'embedding':
      return comparesBottom(declaration.expression);
    case 'comprehension':
      return inComprehension(declaration);
    case 'field':
      return (
        comparesBottom(declaration.value) ||
        (declaration.label.kind !== 'name' && comparesBottom(declaration.label.expression))
      );
  }
}

const inComprehension = ({ clauses, body }: Comprehension): boolean =>
  clauses.some(inClause) || comparesBottom(body);

function inClause(clause: Clause): boolean {
  switch (clause.type) {
    case 'for':
      return comparesBottom(clause.of);
    case 'if':
      return comparesBottom(clause.condition);
    case 'let':
      return comparesBottom(clause.value);
  }
}
