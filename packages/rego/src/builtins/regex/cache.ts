/** Compiled patterns, kept between evaluations. Patterns may come from input, so the number kept is bounded. */
import { RE2JS, RE2JSException } from 're2js';
import { BuiltinError } from '../types.ts';
import { nativePattern } from './native.ts';

const maxCompiled = 256;
/** Pattern text beyond this is refused: compiling takes time in proportion. */
const maxPatternLength = 64 * 1024;

const compiled = new Map<string, RE2JS>();

/** Compiles an RE2 pattern (linear-time matching, no lookaround or backreferences); throws OPA's error text. */
export function compileRegex(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const regex = compileUncached(pattern);
  if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, regex);
  return regex;
}

function compileUncached(pattern: string): RE2JS {
  if (pattern.length > maxPatternLength) {
    throw new BuiltinError(
      `pattern of ${pattern.length} characters exceeds the limit of ${maxPatternLength}`,
    );
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    // Go names the empty rest of the pattern here.
    if (error instanceof RE2JSException)
      throw new BuiltinError(error.message.replace(/at end of expression$/, '$&: ``'));
    throw error;
  }
}

type Tester = (text: string) => boolean;

const testers = new Map<string, Tester>();

/** Tells whether a text has a match of the pattern; throws as {@link compileRegex} does. */
export function regexTester(pattern: string): Tester {
  const known = testers.get(pattern);
  if (known !== undefined) return known;
  const native = nativePattern(pattern);
  const regex = native ?? compileRegex(pattern);
  const tester: Tester = (text) => regex.test(text);
  if (testers.size >= maxCompiled) testers.delete(testers.keys().next().value!);
  testers.set(pattern, tester);
  return tester;
}
