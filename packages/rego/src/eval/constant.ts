import type { Machine } from './machine.ts';

/**
 * A document that is the same at every evaluation, made once. Only for what {@link Purity} allows, and not where an
 * error of a built-in was taken for "no value": another evaluation may want to see it.
 */
export class Constant<V> {
  readonly #machine: Machine;
  #value: { readonly value: V } | undefined = undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The value, where it was made already and holds. */
  get made(): V | undefined {
    return this.#machine.unmodified ? this.#value?.value : undefined;
  }

  get(make: () => V): V {
    if (!this.#machine.unmodified) return make();
    if (this.#value !== undefined) return this.#value.value;
    const { swallowed, anyOrder } = this.#machine;
    // Errors count here, and which ones there are may depend on the order.
    this.#machine.anyOrder = false;
    const value = make();
    this.#machine.anyOrder = anyOrder;
    if (this.#machine.swallowed === swallowed) this.#value = { value };
    return value;
  }
}
