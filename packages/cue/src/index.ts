/** Validation of JSON by CUE, as far as policies use it: what is not understood is an error, and never an answer. */
export { CueError, type CueErrorCode, type CueLocation } from './errors.ts';
export { CuePolicy, type CueViolation, compilePolicy, type ValidateOptions } from './policy.ts';
export type { Json } from './values/concrete.ts';
