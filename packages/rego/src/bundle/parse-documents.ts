import { parseJson } from '../builtins/encoding/json.ts';
import { readYaml, YamlError } from '../builtins/encoding/yaml/read.ts';
import { BuiltinError } from '../builtins/types.ts';
import { rethrowOverflow } from '../stack.ts';
import { parseJsonText, RegoObject, type Value } from '../values/index.ts';
import { BundleError } from './errors.ts';

const strictText = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 text; anything else is an error and not full of replacement characters. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return strictText.decode(bytes);
  } catch (error) {
    rethrowOverflow(error);
    throw new BundleError('bundle_invalid', `${path}: not UTF-8 text`);
  }
}

/** A JSON document with every digit of its numbers. */
export function parseJsonFile(bytes: Uint8Array, path: string): Value {
  try {
    return parseJson(decodeText(bytes, path));
  } catch (error) {
    if (!(error instanceof BuiltinError || error instanceof SyntaxError)) throw error;
    throw new BundleError('bundle_invalid', `${path}: ${error.message}`);
  }
}

export function parseYamlFile(bytes: Uint8Array, path: string): Value {
  try {
    return readYaml(decodeText(bytes, path), () => undefined);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new BundleError('bundle_invalid', `${path}: ${error.message}`);
  }
}

/** JSON where it is JSON, else YAML: what OPA does with inputs and with structured files of bundles. */
export function parseJsonOrYaml(bytes: Uint8Array, path: string): Value {
  try {
    return parseJsonText(decodeText(bytes, path));
  } catch (error) {
    rethrowOverflow(error);
    if (!(error instanceof SyntaxError)) throw error;
    return parseYamlFile(bytes, path);
  }
}

/** A document that has to be an object. */
export function asObject(value: Value, path: string): RegoObject {
  if (value instanceof RegoObject) return value;
  throw new BundleError('bundle_invalid', `${path}: document must be of type object`);
}
