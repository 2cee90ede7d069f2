/** `replace`, `strings.replace_n`. */
import { chargeText } from '../limits.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, OperandError, T } from '../types.ts';

registerBuiltin(
  'replace',
  { args: [T.string, T.string, T.string], result: T.string },
  (context, text, old, fresh) => {
    return replaceAll(context, stringOperand(text, 1), [[stringOperand(old, 2), stringOperand(fresh, 3)]]);
  },
);

registerBuiltin(
  'strings.replace_n',
  { args: [T.object([T.string, T.string]), T.string], result: T.string },
  (context, patterns, text) => {
    const pairs = objectOperand(patterns, 1);
    const base = stringOperand(text, 2);
    const rules = pairs.entries().map(([old, fresh]) => {
      if (typeof old !== 'string') throw new OperandError('operand 1 non-string key found in pattern object');
      if (typeof fresh !== 'string')
        throw new OperandError('operand 1 non-string value found in pattern object');
      return [old, fresh] as const;
    });
    return replaceAll(context, base, rules);
  },
);

/**
 * Go's `strings.Replacer`: at each position the first rule in order that matches is applied, and what it put in is not
 * looked at again. An empty pattern comes first in order and matches once at every position (here: between code points).
 */
function replaceAll(
  context: BuiltinContext,
  text: string,
  rules: readonly (readonly [old: string, fresh: string])[],
): string {
  const everywhere = rules.find(([old]) => old === '')?.[1];
  if (rules.length === 1 && everywhere === undefined) return replaceOne(context, text, ...rules[0]!);
  const byStart = Map.groupBy(
    rules.filter(([old]) => old !== ''),
    ([old]) => old[0]!,
  );
  let out = '';
  let copied = 0;
  for (let at = 0; at <= text.length; ) {
    if (everywhere !== undefined) {
      out += text.slice(copied, at) + everywhere;
      copied = at;
    }
    const rule = byStart.get(text[at] ?? '')?.find(([old]) => text.startsWith(old, at));
    if (rule === undefined) {
      at += text.codePointAt(at)! > 0xffff ? 2 : 1;
      continue;
    }
    out += text.slice(copied, at) + rule[1];
    at += rule[0].length;
    copied = at;
    chargeText(context, out.length);
  }
  chargeText(context, out.length);
  return out + text.slice(copied);
}

function replaceOne(context: BuiltinContext, text: string, old: string, fresh: string): string {
  const parts = text.split(old);
  chargeText(context, text.length + (parts.length - 1) * (fresh.length - old.length));
  return parts.join(fresh);
}
