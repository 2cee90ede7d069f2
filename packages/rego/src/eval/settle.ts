import type { Rule } from '../ast/types.ts';
import type { BuiltinContext } from '../builtins/types.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import { walkAll } from '../compiler/tree.ts';
import type { Machine } from './machine.ts';

/**
 * Thrown where the stack is too full for one more document. What waits for it is given up, the document is evaluated
 * on its own and kept, and what waited begins again and finds it. So chains of rules may be of any length.
 */
export class Deferral {
  readonly evaluate: () => unknown;
  readonly anyOrder: boolean;

  constructor(machine: Machine, evaluate: () => unknown) {
    this.evaluate = evaluate;
    this.anyOrder = machine.anyOrder;
  }
}

/** Printed lines that are kept until it is clear that what printed them does not begin again. */
const MAX_HELD = 10_000;

/** Runs steps to their end, however often documents have to be evaluated before what needs them. */
export function settle<R>(machine: Machine, body: () => R): R {
  const { anyOrder, print } = machine;
  const held = new HeldPrints(print);
  if (print !== undefined) machine.print = held.add;
  const waiting: Deferral[] = [];
  for (;;) {
    const deferred = waiting.at(-1);
    try {
      machine.anyOrder = deferred?.anyOrder ?? anyOrder;
      if (deferred === undefined) {
        const result = body();
        held.release();
        return result;
      }
      deferred.evaluate();
      held.release();
      waiting.pop();
    } catch (error) {
      if (!(error instanceof Deferral)) {
        held.release();
        throw error;
      }
      held.drop();
      machine.restart();
      waiting.push(error);
    }
  }
}

type Print = NonNullable<BuiltinContext['print']>;

class HeldPrints {
  readonly #print: Print | undefined;
  #lines: Parameters<Print>[] = [];

  constructor(print: Print | undefined) {
    this.#print = print;
  }

  readonly add: Print = (...line) => {
    if (this.#lines.push(line) > MAX_HELD) this.release();
  };

  release(): void {
    const lines = this.#lines;
    this.#lines = [];
    for (const line of lines) this.#print?.(...line);
  }

  drop(): void {
    this.#lines = [];
  }
}

/** No document counts for more: one that is larger than the stack does not get smaller by beginning again. */
const MAX_WEIGHT = 1_500;

/** About how many frames the evaluation of rules puts on the stack: their longest body's terms, and some for the unit. */
export function stackWeight(rules: readonly CompiledRule[]): number {
  let longest = 0;
  for (const rule of rules) {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      let size = 0;
      walkAll(branch.body, () => {
        size++;
        return false;
      });
      longest = Math.max(longest, size);
    }
  }
  return Math.min(longest + 4, MAX_WEIGHT);
}
