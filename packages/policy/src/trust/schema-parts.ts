import * as v from 'valibot';
import { globProblem } from './glob.ts';

/** Names that are properties of every JavaScript object are never good ones, and some libraries drop them silently. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** A pattern over image names. */
export const glob = v.pipe(
  v.string(),
  v.check(
    (pattern) => globProblem(pattern) === undefined,
    (issue) => `an image pattern: ${globProblem(issue.input)}`,
  ),
);
export const globs = v.union(
  [glob, v.pipe(v.array(glob), v.minLength(1, 'at least one'))],
  'an image pattern, or a list of them',
);

export const digest = v.pipe(
  v.string(),
  v.regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, 'sha256:<64 hex> or sha512:<128 hex>'),
);

/** A mapping with free names. valibot's own `record` drops the forbidden ones silently, which here would drop a requirement. */
export function mapping<const Schema extends v.GenericSchema>(key: v.GenericSchema<string>, value: Schema) {
  return v.pipe(
    v.custom<Record<string, unknown>>(
      (input) =>
        typeof input === 'object' &&
        input !== null &&
        !Array.isArray(input) &&
        Object.keys(input).every((name) => !forbiddenKeys.has(name)),
      'a mapping, whose names are not __proto__, constructor or prototype',
    ),
    v.record(key, value),
  );
}

export const text = v.pipe(v.string(), v.minLength(1, 'a non-empty string'));
