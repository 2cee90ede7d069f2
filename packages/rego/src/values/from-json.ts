import { RegoArray } from './array.ts';
import { type Num, numberFromDouble, RegoNumber } from './number.ts';
import { RegoObject } from './object.ts';
import { RegoSet } from './set.ts';
import type { Value } from './value.ts';

/**
 * The Rego value of host JSON (what `JSON.parse` gives; also bigint, and anything with `toJSON`). Arrays and objects
 * are wrapped, not copied, and converted as far as they are looked at: the host must not change them meanwhile.
 * Rego values pass through. Throws `TypeError` for NaN, infinities, functions and symbols.
 */
export function fromJson(host: unknown): Value {
  switch (typeof host) {
    case 'string':
    case 'boolean':
      return host;
    case 'number':
      return Number.isSafeInteger(host) ? host + 0 : fromDouble(host);
    case 'bigint':
      return RegoNumber.fromBigInt(host);
    case 'object':
      break;
    case 'undefined':
      return null;
    default:
      throw new TypeError(`a ${typeof host} is not a JSON value`);
  }
  if (host === null) return null;
  if (Array.isArray(host)) return new RegoArray(undefined, host);
  if (
    host instanceof RegoObject ||
    host instanceof RegoArray ||
    host instanceof RegoSet ||
    host instanceof RegoNumber
  ) {
    return host;
  }
  if ('toJSON' in host && typeof host.toJSON === 'function') return fromJson(host.toJSON());
  return new RegoObject(host as Readonly<Record<string, unknown>>);
}

function fromDouble(host: number): Num {
  if (!Number.isFinite(host)) throw new TypeError(`${host} is not a JSON value`);
  return numberFromDouble(host);
}

/** Converts a value through and through, so that nothing of it refers to the host's documents any more. */
export function snapshot(value: Value): Value {
  if (value instanceof RegoArray) for (const item of value.items) snapshot(item);
  else if (value instanceof RegoObject)
    for (const key of value.unorderedKeys()) snapshot(value.get(key) as Value);
  return value;
}
