/** `object.subset`. */
import { equal, RegoArray, RegoObject, RegoSet, type Value } from '../../values/index.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, OperandError, T } from '../types.ts';

const collection = T.union(T.array(T.any), T.object([T.any, T.any]), T.set(T.any));

registerBuiltin(
  'object.subset',
  { args: [collection, collection], result: T.boolean },
  (context, whole, part) => {
    const answer = contains(context, whole, part);
    if (answer !== undefined) return answer;
    if (whole instanceof RegoArray && part instanceof RegoSet) {
      context.charge(whole.length);
      // As OPA counts: once for every element of the array that is in the set, repeated ones included.
      let missing = part.size;
      return whole.items.some((item) => {
        if (part.has(item)) missing--;
        return missing === 0;
      });
    }
    throw new OperandError('both arguments object.subset must be of the same type or array and set');
  },
);

/** Undefined where the two are not of one collection type. */
function contains(context: BuiltinContext, whole: Value, part: Value): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) {
    context.charge(part.size);
    return part.unorderedKeys().every((key) => {
      const ours = whole.get(key);
      const theirs = part.get(key)!;
      return ours !== undefined && (equal(theirs, ours) || contains(context, ours, theirs) === true);
    });
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) {
    context.charge(part.size);
    return part.unordered().every((item) => whole.has(item));
  }
  if (whole instanceof RegoArray && part instanceof RegoArray)
    return containsRun(context, whole.items, part.items);
  return undefined;
}

/** Is `part` a run of consecutive elements of `whole`? */
function containsRun(context: BuiltinContext, whole: readonly Value[], part: readonly Value[]): boolean {
  for (let start = 0; start + part.length <= whole.length; start++) {
    let length = 0;
    while (length < part.length && equal(whole[start + length]!, part[length]!)) length++;
    context.charge(1 + length);
    if (length === part.length) return true;
  }
  return false;
}
