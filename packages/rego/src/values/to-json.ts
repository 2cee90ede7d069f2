import { numberText } from './number.ts';
import type { Value } from './value.ts';

/** Plain JSON: what `evaluate` gives to the host. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * A copy as plain JSON: sets become arrays in Rego's order, keys that are not strings become their JSON text,
 * numbers become doubles (integers beyond ±2^53 lose digits; `toJsonText` keeps them).
 */
export function toJson(value: Value): Json {
  if (value === null || typeof value !== 'object') return value;
  switch (value.rank) {
    case 2:
      return value.toDouble();
    case 4:
    case 6: {
      const items: Json[] = [];
      for (const item of value.rank === 4 ? value.items : value.values()) items.push(toJson(item));
      return items;
    }
    default: {
      const out: { [name: string]: Json } = {};
      for (const key of value.keys()) {
        const name = typeof key === 'string' ? key : toJsonText(key);
        const member = toJson(value.get(key) as Value);
        // Assigning to `__proto__` would set the prototype instead of a member.
        if (name === '__proto__') {
          Object.defineProperty(out, name, {
            value: member,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        } else out[name] = member;
      }
      return out;
    }
  }
}

/** JSON text with keys in Rego's order and every digit of every number. `indent` as in `JSON.stringify`. */
export function toJsonText(value: Value, indent = ''): string {
  return write(value, indent, indent === '' ? '' : '\n');
}

// Loops, since the functions given to `map` would take more of the stack for each level.
function write(value: Value, indent: string, newline: string): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoteJson(value);
  if (typeof value !== 'object') return String(value);
  const inner = newline === '' ? '' : newline + indent;
  switch (value.rank) {
    case 2:
      return numberText(value);
    case 5: {
      const keys = value.keys();
      if (keys.length === 0) return '{}';
      const colon = newline === '' ? ':' : ': ';
      const members: string[] = [];
      for (const key of keys) {
        const name = quoteJson(typeof key === 'string' ? key : toJsonText(key));
        members.push(name + colon + write(value.get(key) as Value, indent, inner));
      }
      return `{${inner}${members.join(`,${inner}`)}${newline}}`;
    }
    default: {
      const items = value.rank === 4 ? value.items : value.values();
      if (items.length === 0) return '[]';
      const texts: string[] = [];
      for (const item of items) texts.push(write(item, indent, inner));
      return `[${inner}${texts.join(`,${inner}`)}${newline}]`;
    }
  }
}

/** A JSON string as Go's encoder writes it without HTML escapes. */
function quoteJson(text: string): string {
  return JSON.stringify(text.toWellFormed())
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}
