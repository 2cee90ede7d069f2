import { fromJson } from './from-json.ts';
import type { Value } from './value.ts';

/** An array. Elements that came from the host are converted when the array is first looked at. Immutable once shared. */
export class RegoArray {
  readonly rank = 4;
  /** Canonical text, cached by `keyOf`. */
  key: string | undefined = undefined;
  hash: number | undefined = undefined;
  #items: readonly Value[] | undefined;
  #host: readonly unknown[] | undefined;

  constructor(items: readonly Value[] | undefined, host?: readonly unknown[]) {
    this.#items = items;
    this.#host = host;
  }

  get items(): readonly Value[] {
    return this.#items ?? this.#convert();
  }

  get length(): number {
    return this.#items === undefined ? (this.#host as readonly unknown[]).length : this.#items.length;
  }

  /** The element at a zero-based index, or undefined when there is none (negative and fractional indexes included). */
  at(index: number): Value | undefined {
    return this.items[index];
  }

  #convert(): readonly Value[] {
    const host = this.#host as readonly unknown[];
    const items = new Array<Value>(host.length);
    for (let index = 0; index < host.length; index++) items[index] = fromJson(host[index]);
    this.#items = items;
    this.#host = undefined;
    return items;
  }
}

export const EMPTY_ARRAY = new RegoArray([]);
