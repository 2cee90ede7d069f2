import { PratiqueError } from '@pratique/errors';
import type { CheckName, Level } from '../trust/level.ts';
import type { NotationCheck } from '../types.ts';

/**
 * The checks made on one candidate, in order. One that fails ends the verification, unless it is one of those that a level
 * is about and the level has it told only.
 */
export class LevelChecks {
  readonly #actions: Level['actions'];
  readonly #checks: NotationCheck[] = [];

  constructor({ actions }: Level) {
    this.#actions = actions;
  }

  get checks(): readonly NotationCheck[] {
    return this.#checks;
  }

  /** Runs a check that every level enforces; `detail` says for people what was found true. */
  run<Value>(name: string, check: () => Value, detail: (value: Value) => string): Value {
    try {
      const value = check();
      this.#checks.push({ name, ok: true, detail: detail(value) });
      return value;
    } catch (error) {
      this.#checks.push({ name, ok: false, detail: error instanceof Error ? error.message : 'failed' });
      throw error;
    }
  }

  /** Runs a check as the level says; null where it was skipped, or failed and is only told. A defect is never only told. */
  byLevel<Value>(name: CheckName, check: () => Value, detail: (value: Value) => string): Value | null {
    if (this.#actions[name] === 'skip') {
      this.#checks.push({ name, ok: null, detail: 'skipped, as the trust policy says' });
      return null;
    }
    try {
      return this.run(name, check, detail);
    } catch (error) {
      if (this.#actions[name] === 'enforce' || !(error instanceof PratiqueError)) throw error;
      return null;
    }
  }
}
