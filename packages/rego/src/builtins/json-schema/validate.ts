/** Validation of a document against a schema, with the errors gojsonschema reports. */
import {
  compare,
  equal,
  isNumber,
  keyOf,
  type Num,
  numberText,
  RegoArray,
  RegoObject,
  toBigInt,
  toDouble,
  typeName,
  type Value,
} from '../../values/index.ts';
import { formatFloat } from '../go/float.ts';
import { marshalJson } from '../go/json.ts';
import { bounded } from '../numbers/arithmetic.ts';
import { formats } from './formats.ts';
import type { Schema } from './schema.ts';

export interface ValidationError {
  readonly type: string;
  /** `(Root)`, or the path below it joined with dots. */
  readonly field: string;
  readonly description: string;
}

/** All errors; objects are looked at in the order of their keys. */
export function validate(
  schema: Schema,
  document: Value,
  charge: (steps: number) => void,
): readonly ValidationError[] {
  return new Validation(charge).check(schema, document, '(Root)').errors;
}

const maxDepth = 1_000;

/** What one schema says of one value. The score tells which alternative of `anyOf` or `oneOf` came closest. */
class Outcome {
  readonly errors: ValidationError[] = [];
  score = 0;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get valid(): boolean {
    return this.errors.length === 0;
  }

  get field(): string {
    return this.path.replace(/^\(Root\)\./, '');
  }

  fail(type: string, description: string): void {
    this.errors.push({ type, field: this.field, description });
    this.score -= 2;
  }

  merge(other: Outcome | undefined): void {
    if (other === undefined) return;
    this.errors.push(...other.errors);
    this.score += other.score;
  }
}

class Validation {
  private readonly charge: (steps: number) => void;
  private depth = 0;

  constructor(charge: (steps: number) => void) {
    this.charge = charge;
  }

  check(schema: Schema, value: Value, path: string): Outcome {
    const outcome = new Outcome(path);
    this.charge(1);
    if (++this.depth > maxDepth) outcome.fail('internal', `Internal Error nested deeper than ${maxDepth}`);
    else this.into(schema, value, path, outcome);
    this.depth--;
    return outcome;
  }

  private into(schema: Schema, value: Value, path: string, outcome: Outcome): void {
    if (schema.pass !== undefined) {
      if (!schema.pass) outcome.fail('false', 'False always fails validation');
      return;
    }
    if (schema.ref !== undefined) {
      outcome.merge(this.check(schema.ref, value, path));
      return;
    }
    const given = givenType(value);
    const { types } = schema;
    if (types.length > 0 && !types.includes(given) && !(given === 'integer' && types.includes('number'))) {
      outcome.fail('invalid_type', `Invalid type. Expected: ${shownTypes(types)}, given: ${given}`);
      return;
    }
    this.combinations(schema, value, path, outcome);
    if (value instanceof RegoArray) this.array(schema, value, path, outcome);
    if (value instanceof RegoObject) this.object(schema, value, path, outcome);
    if (isNumber(value)) checkNumber(schema, value, outcome);
    checkCommon(schema, value, outcome);
    if (typeof value === 'string') checkString(schema, value, outcome);
    if (value instanceof RegoObject) {
      for (const [name, property] of schema.properties) {
        const member = value.get(name);
        if (member !== undefined) outcome.merge(this.check(property, member, `${path}.${name}`));
      }
    }
    outcome.score++;
  }

  private combinations(schema: Schema, value: Value, path: string, outcome: Outcome): void {
    const best = (outcomes: readonly Outcome[]) =>
      outcomes.reduce<Outcome | undefined>(
        (top, next) => (top === undefined || next.score > top.score ? next : top),
        undefined,
      );
    if (schema.anyOf.length > 0) {
      const tried = schema.anyOf.map((option) => this.check(option, value, path));
      if (!tried.some(({ valid }) => valid)) {
        outcome.fail('number_any_of', 'Must validate at least one schema (anyOf)');
        outcome.merge(best(tried));
      }
    }
    if (schema.oneOf.length > 0) {
      const tried = schema.oneOf.map((option) => this.check(option, value, path));
      const count = tried.filter(({ valid }) => valid).length;
      if (count !== 1) {
        outcome.fail('number_one_of', 'Must validate one and only one schema (oneOf)');
        if (count === 0) outcome.merge(best(tried));
      }
    }
    const all = schema.allOf.map((option) => this.check(option, value, path));
    for (const each of all) outcome.merge(each);
    if (all.some(({ valid }) => !valid))
      outcome.fail('number_all_of', 'Must validate all the schemas (allOf)');
    if (schema.not !== undefined && this.check(schema.not, value, path).valid) {
      outcome.fail('number_not', 'Must not validate the schema (not)');
    }
    if (value instanceof RegoObject) this.dependencies(schema, value, path, outcome);
    this.conditions(schema, value, path, outcome);
    outcome.score++;
  }

  private dependencies(schema: Schema, value: RegoObject, path: string, outcome: Outcome): void {
    for (const key of value.keys()) {
      const dependency = schema.dependencies.get(key as string);
      if (dependency === undefined) continue;
      if (Array.isArray(dependency)) {
        for (const name of dependency as readonly string[]) {
          if (!value.has(name)) outcome.fail('missing_dependency', `Has a dependency on ${name}`);
        }
      } else outcome.merge(this.check(dependency as Schema, value, path));
    }
  }

  private conditions(schema: Schema, value: Value, path: string, outcome: Outcome): void {
    if (schema.if === undefined) return;
    const holds = this.check(schema.if, value, path).valid;
    const branch = holds ? schema.then : schema.else;
    const result = branch === undefined ? undefined : this.check(branch, value, path);
    if (result === undefined || result.valid) return;
    const description = holds
      ? 'Must validate "then" as "if" was valid'
      : 'Must validate "else" as "if" was not valid';
    outcome.fail(holds ? 'condition_then' : 'condition_else', description);
    outcome.merge(result);
  }

  private array(schema: Schema, value: RegoArray, path: string, outcome: Outcome): void {
    const { items } = value;
    const each = (from: number, to: number, itemSchema: (index: number) => Schema) => {
      for (let i = from; i < to; i++) outcome.merge(this.check(itemSchema(i), items[i]!, `${path}.${i}`));
    };
    if (Array.isArray(schema.items)) {
      const list = schema.items as readonly Schema[];
      each(0, Math.min(list.length, items.length), (index) => list[index]!);
      const { additionalItems } = schema;
      if (list.length > 0 && list.length < items.length) {
        if (additionalItems === false)
          outcome.fail('array_no_additional_items', 'No additional items allowed on array');
        else if (typeof additionalItems === 'object') each(list.length, items.length, () => additionalItems);
      }
    } else if (schema.items !== undefined) each(0, items.length, () => schema.items as Schema);
    const [least, most] = [schema.limits.get('minItems'), schema.limits.get('maxItems')];
    if (least !== undefined && items.length < least) {
      outcome.fail('array_min_items', `Array must have at least ${least} items`);
    }
    if (most !== undefined && items.length > most) {
      outcome.fail('array_max_items', `Array must have at most ${most} items`);
    }
    if (schema.uniqueItems) checkUnique(items, outcome);
    this.contains(schema, items, path, outcome);
    outcome.score++;
  }

  private contains(schema: Schema, items: readonly Value[], path: string, outcome: Outcome): void {
    if (schema.contains === undefined) return;
    let best: Outcome | undefined;
    for (const [index, item] of items.entries()) {
      const result = this.check(schema.contains, item, `${path}.${index}`);
      if (result.valid) return;
      if (best === undefined || result.score > best.score) best = result;
    }
    outcome.fail('contains', 'At least one of the items must match');
    outcome.merge(best);
  }

  private object(schema: Schema, value: RegoObject, path: string, outcome: Outcome): void {
    const [least, most] = [schema.limits.get('minProperties'), schema.limits.get('maxProperties')];
    if (least !== undefined && value.size < least) {
      outcome.fail('array_min_properties', `Must have at least ${least} properties`);
    }
    if (most !== undefined && value.size > most) {
      outcome.fail('array_max_properties', `Must have at most ${most} properties`);
    }
    for (const name of schema.required) {
      if (value.has(name)) outcome.score++;
      else outcome.fail('required', `${name} is required`);
    }
    for (const [key, member] of value.entries()) {
      const name = typeof key === 'string' ? key : marshalJson(key);
      const matched = [...schema.patternProperties.values()].filter(({ regex }) => regex.test(name));
      for (const { schema: property } of matched)
        outcome.merge(this.check(property, member, `${path}.${name}`));
      if (matched.length > 0) outcome.score++;
      if (matched.length > 0 || schema.properties.has(name)) continue;
      const additional = schema.additionalProperties;
      if (additional === false) {
        outcome.fail('additional_property_not_allowed', `Additional property ${name} is not allowed`);
      } else if (typeof additional === 'object')
        outcome.merge(this.check(additional, member, `${path}.${name}`));
    }
    if (schema.propertyNames !== undefined) {
      for (const key of value.keys()) {
        const result = this.check(schema.propertyNames, key, path);
        if (result.valid) continue;
        outcome.fail('invalid_property_name', `Property name of "${String(key)}" does not match`);
        outcome.merge(result);
      }
    }
    outcome.score++;
  }
}

function givenType(value: Value): string {
  if (isNumber(value)) return toBigInt(value) === undefined ? 'number' : 'integer';
  return typeName(value);
}

function shownTypes(types: readonly string[]): string {
  return types.length === 1 ? types[0]! : `[${types.join(',')}]`;
}

function checkUnique(items: readonly Value[], outcome: Outcome): void {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    const before = seen.get(key);
    if (before !== undefined) outcome.fail('unique', `array items[${before},${index}] must be unique`);
    seen.set(key, index);
  }
}

function checkCommon(schema: Schema, value: Value, outcome: Outcome): void {
  const { constant, enumeration, format } = schema;
  if (constant !== undefined && !equal(constant, value)) {
    outcome.fail('const', `${outcome.field} does not match: ${marshalJson(constant)}`);
  }
  if (enumeration !== undefined && !enumeration.some((allowed) => equal(allowed, value))) {
    const allowed = enumeration.map((each) => marshalJson(each)).join(', ');
    outcome.fail('enum', `${outcome.field} must be one of the following: ${allowed}`);
  }
  if (format !== '' && typeof value === 'string' && formats.get(format)?.(value) === false) {
    outcome.fail('format', `Does not match format '${format}'`);
  }
  outcome.score++;
}

function checkString(schema: Schema, value: string, outcome: Outcome): void {
  const length = [...value].length;
  const [least, most] = [schema.limits.get('minLength'), schema.limits.get('maxLength')];
  if (least !== undefined && length < least) {
    outcome.fail('string_gte', `String length must be greater than or equal to ${least}`);
  }
  if (most !== undefined && length > most) {
    outcome.fail('string_lte', `String length must be less than or equal to ${most}`);
  }
  if (schema.pattern !== undefined && !schema.pattern.regex.test(value)) {
    outcome.fail('pattern', `Does not match pattern '${schema.pattern.text}'`);
  }
  outcome.score++;
}

function checkNumber(schema: Schema, value: Num, outcome: Outcome): void {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
  const shown = (limit: Num) => formatFloat(toDouble(limit), 'g', -1);
  if (multipleOf !== undefined && !isMultiple(bounded(value), bounded(multipleOf))) {
    outcome.fail('multiple_of', `Must be a multiple of ${shown(multipleOf)}`);
  }
  if (maximum !== undefined && compare(value, maximum) > 0) {
    outcome.fail('number_lte', `Must be less than or equal to ${shown(maximum)}`);
  }
  if (exclusiveMaximum !== undefined && compare(value, exclusiveMaximum) >= 0) {
    outcome.fail('number_lt', `Must be less than ${shown(exclusiveMaximum)}`);
  }
  if (minimum !== undefined && compare(value, minimum) < 0) {
    outcome.fail('number_gte', `Must be greater than or equal to ${shown(minimum)}`);
  }
  if (exclusiveMinimum !== undefined && compare(value, exclusiveMinimum) <= 0) {
    outcome.fail('number_gt', `Must be greater than ${shown(exclusiveMinimum)}`);
  }
  outcome.score++;
}

function isMultiple(value: Num, divisor: Num): boolean {
  const [a, b] = [scaled(value), scaled(divisor)];
  const places = Math.max(a.places, b.places);
  return (a.digits * 10n ** BigInt(places - a.places)) % (b.digits * 10n ** BigInt(places - b.places)) === 0n;
}

/** The number as digits / 10^places. */
function scaled(value: Num): { digits: bigint; places: number } {
  const match = /^(-?\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(numberText(value))!;
  const fraction = match[2] ?? '';
  const places = fraction.length - Number(match[3] ?? '0');
  const digits = BigInt(match[1]! + fraction);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}
