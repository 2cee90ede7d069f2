import { compare } from './compare.ts';
import type { PrimitiveKey } from './key.ts';
import { RegoNumber } from './number.ts';
import { sortValues } from './sort.ts';
import type { Value } from './value.ts';
import { ValueMap } from './value-map.ts';

/** A set. Build it with `add`, then share it; nothing may be added to a set that others can see. */
export class RegoSet {
  readonly rank = 6;
  key: string | undefined = undefined;
  hash: number | undefined = undefined;
  readonly #plain = new Set<PrimitiveKey>();
  #boxed: ValueMap<true> | undefined = undefined;
  #sorted: readonly Value[] | undefined = undefined;

  static of(values: Iterable<Value>): RegoSet {
    const set = new RegoSet();
    for (const value of values) set.add(value);
    return set;
  }

  get size(): number {
    return this.#plain.size + (this.#boxed === undefined ? 0 : this.#boxed.size);
  }

  has(value: Value): boolean {
    if (value === null || typeof value !== 'object') {
      if (this.#plain.has(value)) return true;
      return this.#boxed !== undefined && typeof value === 'number' && this.#boxed.get(value) === true;
    }
    if (this.#boxed?.get(value) === true) return true;
    return value instanceof RegoNumber && this.#plain.has(value.toDouble()) && this.#hasNumber(value);
  }

  /** Adds a value; true when it was not there. */
  add(value: Value): boolean {
    if (value === null || typeof value !== 'object') {
      if (this.#boxed !== undefined && this.has(value)) return false;
      const before = this.#plain.size;
      this.#plain.add(value);
      if (this.#plain.size === before) return false;
    } else {
      if (value instanceof RegoNumber && this.has(value)) return false;
      this.#boxed ??= new ValueMap();
      const before = this.#boxed.size;
      this.#boxed.set(value, true);
      if (this.#boxed.size === before) return false;
    }
    this.#sorted = undefined;
    return true;
  }

  /** The elements in Rego's order. */
  values(): readonly Value[] {
    if (this.#sorted === undefined) {
      const values = this.#all();
      sortValues(values);
      this.#sorted = values;
    }
    return this.#sorted;
  }

  /** The elements in no particular order: cheaper, for uses whose result does not depend on it. */
  unordered(): readonly Value[] {
    return this.#sorted ?? this.#all();
  }

  #all(): Value[] {
    const out: Value[] = this.#plain.size === 0 ? [] : [...this.#plain];
    this.#boxed?.keysInto(out);
    return out;
  }

  #hasNumber(value: RegoNumber): boolean {
    return compare(value, value.toDouble()) === 0;
  }
}

export const EMPTY_SET = new RegoSet();
