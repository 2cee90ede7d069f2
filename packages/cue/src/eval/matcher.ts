import { createRequire } from 'node:module';
import { type Place, unsupported } from '../syntax/source.ts';

const maxPatternLength = 4096;
const compiled = new Map<string, (text: string) => boolean>();

/** Tells whether a text has a match of an RE2 expression. */
export function matcher(pattern: string, at: Place): (text: string) => boolean {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > maxPatternLength) throw unsupported(at, 'an expression of such a length');
  // Loaded late: a third of a megabyte that most runs do without.
  const { RE2JS, RE2JSException } = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  try {
    const expression = RE2JS.compile(pattern);
    const test = (text: string) => expression.test(text);
    if (compiled.size >= 256) compiled.clear();
    compiled.set(pattern, test);
    return test;
  } catch (error) {
    if (error instanceof RE2JSException)
      throw unsupported(at, `an expression that RE2 does not know (${error.message})`);
    throw error;
  }
}
