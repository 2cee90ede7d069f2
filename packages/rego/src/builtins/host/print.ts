/** `print`, `trace`, template strings and the test hook: what policies say besides their results. */
import { RegoArray, RegoSet, toTerm, typeName, type Value } from '../../values/index.ts';
import { chargeText } from '../limits.ts';
import { arrayOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { Halt, T } from '../types.ts';

// `print` is rewritten to `internal.print` by the compiler; the entry gives it its declaration.
registerBuiltin('print', { args: [], variadic: T.any }, () => true);

registerBuiltin('internal.print', { args: [T.array(T.set(T.any))] }, (context, operands) => {
  if (context.print === undefined) return true;
  for (const line of lines(arrayOperand(operands, 1).items)) {
    chargeText(context, 1);
    context.print(line.join(' '), context.location);
  }
  return true;
});

registerBuiltin(
  'internal.template_string',
  { args: [T.array(T.any)], result: T.string },
  (context, operands) => {
    const { items } = arrayOperand(operands, 1);
    const only = onlyText(items);
    if (only !== undefined) {
      chargeText(context, only.length);
      return only;
    }
    const [first, second] = lines(items);
    if (second !== undefined) {
      throw new Halt('eval_conflict_error', 'template-strings must not produce multiple outputs');
    }
    const text = first!.join('');
    chargeText(context, text.length);
    return text;
  },
);

/** The text where every operand is a text, or a set of one: nearly always. */
function onlyText(operands: readonly Value[]): string | undefined {
  let text = '';
  for (const operand of operands) {
    if (typeof operand === 'string') text += operand;
    else if (operand instanceof RegoSet && operand.size === 1) text += shownValue(operand.unordered()[0]!);
    else return undefined;
  }
  return text;
}

/** An operand is a scalar, or a set of the values an expression had; every combination is a line of its own. */
function* lines(operands: readonly Value[], before: readonly string[] = []): Generator<readonly string[]> {
  if (before.length === operands.length) {
    yield before;
    return;
  }
  for (const shown of shownValues(operands[before.length]!)) yield* lines(operands, [...before, shown]);
}

function shownValues(operand: Value): readonly string[] {
  if (operand instanceof RegoSet) {
    return operand.size === 0 ? ['<undefined>'] : operand.values().map(shownValue);
  }
  if (typeof operand === 'object' && operand !== null && operand.rank !== 2) {
    throw new Halt('eval_internal_error', `illegal argument type: ${typeName(operand)}`);
  }
  return [shownValue(operand)];
}

function shownValue(value: Value): string {
  return typeof value === 'string' ? value : toTerm(value);
}

registerBuiltin('internal.test_case', { args: [T.array(T.any)] }, (context, operands) => {
  context.note?.(`test case ${toTerm(operands instanceof RegoArray ? operands : new RegoArray([operands]))}`);
  return true;
});

registerBuiltin('trace', { args: [T.string], result: T.boolean }, (context, note) => {
  context.note?.(stringOperand(note, 1));
  return true;
});
