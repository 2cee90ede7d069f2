/** `graphql.*`. Documents are given as text or as the object `graphql.parse_query` and `graphql.parse_schema` make. */
import type { GraphQLSchema } from 'graphql';
import { EMPTY_OBJECT, keyOf, RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { chargeText } from '../limits.ts';
import { stringOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { GraphqlError } from './lexer.ts';
import { printQuery, printSchema } from './print.ts';
import { parseQuery } from './query.ts';
import { buildSchema, checkQuery } from './query-rules.ts';
import { parseSchema } from './schema.ts';
import { checkSchema } from './schema-rules.ts';
import { node } from './syntax.ts';

const anyObject = T.object([T.any, T.any]);
const document = T.union(T.string, anyObject);

registerBuiltin('graphql.parse_query', { args: [T.string], result: anyObject }, (context, text) => {
  return orBuiltinError(() => parseQuery(charged(context, stringOperand(text, 1))));
});

registerBuiltin('graphql.parse_schema', { args: [T.string], result: anyObject }, (context, text) => {
  return orBuiltinError(() => parseSchema(charged(context, stringOperand(text, 1))));
});

registerBuiltin(
  'graphql.parse',
  { args: [document, document], result: T.array(null, anyObject, anyObject) },
  (context, query, schema) => {
    const [parsedQuery, parsedSchema] = orBuiltinError(() => verified(context, query, schema));
    return new RegoArray([parsedQuery, parsedSchema]);
  },
);

registerBuiltin(
  'graphql.parse_and_verify',
  { args: [document, document], result: T.array(null, T.boolean, anyObject, anyObject) },
  (context, query, schema) => {
    const documents = orUndefined(() => verified(context, query, schema));
    if (documents === undefined) return new RegoArray([false, EMPTY_OBJECT, EMPTY_OBJECT]);
    return new RegoArray([true, ...documents]);
  },
);

registerBuiltin(
  'graphql.is_valid',
  { args: [document, document], result: T.boolean },
  (context, query, schema) => {
    return orUndefined(() => verified(context, query, schema)) !== undefined;
  },
);

registerBuiltin('graphql.schema_is_valid', { args: [document], result: T.boolean }, (context, schema) => {
  const valid = orUndefined(() => {
    checkSchema(documentOf(context, schema, 0, parseSchema));
    return true;
  });
  return valid === true;
});

/** The two documents, when the query fits the schema. Positions count from 0 in OPA's messages here. */
function verified(context: BuiltinContext, query: Value, schema: Value): [RegoObject, RegoObject] {
  const parsedQuery = documentOf(context, query, 0, parseQuery);
  const parsedSchema = documentOf(context, schema, 1, parseSchema);
  const compiled = compiledSchema(schema, parsedSchema);
  checkQuery(compiled, parsedQuery, typeof query === 'string' ? query : printQuery(parsedQuery));
  return [parsedQuery, parsedSchema];
}

/** Schemas that have been found valid. */
const maxSchemas = 16;
const schemas = new Map<string, GraphQLSchema>();

function compiledSchema(given: Value, parsed: RegoObject): GraphQLSchema {
  const key = keyOf(given);
  const known = schemas.get(key);
  if (known !== undefined) return known;
  checkSchema(parsed);
  const schema = buildSchema(parsed, printSchema(parsed));
  if (schemas.size >= maxSchemas) schemas.delete(schemas.keys().next().value!);
  schemas.set(key, schema);
  return schema;
}

function documentOf(
  context: BuiltinContext,
  given: Value,
  position: number,
  parse: (text: string) => RegoObject,
): RegoObject {
  if (typeof given === 'string') return parse(charged(context, given));
  if (given instanceof RegoObject) return pruned(given) as RegoObject;
  throw wrongType(position, given, 'string', 'object');
}

/** The object without positions, nulls and empty collections. */
function pruned(value: Value): Value {
  if (value instanceof RegoArray) {
    const items = value.items.map(pruned);
    return new RegoArray(items.filter((item) => item !== null && !isEmpty(item)));
  }
  if (!(value instanceof RegoObject)) return value;
  const members = value.entries().filter(([name]) => name !== 'Position');
  return node(Object.fromEntries(members.map(([name, member]) => [String(name), pruned(member)])));
}

function isEmpty(value: Value): boolean {
  return (
    (value instanceof RegoArray && value.length === 0) || (value instanceof RegoObject && value.size === 0)
  );
}

function charged(context: BuiltinContext, text: string): string {
  chargeText(context, text.length * 16);
  return text;
}

function orBuiltinError<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (isGraphqlError(error)) throw new BuiltinError((error as Error).message);
    throw error;
  }
}

function orUndefined<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (isGraphqlError(error) || error instanceof BuiltinError) return undefined;
    throw error;
  }
}

/** Ours, or a syntax error of the library for text that only our parser takes. */
function isGraphqlError(error: unknown): boolean {
  return error instanceof GraphqlError || (error instanceof Error && error.name === 'GraphQLError');
}
