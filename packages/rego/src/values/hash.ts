import type { Value } from './value.ts';

/** How deep into a value its hash looks. */
const DEPTH = 3;

/** Of longer strings, this many units at the start and at the end count. */
const HEAD = 4;
const TAIL = 12;

/**
 * A small integer which equal values share. It looks at a part of the value only, so that it costs little; values
 * may be made to collide, which {@link ValueMap} is prepared for. Cached on composite values.
 */
export function hashOf(value: Value): number {
  if (value === null || typeof value !== 'object') return hashAt(value, 0);
  value.hash ??= hashAt(value, DEPTH);
  return value.hash;
}

export function hashAt(value: Value, depth: number): number {
  switch (typeof value) {
    case 'string':
      return hashString(value);
    case 'number':
      return hashDouble(value);
    case 'boolean':
      return value ? 3 : 5;
    default:
      break;
  }
  if (value === null) return 7;
  switch (value.rank) {
    case 2:
      return hashDouble(value.toDouble());
    case 4: {
      if (depth === 0) return 11;
      const { items } = value;
      const { length } = items;
      if (length === 0) return 13;
      const first = hashAt(items[0] as Value, depth - 1);
      return mix(mix(length, first), hashAt(items[length - 1] as Value, depth - 1));
    }
    case 5:
      return depth === 0 ? 17 : value.hashMembers(depth - 1);
    default: {
      if (depth === 0) return 19;
      let hash = 23;
      for (const item of value.unordered()) hash = (hash + mix(29, hashAt(item, depth - 1))) | 0;
      return hash;
    }
  }
}

/** What one member adds to the hash of its object: the sum over members does not depend on their order. */
export function hashMember(key: Value, value: Value, depth: number): number {
  return mix(hashAt(key, depth), hashAt(value, depth));
}

function mix(a: number, b: number): number {
  const hash = Math.imul(a ^ (b >>> 15), 0x2c1b3c6d) ^ b;
  return Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
}

/** Numbers that are equal have the same nearest double, however they are written. */
function hashDouble(double: number): number {
  return (double | 0) === double ? mix(31, double) : mix(37, Math.trunc(double * 1024) | 0);
}

function hashString(text: string): number {
  const { length } = text;
  let hash = length;
  if (length <= HEAD + TAIL) {
    for (let at = 0; at < length; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at);
  } else {
    for (let at = 0; at < HEAD; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at);
    for (let at = length - TAIL; at < length; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at);
  }
  return hash | 0;
}
