import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { type Place, unsupported } from '../syntax/source.ts';

const maxPatternLength = 4096;
const maxMatches = 10_000;
const compiled = new Map<string, RE2JS>();

/** An RE2 expression. */
export function expressionOf(pattern: string, at: Place): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > maxPatternLength) throw unsupported(at, 'an expression of such a length');
  // Loaded late: a third of a megabyte that most runs do without.
  const { RE2JS, RE2JSException } = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  try {
    const expression = RE2JS.compile(pattern);
    if (compiled.size >= 256) compiled.clear();
    compiled.set(pattern, expression);
    return expression;
  } catch (error) {
    if (error instanceof RE2JSException)
      throw unsupported(at, `an expression that RE2 does not know (${error.message})`);
    throw error;
  }
}

/** Tells whether a text has a match of an RE2 expression. */
export function matcher(pattern: string, at: Place): (text: string) => boolean {
  const expression = expressionOf(pattern, at);
  return (text) => expression.test(text);
}

/** The groups of one match, the whole of it first; a group that takes no part is empty. */
export type Match = readonly string[] & { readonly start: number };

/** The matches in a text, at most `most` of them, all where that is negative. Empty ones have no answer here. */
export function allMatches(pattern: string, text: string, most: number, at: Place): readonly Match[] {
  const found: Match[] = [];
  const matches = expressionOf(pattern, at).matcher(text);
  while (found.length !== most && matches.find()) {
    if (matches.end() === matches.start()) throw unsupported(at, 'a match of nothing');
    if (found.length >= maxMatches) throw unsupported(at, 'so many matches');
    const groups = Array.from({ length: matches.groupCount() + 1 }, (_, i) => matches.group(i) ?? '');
    found.push(Object.assign(groups, { start: matches.start() }));
  }
  return found;
}
