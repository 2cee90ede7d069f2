/** `numbers.range`, `numbers.range_step`, `rand.intn`. */
import { RegoArray, RegoNumber, type Value } from '../../values/index.ts';
import { bigIntOperand, intOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';

/** Elements of the longest range made; the budget of the evaluation usually ends a long one first. */
const maxRangeLength = 10_000_000n;

const numbers = T.array(T.number);

registerBuiltin('numbers.range', { args: [T.number, T.number], result: numbers }, (context, a, b) => {
  return range(context, bigIntOperand(a, 1), bigIntOperand(b, 2), 1n);
});

registerBuiltin(
  'numbers.range_step',
  { args: [T.number, T.number, T.number], result: numbers },
  (context, a, b, step) => {
    const from = bigIntOperand(a, 1);
    const to = bigIntOperand(b, 2);
    const by = bigIntOperand(step, 3);
    if (by <= 0n) throw new BuiltinError('numbers.range_step: step must be a positive integer');
    return range(context, from, to, by);
  },
);

/** Both ends included, going down where `from` is above `to`. */
function range(context: BuiltinContext, from: bigint, to: bigint, step: bigint): RegoArray {
  const down = from > to;
  const length = (down ? from - to : to - from) / step + 1n;
  if (length > maxRangeLength)
    throw new BuiltinError(`range of ${length} numbers exceeds the limit of ${maxRangeLength}`);
  context.charge(Number(length));
  const items: Value[] = [];
  let next = from;
  for (let i = 0n; i < length; i++) {
    items.push(RegoNumber.fromBigInt(next));
    next += down ? -step : step;
  }
  return new RegoArray(items);
}

registerBuiltin(
  'rand.intn',
  { args: [T.string, T.number], result: T.number, nondeterministic: true },
  (context, seed, limit) => {
    const name = stringOperand(seed, 1);
    const bound = Math.abs(intOperand(limit, 2));
    if (bound === 0) return 0;
    const key = `rand.intn-${bound}-${name}`;
    const known = context.cache.get(key);
    if (typeof known === 'number') return known;
    const drawn = Math.floor(context.random() * bound);
    context.cache.set(key, drawn);
    return drawn;
  },
);
