import { unsupported } from '../syntax/source.ts';
import { type CueNumber, ceiling, compareNumbers, floor, int } from '../values/number.ts';
import { Kind } from '../values/scalar.ts';
import { func, test } from './define.ts';
import type { Package } from './types.ts';

const N = Kind.number;
const negated = (n: CueNumber): CueNumber => ({ ...n, coefficient: -n.coefficient });

/** A function that makes an int of a number. */
const rounding = (round: (n: CueNumber) => bigint) => func([N], ([n]) => int(round(n as CueNumber)));

/** The nearest int; of two, the one that `tie` says of the lower. */
function nearest(n: CueNumber, tie: (lower: bigint) => bigint): bigint {
  const lower = floor(n);
  const middle: CueNumber = { kind: 'number', int: false, coefficient: lower * 10n + 5n, exponent: -1 };
  const order = compareNumbers(n, middle);
  return order === 0 ? tie(lower) : order < 0 ? lower : lower + 1n;
}

function isMultiple(n: CueNumber, of: CueNumber): boolean {
  const exponent = Math.min(n.exponent, of.exponent);
  const scaled = ({ coefficient, exponent: own }: CueNumber) => coefficient * 10n ** BigInt(own - exponent);
  return scaled(n) % scaled(of) === 0n;
}

/** Package `math`, of what is exact. */
export const maths: Package = new Map([
  ['Floor', rounding(floor)],
  ['Ceil', rounding(ceiling)],
  ['Trunc', rounding((n) => (n.coefficient < 0n ? ceiling(n) : floor(n)))],
  ['Round', rounding((n) => nearest(n, (lower) => (lower < 0n ? lower : lower + 1n)))],
  ['RoundToEven', rounding((n) => nearest(n, (lower) => (lower % 2n === 0n ? lower : lower + 1n)))],
  [
    'Abs',
    func([N], ([n]) => ((n as CueNumber).coefficient < 0n ? negated(n as CueNumber) : (n as CueNumber))),
  ],
  [
    'MultipleOf',
    test([N, N], ([n, of], at) => {
      if ((of as CueNumber).coefficient === 0n) throw unsupported(at, 'a multiple of zero');
      return isMultiple(n as CueNumber, of as CueNumber);
    }),
  ],
]);
