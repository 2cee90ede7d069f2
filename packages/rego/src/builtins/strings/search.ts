/** `contains`, `startswith`, `endswith`, `indexof`, `indexof_n`, `strings.count`, `strings.any_prefix_match`, `…suffix…`. */
import { RegoArray, type Value } from '../../values/index.ts';
import { stringOperand, stringsOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';

const test = { args: [T.string, T.string], result: T.boolean };

registerBuiltin('contains', test, (_context, text, part) => {
  return stringOperand(text, 1).includes(stringOperand(part, 2));
});
registerBuiltin('startswith', test, (_context, text, part) => {
  return stringOperand(text, 1).startsWith(stringOperand(part, 2));
});
registerBuiltin('endswith', test, (_context, text, part) => {
  return stringOperand(text, 1).endsWith(stringOperand(part, 2));
});

registerBuiltin('indexof', { args: [T.string, T.string], result: T.number }, (context, text, part) => {
  return occurrences(context, text, part, true)[0] ?? -1;
});

registerBuiltin(
  'indexof_n',
  { args: [T.string, T.string], result: T.array(T.number) },
  (context, text, part) => {
    return new RegoArray(occurrences(context, text, part, false));
  },
);

/** Where `part` begins, counted in code points; occurrences may overlap. */
function occurrences(
  context: BuiltinContext,
  text: Value,
  part: Value,
  onlyFirst: boolean,
): readonly number[] {
  const base = stringOperand(text, 1);
  const search = stringOperand(part, 2);
  if (search === '') throw new BuiltinError('empty search character');
  const found: number[] = [];
  let points = 0;
  let counted = 0;
  for (let at = base.indexOf(search); at >= 0; at = base.indexOf(search, at + 1)) {
    for (; counted < at; counted++) if (!isLowSurrogate(base, counted)) points++;
    // A match may not begin or end inside a surrogate pair.
    if (isLowSurrogate(base, at) || isLowSurrogate(base, at + search.length)) continue;
    context.charge(1);
    found.push(points);
    if (onlyFirst) break;
  }
  return found;
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

registerBuiltin('strings.count', { args: [T.string, T.string], result: T.number }, (_context, text, part) => {
  const base = stringOperand(text, 1);
  const search = stringOperand(part, 2);
  if (search === '') return [...base].length + 1;
  let count = 0;
  for (let at = base.indexOf(search); at >= 0; at = base.indexOf(search, at + search.length)) count++;
  return count;
});

const texts = T.union(T.string, T.array(T.string), T.set(T.string));
const anyMatch = { args: [texts, texts], result: T.boolean };

registerBuiltin('strings.any_prefix_match', anyMatch, (context, search, prefixes) => {
  return anyStartsWith(context, textsOperand(search, 1), textsOperand(prefixes, 2));
});

registerBuiltin('strings.any_suffix_match', anyMatch, (context, search, suffixes) => {
  const reversed = (text: string) => [...text].reverse().join('');
  return anyStartsWith(
    context,
    textsOperand(search, 1).map(reversed),
    textsOperand(suffixes, 2).map(reversed),
  );
});

function textsOperand(value: Value, position: number): readonly string[] {
  return typeof value === 'string' ? [value] : stringsOperand(value, position, 'string', 'set', 'array');
}

/** Sorted by code unit, the texts with a prefix stand together, so each prefix is one binary search. */
function anyStartsWith(
  context: BuiltinContext,
  search: readonly string[],
  prefixes: readonly string[],
): boolean {
  context.charge(search.length + prefixes.length);
  const sorted = search.length < 2 ? search : [...search].sort();
  return prefixes.some((prefix) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < prefix) low = middle + 1;
      else high = middle;
    }
    return sorted[low]?.startsWith(prefix) === true;
  });
}
