import type { Concrete } from '../values/concrete.ts';
import { ceiling, compareNumbers, digits, floor, int } from '../values/number.ts';
import { compareScalars, Kind, type Scalar } from '../values/scalar.ts';

/** What a value has to satisfy once it is known. */
export type Check =
  | {
      readonly kind: 'bound';
      readonly operator: BoundOperator;
      readonly operand: Scalar;
      readonly text: string;
    }
  | {
      readonly kind: 'match';
      readonly test: (text: string) => boolean;
      readonly negated: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'validator';
      readonly test: (value: Concrete, open: boolean) => boolean;
      /** It asks nothing but the length of a list. */
      readonly byLength: boolean;
      readonly text: string;
    };

/** A function as a constraint on values of these kinds. */
export interface Validator {
  readonly kinds: number;
  readonly test: (value: Concrete, open: boolean) => boolean;
  readonly byLength: boolean;
  readonly text: string;
}

export type BoundOperator = '<' | '<=' | '>' | '>=' | '!=';

/** The types that a bound leaves: `>1` and `!=1` are numbers, `!=null` is everything else. None: it is no bound. */
export function boundKinds(operator: BoundOperator, operand: Scalar): number {
  if (operand.kind === 'number') return Kind.number;
  if (operand.kind === 'string') return Kind.string;
  return operand.kind === 'null' && operator === '!=' ? Kind.top & ~Kind.null : Kind.none;
}

/**
 * Whether the value satisfies the check; its kind is one that the check is about. A list that is `open` may get more
 * elements still.
 */
export function satisfies(check: Check, value: Concrete, open = false): boolean {
  if (check.kind === 'validator') return check.test(value, open);
  if (check.kind === 'match') return value.kind === 'string' && check.test(value.value) !== check.negated;
  if (value.kind === 'list' || value.kind === 'struct') return check.operator === '!=';
  return compares(check.operator, compareScalars(value, check.operand));
}

export function compares(operator: BoundOperator, order: -1 | 0 | 1 | undefined): boolean {
  if (order === undefined) return operator === '!=';
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '!=':
      return order !== 0;
  }
}

type Bound = Check & { kind: 'bound' };

/** Whether nothing can be between the bounds of the checks, for values of these types. CUE tells without a value. */
export function bordersCross(checks: readonly Check[], kinds: number): boolean {
  const bounds = checks.filter((check): check is Bound => check.kind === 'bound');
  const tightest = (operators: readonly string[], sign: 1 | -1) =>
    bounds
      .filter(({ operator }) => operators.includes(operator))
      .reduce<Bound | undefined>((best, bound) => {
        if (best === undefined) return bound;
        const order = (compareScalars(bound.operand, best.operand) ?? 0) * sign;
        return order > 0 || (order === 0 && bound.operator.length === 1) ? bound : best;
      }, undefined);
  const lower = tightest(['>', '>='], 1);
  const upper = tightest(['<', '<='], -1);
  if (lower === undefined || upper === undefined) return false;
  const inclusive = lower.operator === '>=' && upper.operator === '<=';
  if (lower.operand.kind === 'string' && upper.operand.kind === 'string') {
    const order = compareScalars(lower.operand, upper.operand)!;
    return order > 0 || (order === 0 && !inclusive);
  }
  if (lower.operand.kind !== 'number' || upper.operand.kind !== 'number') return true;
  let [low, high] = [lower.operand, upper.operand];
  const whole = (kinds & Kind.float) === 0;
  if (whole) {
    low = int(lower.operator === '>=' ? ceiling(low) : floor(low));
    high = int(upper.operator === '<=' ? floor(high) : ceiling(high));
  }
  const order = compareNumbers(low, high);
  if (order > 0 || (order === 0 && !inclusive)) return true;
  if (!whole || digits(high.coefficient - low.coefficient) > 1) return false;
  return high.coefficient - low.coefficient === 1n && lower.operator === '>' && upper.operator === '<';
}
