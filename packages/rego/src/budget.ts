import { RegoError, type RegoProblem } from './errors.ts';

/** Bounds of one compilation. */
export interface CompileLimits {
  /** Nodes looked at, types compared, edges followed. */
  readonly maxSteps: number;
  /** Milliseconds of wall clock; Infinity for none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How many steps may pass between looks at the clock and the signal. */
const CHECK_EVERY = 16_384;

/**
 * The compilation under way. Compiling is synchronous and its stages are functions of many files that all walk trees
 * and types: one budget for the module, and not a parameter of each of them.
 */
let limits: CompileLimits | undefined;
let spent = 0;
let checkAt = Number.POSITIVE_INFINITY;
let deadline = Number.POSITIVE_INFINITY;

/** Counts work of the compilation under way. Throws a {@link RegoError} with `rego_cancel_error` beyond its bounds. */
export function spend(steps = 1): void {
  spent += steps;
  if (spent > checkAt) check();
}

function check(): void {
  if (limits === undefined) return;
  if (spent > limits.maxSteps) throw cancelled(`compiling took more than ${limits.maxSteps} steps`);
  if (limits.signal?.aborted === true) throw cancelled('caller cancelled the compilation');
  if (performance.now() > deadline) throw cancelled(`compiling took longer than ${limits.timeoutMs} ms`);
  checkAt = Math.min(spent + CHECK_EVERY, limits.maxSteps);
}

function cancelled(message: string): RegoError {
  const problem: RegoProblem = { code: 'rego_cancel_error', message, location: undefined };
  return new RegoError([problem]);
}

/** Compiles within bounds. What is compiled on the way (a query of a policy) counts for the outermost. */
export function withinLimits<R>(bounds: CompileLimits, compile: () => R): R {
  if (limits !== undefined) return compile();
  limits = bounds;
  spent = 0;
  checkAt = Math.min(CHECK_EVERY, bounds.maxSteps);
  deadline = performance.now() + bounds.timeoutMs;
  try {
    if (bounds.signal?.aborted === true) check();
    return compile();
  } finally {
    limits = undefined;
    checkAt = Number.POSITIVE_INFINITY;
  }
}
