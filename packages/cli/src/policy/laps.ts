/** Steps of one evaluation that follow each other, measured, in the shape of OPA's metrics (`timer_<step>_ns`). */
export class Laps {
  readonly #times = new Map<string, number>();
  #step: string | undefined;
  #since = 0;

  /** Ends the step before it. Without a name it is one of no interest. */
  begin(step?: string): void {
    const now = performance.now();
    if (this.#step !== undefined) {
      this.#times.set(`timer_${this.#step}_ns`, Math.round((now - this.#since) * 1e6));
    }
    this.#step = step;
    this.#since = now;
  }

  /** Ends the last step: nanoseconds by name, those of `before` too, in the order of the names. */
  metrics(before: Laps): Record<string, number> {
    this.begin();
    const all = [...before.#times, ...this.#times];
    return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
