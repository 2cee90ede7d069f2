/** `glob.match`, `glob.quote_meta`. */
import type { RE2JS } from 're2js';
import { RegoArray, type Value } from '../../values/index.ts';
import { chargeText } from '../limits.ts';
import { stringOperand, wrongElement, wrongType } from '../operands.ts';
import { compileRegex } from '../regex/cache.ts';
import { registerBuiltin } from '../registry.ts';
import { T } from '../types.ts';
import { globToRegex } from './pattern.ts';

/** Turned globs, by delimiters and glob; bounded as they may come from input. */
const maxGlobs = 256;
const globs = new Map<string, RE2JS>();

registerBuiltin(
  'glob.match',
  { args: [T.string, T.union(T.null, T.array(T.string)), T.string], result: T.boolean },
  (context, pattern, delimiters, text) => {
    const glob = stringOperand(pattern, 1);
    const separators = delimitersOperand(delimiters);
    const subject = stringOperand(text, 3);
    chargeText(context, subject.length);
    return compileGlob(glob, separators).test(subject);
  },
);

function compileGlob(glob: string, separators: readonly string[]): RE2JS {
  const key = `${separators.join('')}\u0000${glob}`;
  const known = globs.get(key);
  if (known !== undefined) return known;
  const regex = compileRegex(globToRegex(glob, separators));
  if (globs.size >= maxGlobs) globs.delete(globs.keys().next().value!);
  globs.set(key, regex);
  return regex;
}

/** Null means no delimiters, an empty array means `.`. */
function delimitersOperand(value: Value): readonly string[] {
  if (value === null) return [];
  if (!(value instanceof RegoArray)) throw wrongType(2, value, 'array', 'null');
  for (const item of value.items) {
    if (typeof item !== 'string') throw wrongElement(2, value, item, 'string');
    if ([...item].length !== 1) throw wrongElement(2, value, item, 'rune');
  }
  return value.length === 0 ? ['.'] : (value.items as readonly string[]);
}

registerBuiltin('glob.quote_meta', { args: [T.string], result: T.string }, (context, pattern) => {
  const text = stringOperand(pattern, 1);
  chargeText(context, text.length * 2);
  return text.replace(/[*?\\[\]{}]/g, '\\$&');
});
