import { compare } from './compare.ts';
import { fromJson } from './from-json.ts';
import { hashMember } from './hash.ts';
import type { PrimitiveKey } from './key.ts';
import { RegoNumber } from './number.ts';
import { sortValues } from './sort.ts';
import type { Value } from './value.ts';
import { ValueMap } from './value-map.ts';

type HostObject = Readonly<Record<string, unknown>>;

/**
 * An object with keys of any type. One that stands for a host object converts members when they are looked at and
 * never writes to the host. Build it with `set`, then share it; nothing may be set on an object that others can see.
 */
export class RegoObject {
  readonly rank = 5;
  key: string | undefined = undefined;
  hash: number | undefined = undefined;
  #host: HostObject | undefined;
  #plain: Map<PrimitiveKey, Value> | undefined = undefined;
  #boxed: ValueMap<Value> | undefined = undefined;
  #sorted: readonly Value[] | undefined = undefined;

  constructor(host?: HostObject) {
    this.#host = host;
  }

  static of(entries: Iterable<readonly [Value, Value]>): RegoObject {
    const object = new RegoObject();
    for (const [key, value] of entries) object.set(key, value);
    return object;
  }

  get size(): number {
    if (this.#host !== undefined) this.#convert();
    return (this.#plain?.size ?? 0) + (this.#boxed?.size ?? 0);
  }

  get(key: Value): Value | undefined {
    const host = this.#host;
    if (host !== undefined) {
      if (typeof key !== 'string' || !Object.hasOwn(host, key)) return undefined;
      const member = host[key];
      if (typeof member === 'string' || typeof member === 'boolean') return member;
      return this.#load(key, member);
    }
    if (key === null || typeof key !== 'object') {
      const value = this.#plain?.get(key);
      if (value !== undefined) return value;
      return this.#boxed !== undefined && typeof key === 'number' ? this.#boxed.get(key) : undefined;
    }
    const found = this.#boxed?.get(key);
    if (found !== undefined) return found;
    if (!(key instanceof RegoNumber) || this.#plain === undefined) return undefined;
    const double = key.toDouble();
    return compare(double, key) === 0 ? this.#plain.get(double) : undefined;
  }

  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets a member while building. A key that is there already stays as it was written. */
  set(key: Value, value: Value): void {
    if (this.#host !== undefined) this.#convert();
    this.#sorted = undefined;
    if (key === null || typeof key !== 'object') {
      if (typeof key === 'number' && this.#boxed?.replace(key, value) === true) return;
      this.#plain ??= new Map();
      this.#plain.set(key, value);
      return;
    }
    if (key instanceof RegoNumber && this.#plain !== undefined) {
      const double = key.toDouble();
      if (compare(double, key) === 0 && this.#plain.has(double)) {
        this.#plain.set(double, value);
        return;
      }
    }
    this.#boxed ??= new ValueMap();
    this.#boxed.set(key, value);
  }

  /** The keys in Rego's order. */
  keys(): readonly Value[] {
    if (this.#sorted !== undefined) return this.#sorted;
    const keys = this.#all();
    sortValues(keys);
    this.#sorted = keys;
    return keys;
  }

  /** The keys in no particular order: cheaper, for uses whose result does not depend on it. */
  unorderedKeys(): readonly Value[] {
    return this.#sorted ?? this.#all();
  }

  #all(): Value[] {
    if (this.#host !== undefined) this.#convert();
    const keys: Value[] = this.#plain === undefined ? [] : [...this.#plain.keys()];
    this.#boxed?.keysInto(keys);
    return keys;
  }

  /** Members in Rego's key order. */
  entries(): (readonly [Value, Value])[] {
    return this.keys().map((key) => [key, this.get(key) as Value] as const);
  }

  /** For {@link hashOf}. Members of the host's object are not converted for it unless they are composite. */
  hashMembers(depth: number): number {
    let hash = 41;
    const host = this.#host;
    if (host === undefined) {
      for (const key of this.unorderedKeys())
        hash = (hash + hashMember(key, this.get(key) as Value, depth)) | 0;
      return hash;
    }
    for (const key of Object.keys(host)) {
      const value = this.get(key);
      if (value !== undefined) hash = (hash + hashMember(key, value, depth)) | 0;
    }
    return hash;
  }

  /** Converts a member of the host's object. Composite ones are kept, so that work on them is not repeated. */
  #load(key: string, member: unknown): Value | undefined {
    if (typeof member !== 'object') {
      const absent = member === undefined || typeof member === 'function' || typeof member === 'symbol';
      return absent ? undefined : fromJson(member);
    }
    if (member === null) return null;
    const known = this.#plain?.get(key);
    if (known !== undefined) return known;
    const value = fromJson(member);
    this.#plain ??= new Map();
    this.#plain.set(key, value);
    return value;
  }

  #convert(): void {
    const host = this.#host as HostObject;
    const loaded = this.#plain;
    const plain = new Map<PrimitiveKey, Value>();
    for (const key of Object.keys(host)) {
      const value = loaded?.get(key) ?? this.#load(key, host[key]);
      if (value !== undefined) plain.set(key, value);
    }
    this.#plain = plain;
    this.#host = undefined;
  }
}

export const EMPTY_OBJECT = new RegoObject();
