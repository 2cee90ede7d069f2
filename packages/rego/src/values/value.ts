import type { RegoArray } from './array.ts';
import type { RegoNumber } from './number.ts';
import type { RegoObject } from './object.ts';
import type { RegoSet } from './set.ts';

/**
 * Any Rego value. A JavaScript `number` stands for safe integers and for fractions whose shortest decimal text is
 * the value; every other number is a {@link RegoNumber}. `undefined` is never a value: it means "no value".
 */
export type Value = null | boolean | number | RegoNumber | string | RegoArray | RegoObject | RegoSet;

/** Values held in classes of their own. */
export type BoxedValue = RegoNumber | RegoArray | RegoObject | RegoSet;

/** The place of a type in Rego's total order. */
export const RANK = { null: 0, boolean: 1, number: 2, string: 3, array: 4, object: 5, set: 6 } as const;

export type Rank = (typeof RANK)[keyof typeof RANK];

export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

const NAMES: readonly TypeName[] = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set'];

export function rankOf(value: Value): Rank {
  switch (typeof value) {
    case 'string':
      return 3;
    case 'number':
      return 2;
    case 'boolean':
      return 1;
    default:
      return value === null ? 0 : value.rank;
  }
}

/** The name `type_name` answers and error messages use. */
export function typeName(value: Value): TypeName {
  return NAMES[rankOf(value)] as TypeName;
}
