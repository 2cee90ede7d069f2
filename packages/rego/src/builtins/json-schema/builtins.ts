/** `json.verify_schema`, `json.match_schema`. */
import { keyOf, RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { parseJson } from '../encoding/json.ts';
import { chargeText } from '../limits.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { compileSchema, type Schema, SchemaError } from './schema.ts';
import { validate } from './validate.ts';

const document = T.union(T.string, T.object([T.any, T.any]));
const text = T.string;

registerBuiltin(
  'json.verify_schema',
  { args: [document], result: T.array(null, T.boolean, T.union(T.null, T.string)) },
  (context, given) => {
    try {
      compileSchema(documentOf(context, given));
      return new RegoArray([true, null]);
    } catch (error) {
      if (!(error instanceof SchemaError) && !(error instanceof BuiltinError)) throw error;
      return new RegoArray([false, `jsonschema: ${error.message}`]);
    }
  },
);

const problem = T.object(null, ['desc', text], ['error', text], ['field', text], ['type', text]);

registerBuiltin(
  'json.match_schema',
  { args: [document, document], result: T.array(null, T.boolean, T.array(problem)) },
  (context, given, schema) => {
    const value = documentOf(context, given);
    const errors = validate(compiled(context, schema), value, (steps) => context.charge(steps));
    const shown = errors.map(({ type, field, description }) =>
      RegoObject.of([
        ['error', `${field}: ${description}`],
        ['type', type],
        ['field', field],
        ['desc', description],
      ]),
    );
    return new RegoArray([errors.length === 0, new RegoArray(shown)]);
  },
);

/** Compiled schemas, kept between evaluations. */
const maxCompiled = 64;
const schemas = new Map<string, Schema>();

function compiled(context: BuiltinContext, given: Value): Schema {
  const key = keyOf(given);
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const schema = compileOrBuiltinError(documentOf(context, given));
  if (schemas.size >= maxCompiled) schemas.delete(schemas.keys().next().value!);
  schemas.set(key, schema);
  return schema;
}

function compileOrBuiltinError(value: Value): Schema {
  try {
    return compileSchema(value);
  } catch (error) {
    if (error instanceof SchemaError) throw new BuiltinError(error.message);
    throw error;
  }
}

/** A document is JSON text, an object or an array. */
function documentOf(context: BuiltinContext, given: Value): Value {
  if (given instanceof RegoObject || given instanceof RegoArray) return given;
  if (typeof given !== 'string') throw new BuiltinError('wrong type, expected string or object');
  chargeText(context, given.length);
  try {
    return parseJson(given);
  } catch (error) {
    if (error instanceof BuiltinError) throw new BuiltinError('invalid JSON string');
    throw error;
  }
}
