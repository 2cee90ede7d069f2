/** Rego's values. See README.md beside this file. */
export * from './arithmetic.ts';
export { EMPTY_ARRAY, RegoArray } from './array.ts';
export { compare, compareStrings, equal } from './compare.ts';
export { fromJson, snapshot } from './from-json.ts';
export { parseJsonText } from './json-text.ts';
export { keyOf } from './key.ts';
export {
  isNumber,
  type Num,
  numberFromDouble,
  numberFromText,
  numberText,
  parseNumber,
  RegoNumber,
  toBigInt,
  toDouble,
} from './number.ts';
export { EMPTY_OBJECT, RegoObject } from './object.ts';
export { quoteTerm, toTerm } from './print.ts';
export { EMPTY_SET, RegoSet } from './set.ts';
export { type Json, toJson, toJsonText } from './to-json.ts';
export { type BoxedValue, RANK, type Rank, rankOf, type TypeName, typeName, type Value } from './value.ts';
