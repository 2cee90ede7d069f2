import { NO_LOCATION } from '../../ast/nodes.ts';
import { refText } from '../../ast/print.ts';
import type { Rule, SchemaAnnotation, Term } from '../../ast/types.ts';
import { SchemaError } from '../../builtins/json-schema/schema.ts';
import { fromJson, type Value } from '../../values/index.ts';
import { constantOf } from '../constants.ts';
import type { CompilerContext } from '../context.ts';
import type { Metadata } from '../metadata.ts';
import type { CompiledRule } from '../rule-tree.ts';
import { varTerm } from '../tree.ts';
import type { TypeEnv } from './env.ts';
import { schemaType } from './schema.ts';
import { ANY, type Maybe, objectType, type Type, unwrapped } from './type.ts';

/** JSON Schemas by the names that annotations have for them: `schema`, `schema.a.b`. */
export type Schemas = ReadonlyMap<string, unknown>;

/** The name of the schema at a path (`["a", "b"]`: `schema.a.b`); of `input`'s own at the empty path. */
export function schemaName(path: readonly string[]): string {
  const terms = path.map((value): Term => ({ kind: 'string', value, location: NO_LOCATION }));
  return refText([varTerm('schema', NO_LOCATION), ...terms]);
}

/** Gives documents the types that METADATA blocks assign to them (`schemas:`), rule by rule. */
export class SchemaAnnotations {
  readonly #schemas: Schemas | undefined;
  readonly #metadata: Metadata;
  readonly #types = new Map<string, Type>();

  /** Without `schemas`, only those written out in the annotations count. */
  constructor(schemas: Schemas | undefined, metadata: Metadata) {
    this.#schemas = schemas;
    this.#metadata = metadata;
  }

  /** The environment for a rule's body: that outside, or a layer on it with the types of the rule's annotations. */
  env(outer: TypeEnv, rule: CompiledRule, branch: Rule, context: CompilerContext): TypeEnv {
    const annotations = this.#metadata.schemas(rule, branch);
    if (annotations.length === 0) return outer;
    const env = outer.wrap();
    for (const annotation of annotations) {
      try {
        const type = this.#type(annotation);
        if (type !== undefined) assign(env, annotation.path, type);
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error;
        context.report('rego_type_error', branch.location, error.message);
      }
    }
    return env;
  }

  #type({ schema, definition }: SchemaAnnotation): Type | undefined {
    if (schema === undefined) return schemaType(fromJson(definition ?? null));
    if (this.#schemas === undefined) return undefined;
    const name = refText(schema);
    let type = this.#types.get(name);
    if (type === undefined) {
      if (!this.#schemas.has(name)) throw new SchemaError(`undefined schema: ${name}`);
      type = schemaType(fromJson(this.#schemas.get(name)));
      this.#types.set(name, type);
    }
    return type;
  }
}

/** The type of `input` that the schema named `schema` gives, if there is one. */
export function inputType(schemas: Schemas | undefined, context: CompilerContext): Type | undefined {
  const name = schemaName([]);
  if (schemas?.has(name) !== true) return undefined;
  try {
    return schemaType(fromJson(schemas.get(name)));
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    context.report('rego_type_error', undefined, error.message);
    return undefined;
  }
}

/** A type at a path: by itself, or within the type of the shortest part of the path that has one. */
function assign(env: TypeEnv, path: readonly Term[], type: Type): void {
  for (let length = 1; length < path.length; length++) {
    const prefix = path.slice(0, length);
    const outer = env.ofRef({ kind: 'ref', terms: prefix, location: (path[0] as Term).location });
    if (outer === undefined) continue;
    env.tree.put(prefix, override(outer, path.slice(length).map(keyAt), type));
    return;
  }
  env.tree.put(path, type);
}

function keyAt(term: Term): Value {
  const key = constantOf(term);
  if (key === undefined) throw new SchemaError('error getting key from value: a path must be constant');
  return key;
}

/** `outer` with another type at a path. What is no object becomes one, with any other members. */
function override(outer: Maybe, [key, ...rest]: readonly Value[], type: Type): Type {
  const object = unwrapped(outer);
  const known = object?.kind === 'object' ? object : undefined;
  const dynamic = known === undefined ? ([ANY, ANY] as const) : known.rest;
  const own = known?.members.find(([name]) => name === key)?.[1];
  const inner =
    rest.length === 0 ? type : own === undefined ? nested(rest, type, dynamic) : override(own, rest, type);
  const others = known?.members.filter(([name]) => name !== key) ?? [];
  return objectType([...others, [key as Value, inner]], dynamic);
}

function nested(
  [key, ...rest]: readonly Value[],
  type: Type,
  dynamic: readonly [Maybe, Maybe] | undefined,
): Type {
  return objectType([[key as Value, rest.length === 0 ? type : nested(rest, type, dynamic)]], dynamic);
}
