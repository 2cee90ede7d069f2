import { RegoError } from './errors.ts';

/*
 * The stack is the bound on how deep policies and values nest: most of what walks them recurses. Only the engine knows
 * where it ends, and throws a `RangeError` there. That is never an answer: whoever takes the errors of others for one
 * lets this one through, and the public functions make it an error of the package.
 */

/** What is said of source text that the stack does not suffice for. */
export const DEPTH_MESSAGE = 'the policy nests further than the stack goes';

/**
 * Whether an error says that the stack ran out: "Maximum call stack size exceeded" of V8 and JavaScriptCore, and what V8
 * says where there is no room to compile a pattern. (No pattern is used to find that out.)
 */
export function isStackOverflow(error: unknown): boolean {
  if (error instanceof RangeError) return error.message.startsWith('Maximum call stack size');
  if (!(error instanceof SyntaxError) || !error.message.startsWith('Invalid regular expression: '))
    return false;
  return (
    error.message.endsWith(': Stack overflow') || error.message.endsWith(': Maximum call stack size exceeded')
  );
}

/** For a `catch` that takes any error for an answer: throws again where the stack ran out. */
export function rethrowOverflow(error: unknown): void {
  if (isStackOverflow(error)) throw error;
}

/** Walks a syntax tree; one that nests further than the stack goes is a {@link RegoError}. */
export function withinStack<R>(walk: () => R): R {
  try {
    return walk();
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    const problem = { code: 'rego_depth_error', message: DEPTH_MESSAGE, location: undefined } as const;
    throw new RegoError([problem], undefined, error);
  }
}
