import { limits } from '../limits.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { arithmetic, type CueNumber, divide, int, integerDivision } from '../values/number.ts';
import { bool, compareScalars, type Scalar, string } from '../values/scalar.ts';
import { type BoundOperator, compares } from './checks.ts';
import { matcher } from './matcher.ts';
import { bottom, type Result, scalar } from './result.ts';

/** What a binary operator makes of two scalars. */
export function operation(operator: string, a: Scalar, b: Scalar, at: Place): Result {
  const wrong = bottom(`invalid operands of ${operator}`);
  switch (operator) {
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const order = compareScalars(a, b);
      const ordered = a.kind === 'number' || a.kind === 'string';
      return order === undefined || !ordered
        ? wrong
        : scalar(bool(compares(operator as BoundOperator, order)));
    }
    case '=~':
    case '!~':
      if (a.kind !== 'string' || b.kind !== 'string') return wrong;
      return scalar(bool(matcher(b.value, at)(a.value) === (operator === '=~')));
    case '&&':
    case '||':
      if (a.kind !== 'bool' || b.kind !== 'bool') return wrong;
      return scalar(bool(operator === '&&' ? a.value && b.value : a.value || b.value));
    case '+':
      if (a.kind === 'string' && b.kind === 'string') return scalar(string(a.value + b.value));
  }
  if (operator === '*' && a.kind === 'string' && b.kind === 'number') return repetition(a.value, b, at);
  if (operator === '*' && a.kind === 'number' && b.kind === 'string') return repetition(b.value, a, at);
  if (a.kind !== 'number' || b.kind !== 'number') return wrong;
  return calculation(operator, a, b, at);
}

function repetition(text: string, { int: whole, coefficient }: CueNumber, at: Place): Result {
  if (!whole) return bottom('* of a text and what is no int');
  if (coefficient < 0n) return bottom('* of a text and a negative number');
  if (BigInt(text.length) * coefficient > limits.text) throw unsupported(at, 'a text of such a length');
  return scalar(string(text.repeat(Number(coefficient))));
}

function calculation(operator: string, a: CueNumber, b: CueNumber, at: Place): Result {
  let value: CueNumber | null;
  switch (operator) {
    case '+':
    case '-':
    case '*':
      value = arithmetic(operator, a, b);
      break;
    case '/':
      if (b.coefficient === 0n) return bottom('division by zero');
      value = divide(a, b);
      break;
    default:
      return whole(operator, a, b);
  }
  if (value === null) throw unsupported(at, 'a number that is rounded');
  return scalar(value);
}

/** Integer division of two numbers. */
export function whole(operator: string, a: CueNumber, b: CueNumber): Result {
  if (!a.int || !b.int) return bottom(`${operator} of what is no int`);
  if (b.coefficient === 0n) return bottom('division by zero');
  return scalar(int(integerDivision(operator as 'div', a.coefficient, b.coefficient)));
}
