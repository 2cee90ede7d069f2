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
  /** The only primitive, while there is one: many sets never hold more. */
  #only: PrimitiveKey | undefined = undefined;
  #plain: Set<PrimitiveKey> | undefined = undefined;
  #boxed: ValueMap<true> | undefined = undefined;
  #sorted: readonly Value[] | undefined = undefined;

  static of(values: Iterable<Value>): RegoSet {
    const set = new RegoSet();
    for (const value of values) set.add(value);
    return set;
  }

  get size(): number {
    const primitives = this.#plain === undefined ? (this.#only === undefined ? 0 : 1) : this.#plain.size;
    return primitives + (this.#boxed === undefined ? 0 : this.#boxed.size);
  }

  has(value: Value): boolean {
    if (value === null || typeof value !== 'object') {
      if (this.#plain === undefined ? this.#only === value : this.#plain.has(value)) return true;
      return this.#boxed !== undefined && typeof value === 'number' && this.#boxed.get(value) === true;
    }
    if (this.#boxed?.get(value) === true) return true;
    return value instanceof RegoNumber && this.#hasNumber(value);
  }

  /** Adds a value; true when it was not there. */
  add(value: Value): boolean {
    if (value === null || typeof value !== 'object') {
      if (this.#boxed !== undefined && this.has(value)) return false;
      if (this.#plain === undefined) {
        if (this.#only === value) return false;
        if (this.#only === undefined) this.#only = value;
        else this.#plain = new Set<PrimitiveKey>().add(this.#only).add(value);
      } else {
        const before = this.#plain.size;
        this.#plain.add(value);
        if (this.#plain.size === before) return false;
      }
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
    const out: Value[] =
      this.#plain !== undefined ? [...this.#plain] : this.#only === undefined ? [] : [this.#only];
    this.#boxed?.keysInto(out);
    return out;
  }

  #hasNumber(value: RegoNumber): boolean {
    const double = value.toDouble();
    const known = this.#plain === undefined ? this.#only === double : this.#plain.has(double);
    return known && compare(value, double) === 0;
  }
}

export const EMPTY_SET = new RegoSet();
