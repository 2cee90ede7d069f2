/** `array.concat`, `array.flatten`, `array.reverse`, `array.slice`. */
import { RegoArray, type Value } from '../../values/index.ts';
import { arrayOperand, intOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { T } from '../types.ts';

const anyArray = T.array(T.any);

registerBuiltin('array.concat', { args: [anyArray, anyArray], result: anyArray }, (context, a, b) => {
  const left = arrayOperand(a, 1);
  const right = arrayOperand(b, 2);
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  context.charge(left.length + right.length);
  return new RegoArray([...left.items, ...right.items]);
});

registerBuiltin('array.flatten', { args: [anyArray], result: anyArray }, (context, array) => {
  const { items } = arrayOperand(array, 1);
  const flat: Value[] = [];
  for (const item of items) {
    if (item instanceof RegoArray) {
      context.charge(item.length);
      for (const inner of item.items) flat.push(inner);
    } else flat.push(item);
  }
  return new RegoArray(flat);
});

registerBuiltin('array.reverse', { args: [anyArray], result: anyArray }, (context, array) => {
  const { items } = arrayOperand(array, 1);
  context.charge(items.length);
  return new RegoArray(items.toReversed());
});

registerBuiltin(
  'array.slice',
  { args: [anyArray, T.number, T.number], result: anyArray },
  (_context, array, start, stop) => {
    const operand = arrayOperand(array, 1);
    const from = intOperand(start, 2);
    const to = intOperand(stop, 3);
    const end = Math.max(0, Math.min(to, operand.length));
    const begin = Math.max(0, Math.min(from, end));
    return begin === 0 && end === operand.length ? operand : new RegoArray(operand.items.slice(begin, end));
  },
);
