import { compileSchema, type Schema, SchemaError } from '../../builtins/json-schema/schema.ts';
import type { Value } from '../../values/index.ts';
import { or } from './algebra.ts';
import {
  ANY,
  arrayType,
  BOOLEAN,
  type Maybe,
  NUMBER,
  objectType,
  type RecursiveType,
  STRING,
  type Type,
} from './type.ts';

/**
 * The type of the documents that a JSON Schema describes, as OPA reads it: of all it says only `type`, `properties`,
 * `items`, `anyOf`, `allOf` and `$ref` count, and an object may have no members but its `properties`. Nothing is
 * fetched: a `$ref` out of the document is an error. Throws {@link SchemaError}.
 */
export function schemaType(document: Value): Type {
  let schema: Schema;
  try {
    schema = compileSchema(document);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError(`unable to compile the schema: ${error.message}`);
  }
  try {
    return new SchemaTypes().of(schema) ?? ANY;
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError(`type checking: ${error.message}`);
  }
}

/** A part that a `$ref` names: its type, and while that is worked out what stands for it. */
interface Definition {
  type: Maybe;
  recursive: RecursiveType | undefined;
  open: boolean;
}

/** `allOf` is worked out anew wherever it is referred to: small schemas can describe very large types. */
const MAX_SCHEMAS = 100_000;
const MAX_DEPTH = 500;

class SchemaTypes {
  readonly #definitions = new Map<Schema, Definition>();
  #schemas = 0;
  #depth = 0;

  of(schema: Schema): Maybe {
    if (schema.ref === undefined) return this.#inline(schema);
    // A chain of references counts as its last.
    const target = schema.ref;
    const known = this.#definitions.get(target);
    if (known !== undefined) {
      if (!known.open) return known.type;
      known.recursive ??= { kind: 'recursive', name: schema.refText ?? '', type: undefined };
      return known.recursive;
    }
    const definition: Definition = { type: undefined, recursive: undefined, open: true };
    this.#definitions.set(target, definition);
    definition.type = this.of(target);
    definition.open = false;
    if (definition.recursive !== undefined) {
      definition.type = guarded(definition.type, definition.recursive);
      definition.recursive.type = definition.type;
    }
    return definition.type;
  }

  #inline(schema: Schema): Maybe {
    if (++this.#schemas > MAX_SCHEMAS || ++this.#depth > MAX_DEPTH)
      throw new SchemaError('schema is too large');
    const type = this.#described(schema);
    this.#depth--;
    return type;
  }

  #described(schema: Schema): Maybe {
    if (schema.anyOf.length > 0) return this.#anyOf(schema);
    if (schema.allOf.length > 0) return this.#allOf(schema);
    const { types, properties, items } = schema;
    if (types.includes('boolean')) return BOOLEAN;
    if (types.includes('string')) return STRING;
    if (types.includes('integer') || types.includes('number')) return NUMBER;
    const untyped = types.length === 0;
    if (types.includes('object') || (untyped && properties.size > 0)) return this.#object([schema]);
    if (types.includes('array') || (untyped && childrenOf(items).length > 0)) return this.#array(items);
    return ANY;
  }

  #object(schemas: readonly Schema[]): Type {
    const members = schemas.flatMap(({ properties }) =>
      [...properties].map(([name, property]) => [name, this.of(property)] as const),
    );
    return members.length > 0 ? objectType(members) : objectType([], [ANY, ANY]);
  }

  #array(items: Schema['items']): Type {
    if (items === undefined) return arrayType([], ANY);
    if (!('length' in items)) return arrayType([], this.of(items));
    return items.length === 0 ? arrayType([], ANY) : arrayType(items.map((item) => this.of(item)));
  }

  /** What the schema says beside its `anyOf` counts only where it names members. */
  #anyOf(schema: Schema): Maybe {
    let found: Maybe;
    if (schema.types.length > 0) {
      const core = this.#inline({ ...schema, anyOf: [] });
      if (core?.kind === 'object' && core.members.length > 0 && core.rest === undefined) found = core;
    }
    for (const alternative of schema.anyOf) found = or(this.of(alternative), found);
    return found;
  }

  #allOf(schema: Schema): Maybe {
    const parts = schema.allOf.map(resolved).filter((part) => !isBareChoice(part));
    if (parts.length === 0) return ANY;
    const merged = merge(parts);
    if (schema.types.length === 0) return this.#inline(merged);
    const kind = ['object', 'array'].find(
      (name) => schema.types.includes(name) && merged.types.includes(name),
    );
    if (kind !== undefined) return this.#inline(merge([merged, { ...schema, allOf: [] }]));
    if (typesText(schema) !== typesText(merged)) throw new SchemaError('unable to merge these schemas');
    return this.#inline(merged);
  }
}

/** A type that is not itself but by way of an object or an array: what is only said to be itself may be anything. */
function guarded(type: Maybe, self: RecursiveType): Maybe {
  const parts: Type[] = [];
  const collect = (part: Maybe): void => {
    if (part === undefined || part === self) return;
    if (part.kind === 'recursive' && part.type !== undefined) collect(part.type);
    else if (part.kind === 'any' && part.of.length > 0) part.of.forEach(collect);
    else parts.push(part);
  };
  collect(type);
  return parts.length === 0 ? ANY : parts.reduce<Maybe>(or, undefined);
}

function resolved(schema: Schema): Schema {
  let target = schema;
  for (let hops = 0; target.ref !== undefined; hops++) {
    if (hops > 100) throw new SchemaError('unable to merge these schemas: references go in a circle');
    target = target.ref;
  }
  return target;
}

/** Nothing but an `anyOf`. */
function isBareChoice({ types, anyOf, properties, items }: Schema): boolean {
  return types.length === 0 && anyOf.length > 0 && properties.size === 0 && childrenOf(items).length === 0;
}

function childrenOf(items: Schema['items']): readonly Schema[] {
  if (items === undefined) return [];
  return 'length' in items ? items : [items];
}

/** One schema for all: what has members or items is of that type, and all must be of the same. */
function merge(schemas: readonly Schema[]): Schema {
  const typed = schemas.map((schema) => {
    const implied =
      schema.properties.size > 0 ? 'object' : childrenOf(schema.items).length > 0 ? 'array' : undefined;
    if (implied === undefined || schema.types.includes(implied)) return schema;
    return { ...schema, types: [...schema.types, implied] };
  });
  let merged = typed[0] as Schema;
  for (const schema of typed.slice(1)) {
    if (typesText(merged) !== typesText(schema)) {
      const mismatch = `type mismatch: ${typesText(merged)} and ${typesText(schema)}`;
      throw new SchemaError(`unable to merge these schemas: ${mismatch}`);
    }
    if (merged.types.includes('object') && merged.properties.size > 0 && schema.properties.size > 0) {
      // Where both have a member of a name, the first says what it is.
      merged = { ...merged, properties: new Map([...schema.properties, ...merged.properties]) };
    } else if (merged.types.includes('array')) {
      merged = { ...merged, ...mergedItems(merged.items, schema.items) };
    }
  }
  return merged;
}

function mergedItems(
  first: Schema['items'],
  second: Schema['items'],
): { readonly items?: readonly Schema[] } {
  const [items, others] = [childrenOf(first), childrenOf(second)];
  if (first === undefined || items.length === 0 || others.length === 0) return {};
  for (const [index, other] of others.entries()) {
    const item = items[index];
    if (item !== undefined && typesText(item) !== typesText(other))
      throw new SchemaError('unable to merge these schemas');
  }
  // A single schema stays one: the further items of the other are not looked at.
  return 'length' in first ? { items: [...items, ...others.slice(items.length)] } : {};
}

function typesText({ types }: Schema): string {
  if (types.length === 0) return 'undefined';
  return types.length === 1 ? (types[0] as string) : `[${types.join(',')}]`;
}
