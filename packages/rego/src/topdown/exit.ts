/**
 * An early exit under way (`v1/topdown/eval.go`, `earlyExitError`): one value of a rule was enough, and iteration stops.
 * A deferred one comes from a rule further up that stops, through one that must see all its values first.
 */
export interface Exit {
  readonly deferred: boolean;
  /** The exit of the caller that this one took over. */
  readonly outer: Exit | undefined;
}

/** What a step answers: undefined to go on. */
export type Step = Exit | undefined;

/** What is to be done with each way to satisfy something. */
export type Continue = () => Step;

/** The rule has stopped; only its caller's exit goes on. */
export function suppress(step: Step): Step {
  return step?.outer;
}

/** Keeps the first deferred exit of an iteration, which goes on; any other exit ends it. */
export class Iteration {
  #deferred: Step;

  /** The exit to end with now, if any. */
  after(step: Step): Step {
    if (step === undefined) return undefined;
    if (!step.deferred) return step;
    this.#deferred ??= step;
    return undefined;
  }

  get result(): Step {
    return this.#deferred;
  }
}
