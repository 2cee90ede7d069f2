/** The set operators `&` and `|`, `intersection`, `union` and the deprecated `set_diff`. */
import { EMPTY_SET, RegoSet, type Value } from '../../values/index.ts';
import { setOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, T } from '../types.ts';

const anySet = T.set(T.any);
const binary = { args: [anySet, anySet], result: anySet };

export function difference(a: RegoSet, b: RegoSet): RegoSet {
  if (b.size === 0) return a;
  return RegoSet.of(a.unordered().filter((value) => !b.has(value)));
}

function intersect(a: RegoSet, b: RegoSet): RegoSet {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  return RegoSet.of(small.unordered().filter((value) => large.has(value)));
}

registerBuiltin('and', { ...binary, infix: '&' }, (_context, a, b) => {
  return intersect(setOperand(a, 1), setOperand(b, 2));
});

registerBuiltin('or', { ...binary, infix: '|' }, (context, a, b) => {
  const left = setOperand(a, 1);
  const right = setOperand(b, 2);
  if (left.size === 0) return right;
  if (right.size === 0) return left;
  return unite(context, [left, right]);
});

registerBuiltin('set_diff', { ...binary, deprecated: true }, (_context, a, b) => {
  return difference(setOperand(a, 1), setOperand(b, 2));
});

registerBuiltin('intersection', { args: [T.set(anySet)], result: anySet }, (_context, sets) => {
  const [first, ...rest] = members(sets);
  return first === undefined ? EMPTY_SET : rest.reduce(intersect, first);
});

registerBuiltin('union', { args: [T.set(anySet)], result: anySet }, (context, sets) => {
  return unite(context, members(sets));
});

function members(sets: Value): readonly RegoSet[] {
  return setOperand(sets, 1)
    .values()
    .map((member) => setOperand(member, 1));
}

function unite(context: BuiltinContext, sets: readonly RegoSet[]): RegoSet {
  const result = new RegoSet();
  for (const set of sets) {
    context.charge(set.size);
    for (const value of set.unordered()) result.add(value);
  }
  return result;
}
