/** JSON Schema drafts 4, 6 and 7 made into a tree to validate with; errors in the words of gojsonschema. */
import type { RE2JS } from 're2js';
import {
  isNumber,
  type Num,
  RegoArray,
  RegoObject,
  toBigInt,
  toDouble,
  type Value,
} from '../../values/index.ts';
import { compileRegex } from '../regex/cache.ts';
import { BuiltinError } from '../types.ts';
import { resolvePointer } from './pointer.ts';

/** The schema is not a schema. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** 0 is a schema without `$schema`, where members of all drafts count. */
export type Draft = 0 | 4 | 6 | 7;

export interface Schema {
  readonly draft: Draft;
  /** A schema that is just `true` or `false`. */
  pass?: boolean;
  ref?: Schema;
  /** The text of `$ref`. */
  refText?: string;
  types: string[];
  properties: Map<string, Schema>;
  additionalProperties?: boolean | Schema;
  patternProperties: Map<string, { readonly regex: RE2JS; readonly schema: Schema }>;
  propertyNames?: Schema;
  dependencies: Map<string, readonly string[] | Schema>;
  items?: Schema | readonly Schema[];
  additionalItems?: boolean | Schema;
  contains?: Schema;
  multipleOf?: Num;
  minimum?: Num;
  exclusiveMinimum?: Num;
  maximum?: Num;
  exclusiveMaximum?: Num;
  limits: Map<string, number>;
  pattern?: { readonly regex: RE2JS; readonly text: string };
  format: string;
  required: readonly string[];
  uniqueItems: boolean;
  constant?: Value;
  enumeration?: readonly Value[];
  anyOf: readonly Schema[];
  oneOf: readonly Schema[];
  allOf: readonly Schema[];
  not?: Schema;
  if?: Schema;
  then?: Schema;
  else?: Schema;
}

const maxDepth = 500;

const primitiveTypes = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string'];

/** Compiles a schema document. Throws {@link SchemaError}. */
export function compileSchema(document: Value): Schema {
  return new Compiler(document).root();
}

class Compiler {
  private readonly document: Value;
  private readonly byNode = new Map<string, Schema>();
  private readonly draft: Draft;
  private depth = 0;

  constructor(document: Value) {
    this.document = document;
    this.draft = draftOf(document);
  }

  root(): Schema {
    const schema = emptySchema(this.draft);
    this.byNode.set('#', schema);
    this.fill(schema, this.document);
    return schema;
  }

  private schema(node: Value): Schema {
    const schema = emptySchema(this.draft);
    this.fill(schema, node);
    return schema;
  }

  private fill(schema: Schema, node: Value): void {
    if (++this.depth > maxDepth) throw new SchemaError(`schema nested deeper than ${maxDepth}`);
    if (typeof node === 'boolean' && this.draft !== 4) schema.pass = node;
    else if (!(node instanceof RegoObject))
      throw new SchemaError('Expected: Valid Schema, given: Invalid JSON');
    else this.members(schema, node);
    this.depth--;
  }

  private members(schema: Schema, node: RegoObject): void {
    textMember(node, this.draft === 4 || (this.draft === 0 && node.has('id')) ? 'id' : '$id');
    this.definitions(node.get('definitions'));
    textMember(node, 'title');
    textMember(node, 'description');
    const ref = textMember(node, '$ref');
    if (ref !== undefined) {
      schema.refText = ref;
      schema.ref = this.reference(ref);
      return;
    }
    schema.types = typesOf(node.get('type'));
    this.objectMembers(schema, node);
    this.arrayMembers(schema, node);
    numberMembers(schema, node, this.draft);
    stringMembers(schema, node);
    this.choices(schema, node);
  }

  private definitions(value: Value | undefined): void {
    if (value === undefined) return;
    if (!(value instanceof RegoObject)) throw invalidType('Array Of Schemas', 'definitions');
    for (const [, definition] of value.entries()) {
      if (!isSchemaNode(definition)) throw invalidType('Array Of Schemas', 'definitions');
      this.schema(definition);
    }
  }

  private reference(ref: string): Schema {
    const known = this.byNode.get(ref);
    if (known !== undefined) return known;
    const node = resolvePointer(this.document, ref);
    if (node === undefined && /^https?:/.test(ref))
      throw new SchemaError(`remote reference loading disabled: ${ref}`);
    if (node === undefined) throw new SchemaError(`Object has no key '${ref.split('/').at(-1)}'`);
    if (!isSchemaNode(node)) throw new SchemaError('Valid Schema must be of type object');
    const schema = emptySchema(this.draft);
    this.byNode.set(ref, schema);
    this.fill(schema, node);
    return schema;
  }

  private objectMembers(schema: Schema, node: RegoObject): void {
    const properties = node.get('properties');
    if (properties !== undefined) {
      if (!(properties instanceof RegoObject)) throw new SchemaError('Properties must be of type object');
      for (const [name, property] of properties.entries()) {
        schema.properties.set(name as string, this.schema(property));
      }
    }
    const additional = node.get('additionalProperties');
    if (additional !== undefined)
      schema.additionalProperties = this.booleanOrSchema(additional, 'additionalProperties');
    const patterns = node.get('patternProperties');
    if (patterns !== undefined) {
      if (!(patterns instanceof RegoObject)) throw invalidType('object', 'patternProperties');
      for (const [pattern, property] of patterns.entries()) {
        const regex = regexOr(pattern as string, `Invalid regex pattern '${String(pattern)}'`);
        schema.patternProperties.set(pattern as string, { regex, schema: this.schema(property) });
      }
    }
    const names = node.get('propertyNames');
    if (names !== undefined && this.draft !== 4) {
      if (!isSchemaNode(names)) throw invalidType('Valid Schema', 'patternProperties');
      schema.propertyNames = this.schema(names);
    }
    this.dependencies(schema, node.get('dependencies'));
    schema.required = requiredNames(node.get('required'));
    lengthMembers(
      schema,
      node,
      'minProperties',
      'maxProperties',
      'minProperties cannot be greater than maxProperties',
    );
  }

  private booleanOrSchema(value: Value, name: string): boolean | Schema {
    if (typeof value === 'boolean') return value;
    if (value instanceof RegoObject) return this.schema(value);
    throw invalidType('boolean/Valid Schema', name);
  }

  private dependencies(schema: Schema, value: Value | undefined): void {
    if (value === undefined) return;
    if (!(value instanceof RegoObject)) throw new SchemaError('dependencies must be of type object');
    const wrong = new SchemaError('Dependency must be of type Schema Or Array Of Strings');
    for (const [name, dependency] of value.entries()) {
      if (isSchemaNode(dependency)) schema.dependencies.set(name as string, this.schema(dependency));
      else if (
        dependency instanceof RegoArray &&
        dependency.items.every((item) => typeof item === 'string')
      ) {
        schema.dependencies.set(name as string, dependency.items as readonly string[]);
      } else throw wrong;
    }
  }

  private arrayMembers(schema: Schema, node: RegoObject): void {
    const items = node.get('items');
    if (items instanceof RegoArray) {
      if (!items.items.every(isSchemaNode)) throw invalidType('Valid Schema/Array Of Schemas', 'items');
      schema.items = items.items.map((item) => this.schema(item));
    } else if (items !== undefined) {
      if (!isSchemaNode(items)) throw invalidType('Valid Schema/Array Of Schemas', 'items');
      schema.items = this.schema(items);
    }
    const additional = node.get('additionalItems');
    if (additional !== undefined)
      schema.additionalItems = this.booleanOrSchema(additional, 'additionalItems');
    lengthMembers(schema, node, 'minItems', 'maxItems');
    const unique = node.get('uniqueItems');
    if (unique !== undefined && typeof unique !== 'boolean')
      throw new SchemaError('uniqueItems must be of a boolean');
    schema.uniqueItems = unique === true;
    const contains = node.get('contains');
    if (contains !== undefined && this.draft !== 4) schema.contains = this.schema(contains);
  }

  private choices(schema: Schema, node: RegoObject): void {
    const constant = node.get('const');
    if (constant !== undefined && this.draft !== 4) schema.constant = constant;
    const enumeration = node.get('enum');
    if (enumeration !== undefined) {
      if (!(enumeration instanceof RegoArray)) throw new SchemaError('enum must be of an array');
      schema.enumeration = enumeration.items;
    }
    for (const name of ['oneOf', 'anyOf', 'allOf'] as const) {
      const value = node.get(name);
      if (value === undefined) continue;
      if (!(value instanceof RegoArray)) throw new SchemaError(`${name} must be of an array`);
      schema[name] = value.items.map((item) => this.schema(item));
    }
    const not = node.get('not');
    if (not !== undefined) schema.not = this.condition(not, 'not');
    if (this.draft === 4 || this.draft === 6) return;
    for (const name of ['if', 'then', 'else'] as const) {
      const value = node.get(name);
      if (value !== undefined) schema[name] = this.condition(value, name);
    }
  }

  private condition(value: Value, name: string): Schema {
    if (!isSchemaNode(value)) throw new SchemaError(`${name} must be of an object`);
    return this.schema(value);
  }
}

function emptySchema(draft: Draft): Schema {
  return {
    draft,
    types: [],
    properties: new Map(),
    patternProperties: new Map(),
    dependencies: new Map(),
    limits: new Map(),
    format: '',
    required: [],
    uniqueItems: false,
    anyOf: [],
    oneOf: [],
    allOf: [],
  };
}

function draftOf(document: Value): Draft {
  if (typeof document === 'boolean') return 7;
  if (!(document instanceof RegoObject)) throw new SchemaError('schema is invalid');
  const uri = document.get('$schema');
  if (uri === undefined) return 0;
  if (typeof uri !== 'string') throw new SchemaError('$schema must be of type string');
  const number = /^https?:\/\/json-schema\.org\/draft-0([467])\/schema#?$/.exec(uri)?.[1];
  return number === undefined ? 0 : (Number(number) as Draft);
}

function isSchemaNode(value: Value): boolean {
  return typeof value === 'boolean' || value instanceof RegoObject;
}

function invalidType(expected: string, given: string): SchemaError {
  return new SchemaError(`Invalid type. Expected: ${expected}, given: ${given}`);
}

function textMember(node: RegoObject, name: string): string | undefined {
  const value = node.get(name);
  if (value !== undefined && typeof value !== 'string') throw invalidType('string', name);
  return value;
}

function typesOf(value: Value | undefined): string[] {
  if (value === undefined) return [];
  const names = typeof value === 'string' ? [value] : value instanceof RegoArray ? value.items : undefined;
  if (names === undefined || names.some((name) => typeof name !== 'string')) {
    throw invalidType('type', 'string/Array Of Strings');
  }
  const types: string[] = [];
  for (const name of names as readonly string[]) {
    if (!primitiveTypes.includes(name)) {
      throw new SchemaError(
        `has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[array boolean integer number null object string]`,
      );
    }
    if (types.includes(name)) throw new SchemaError(`${name} type is duplicated`);
    types.push(name);
  }
  return types;
}

function regexOr(pattern: string, message: string): RE2JS {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (error instanceof BuiltinError) throw new SchemaError(message);
    throw error;
  }
}

function requiredNames(value: Value | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!(value instanceof RegoArray)) throw new SchemaError('required must be of an array');
  if (value.items.some((name) => typeof name !== 'string')) throw invalidType('string', 'required');
  const names = value.items as readonly string[];
  if (new Set(names).size < names.length) throw new SchemaError('required items must be unique');
  return names;
}

function lengthMembers(schema: Schema, node: RegoObject, low: string, high: string, order?: string): void {
  for (const name of [low, high]) {
    const value = node.get(name);
    if (value === undefined) continue;
    const length = isNumber(value) ? toBigInt(value) : undefined;
    if (length === undefined) throw new SchemaError(`${name} must be of an integer`);
    if (length < 0n) throw new SchemaError(`${name} must be greater than or equal to 0`);
    schema.limits.set(name, Number(length));
  }
  if (order !== undefined && schema.limits.get(low)! > schema.limits.get(high)!) throw new SchemaError(order);
}

function numberMembers(schema: Schema, node: RegoObject, draft: Draft): void {
  const multiple = node.get('multipleOf');
  if (multiple !== undefined) {
    if (!isNumber(multiple)) throw invalidType('number', 'multipleOf');
    if (toDouble(multiple) <= 0) throw new SchemaError('multipleOf must be strictly greater than 0');
    schema.multipleOf = multiple;
  }
  limitMembers(schema, node, draft, 'minimum', 'exclusiveMinimum');
  limitMembers(schema, node, draft, 'maximum', 'exclusiveMaximum');
}

/** Up to draft 4 the exclusive member is a flag of the other, later it is a limit of its own. */
function limitMembers(
  schema: Schema,
  node: RegoObject,
  draft: Draft,
  inclusive: 'minimum' | 'maximum',
  exclusive: 'exclusiveMinimum' | 'exclusiveMaximum',
): void {
  const limit = node.get(inclusive);
  if (limit !== undefined) {
    if (!isNumber(limit)) throw new SchemaError(`${inclusive} must be of a Number`);
    schema[inclusive] = limit;
  }
  const strict = node.get(exclusive);
  if (strict === undefined) return;
  if (isNumber(strict) && draft !== 4) schema[exclusive] = strict;
  else if (typeof strict === 'boolean' && (draft === 0 || draft === 4)) {
    if (limit === undefined) throw new SchemaError(`${exclusive} cannot be used without ${inclusive}`);
    if (!strict) return;
    schema[exclusive] = limit as Num;
    delete schema[inclusive];
  } else throw invalidType(draft === 4 ? 'boolean' : draft === 0 ? 'boolean/number' : 'number', exclusive);
}

function stringMembers(schema: Schema, node: RegoObject): void {
  lengthMembers(schema, node, 'minLength', 'maxLength', 'minLength cannot be greater than maxLength');
  const pattern = textMember(node, 'pattern');
  if (pattern !== undefined) {
    schema.pattern = { regex: regexOr(pattern, 'pattern must be a valid regex'), text: pattern };
  }
  schema.format = textMember(node, 'format') ?? '';
}
