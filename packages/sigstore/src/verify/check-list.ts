import type { Check } from '../types.ts';

/**
 * The checks made on one candidate, in order. A check that throws is recorded as failed and ends the verification of
 * its candidate: nothing after it runs, so nothing can be believed by accident.
 */
export class CheckList {
  readonly #checks: Check[] = [];

  get checks(): readonly Check[] {
    return this.#checks;
  }

  /** Runs `check` under `name`; `detail` says for people what was found true. */
  run<Value>(name: string, check: () => Value, detail: (value: Value) => string): Value {
    let value: Value;
    try {
      value = check();
    } catch (error) {
      this.#checks.push({ name, ok: false, detail: error instanceof Error ? error.message : 'failed' });
      throw error;
    }
    this.#checks.push({ name, ok: true, detail: detail(value) });
    return value;
  }

  /** Records that a check does not apply, and why. */
  skip(name: string, why: string): void {
    this.#checks.push({ name, ok: null, detail: why });
  }
}
