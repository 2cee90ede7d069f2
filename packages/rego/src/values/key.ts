import { decimalKey } from './number.ts';
import type { Value } from './value.ts';

/** Values that can be keys of a JavaScript Map as they are. */
export type PrimitiveKey = null | boolean | number | string;

/** A text which two values share exactly when they are equal. Cached on composite values. */
export function keyOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
      return decimalKey(value);
    case 'boolean':
      return value ? 't' : 'f';
    default:
      if (value === null) return '0';
      value.key ??= compositeKey(value);
      return value.key;
  }
}

function compositeKey(value: Exclude<Value, PrimitiveKey>): string {
  switch (value.rank) {
    case 2:
      return decimalKey(value);
    case 4: {
      let key = '[';
      for (const item of value.items) key += keyOf(item);
      return `${key}]`;
    }
    case 5: {
      const members: string[] = [];
      for (const name of value.unorderedKeys())
        members.push(`${keyOf(name)}=${keyOf(value.get(name) as Value)}`);
      return `{${members.sort().join('')}}`;
    }
    default: {
      const items = value.unordered().map(keyOf);
      return `<${items.sort().join('')}>`;
    }
  }
}
