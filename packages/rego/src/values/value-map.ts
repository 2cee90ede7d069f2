import { equal } from './compare.ts';
import { hashOf } from './hash.ts';
import { keyOf } from './key.ts';
import type { BoxedValue, Value } from './value.ts';

interface Entry<V> {
  readonly key: BoxedValue;
  value: V;
  next: Entry<V> | undefined;
}

/** So many values of one hash are compared one by one; more must have been made to collide, and go by their text. */
const MAX_CHAIN = 8;

/** A map whose keys are composite values and boxed numbers, by value. Plain numbers may be asked for. */
export class ValueMap<V> {
  readonly #heads = new Map<number, Entry<V>>();
  #crowded: Map<string, Entry<V>> | undefined = undefined;
  size = 0;

  get(key: BoxedValue | number): V | undefined {
    return this.#find(key)?.value;
  }

  set(key: BoxedValue, value: V): void {
    const hash = hashOf(key);
    const head = this.#heads.get(hash);
    let length = 0;
    for (let entry = head; entry !== undefined; entry = entry.next) {
      if (entry.key === key || equal(entry.key, key)) {
        entry.value = value;
        return;
      }
      length++;
    }
    if (length < MAX_CHAIN) {
      if (this.#crowded?.has(keyOf(key)) === true)
        this.#crowded.set(keyOf(key), { key, value, next: undefined });
      else {
        this.#heads.set(hash, { key, value, next: head });
        this.size++;
      }
      return;
    }
    this.#crowded ??= new Map();
    const { size } = this.#crowded;
    this.#crowded.set(keyOf(key), { key, value, next: undefined });
    this.size += this.#crowded.size - size;
  }

  /** Sets the value of a key that is there; false when it is not. */
  replace(key: BoxedValue | number, value: V): boolean {
    const entry = this.#find(key);
    if (entry !== undefined) entry.value = value;
    return entry !== undefined;
  }

  /** Appends the keys, in no particular order. */
  keysInto(out: Value[]): void {
    for (const head of this.#heads.values())
      for (let entry: Entry<V> | undefined = head; entry !== undefined; entry = entry.next)
        out.push(entry.key);
    if (this.#crowded !== undefined) for (const { key } of this.#crowded.values()) out.push(key);
  }

  #find(key: BoxedValue | number): Entry<V> | undefined {
    for (let entry = this.#heads.get(hashOf(key)); entry !== undefined; entry = entry.next)
      if (entry.key === key || equal(entry.key, key)) return entry;
    return this.#crowded?.get(keyOf(key));
  }
}
