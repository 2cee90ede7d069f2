/** `split`, `strings.split_n`, `substring`, `concat` and the `trim` family. */
import { RegoArray, type Value } from '../../values/index.ts';
import { chargeText } from '../limits.ts';
import { intOperand, stringOperand, stringsOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';

registerBuiltin(
  'split',
  { args: [T.string, T.string], result: T.array(T.string) },
  (context, text, delimiter) => {
    const parts = splitText(stringOperand(text, 1), stringOperand(delimiter, 2));
    context.charge(parts.length);
    return new RegoArray(parts);
  },
);

registerBuiltin(
  'strings.split_n',
  { args: [T.string, T.string, T.number], result: T.array(T.string) },
  (context, text, delimiter, count) => {
    const parts = splitText(stringOperand(text, 1), stringOperand(delimiter, 2));
    const n = intOperand(count, 3);
    context.charge(parts.length);
    return new RegoArray(n >= 0 ? parts.slice(0, n) : parts.slice(Math.max(parts.length + n, 0)));
  },
);

/** An empty delimiter splits into code points. */
function splitText(text: string, delimiter: string): readonly string[] {
  return delimiter === '' ? [...text] : text.split(delimiter);
}

registerBuiltin(
  'substring',
  { args: [T.string, T.number, T.number], result: T.string },
  (_context, text, offset, length) => {
    const base = stringOperand(text, 1);
    const from = intOperand(offset, 2);
    const count = intOperand(length, 3);
    if (from < 0) throw new BuiltinError('negative offset');
    const to = count < 0 ? undefined : from + count;
    if (/^[\u0000-\ud7ff\ue000-\uffff]*$/.test(base)) return base.slice(from, to);
    return [...base].slice(from, to).join('');
  },
);

registerBuiltin(
  'concat',
  { args: [T.string, T.union(T.array(T.string), T.set(T.string))], result: T.string },
  (context, delimiter, list) => {
    const separator = stringOperand(delimiter, 1);
    const parts = stringsOperand(list, 2, 'set', 'array');
    chargeText(
      context,
      parts.reduce((sum, part) => sum + part.length + separator.length, 0),
    );
    return parts.join(separator);
  },
);

const trimDeclaration = { args: [T.string, T.string], result: T.string };

register('trim', (text, cut) => trimStart(trimEnd(text, cut), cut));
register('trim_left', trimStart);
register('trim_right', trimEnd);
register('trim_prefix', (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text));
register('trim_suffix', (text, suffix) => {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
});

registerBuiltin('trim_space', { args: [T.string], result: T.string }, (_context, text: Value) => {
  // Go's White_Space: JavaScript's trim also takes U+FEFF away and leaves U+0085.
  return stringOperand(text, 1)
    .replace(/^[\p{White_Space}]+/u, '')
    .replace(/(?<![\p{White_Space}])[\p{White_Space}]+$/u, '');
});

function register(name: string, trim: (text: string, cut: string) => string): void {
  registerBuiltin(name, trimDeclaration, (_context, text, cut) =>
    trim(stringOperand(text, 1), stringOperand(cut, 2)),
  );
}

function trimStart(text: string, cut: string): string {
  const set = new Set(cut);
  let from = 0;
  for (const character of text) {
    if (!set.has(character)) break;
    from += character.length;
  }
  return text.slice(from);
}

function trimEnd(text: string, cut: string): string {
  const set = new Set(cut);
  let to = text.length;
  while (to > 0) {
    const pair = to > 1 && text.codePointAt(to - 2)! > 0xffff;
    if (!set.has(text.slice(to - (pair ? 2 : 1), to))) break;
    to -= pair ? 2 : 1;
  }
  return text.slice(0, to);
}
