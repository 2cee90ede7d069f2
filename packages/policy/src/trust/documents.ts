import { canonicalJson, type JsonValue } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { readYamlDocuments, toJs, YamlError } from '@pratique/yaml';
import { policyErrors } from '../errors.ts';
import type { Source } from './problems.ts';

const maxCharacters = 4 * 1024 * 1024;
const maxDocuments = 1000;

/**
 * The YAML (or JSON) documents of one file; empty ones are left out. `name` stands before line and column in messages.
 *
 * @throws TRUST_INVALID with `file:line:column`
 */
export function readDocuments(text: string, name: string): readonly Source[] {
  const documents = naming(name, () => readYamlDocuments(text, { maxCharacters }));
  if (documents.length > maxDocuments) throw invalid(`${name} holds more than ${maxDocuments} documents`);
  return documents
    .filter(({ document }) => document.contents !== null)
    .map(({ document, lines }) => ({ name, document, lines }));
}

/** The document as JSON; aliases are followed up to a limit, so that a small file cannot become a huge one. */
export function toJson(source: Source): JsonValue {
  const value = naming(source.name, () => toJs(source));
  try {
    // Refuses what YAML has and JSON has not: NaN, infinities.
    canonicalJson(value as JsonValue);
  } catch (cause) {
    throw invalid(`${source.name}:1:1: holds a value JSON does not have`, cause);
  }
  return value as JsonValue;
}

/** Says of what is wrong with YAML where it stands: `file:line:column`. */
function naming<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw invalid(`${name}:${error.line}:${error.column}: ${printable(error.message, 300)}`);
  }
}

function invalid(message: string, cause?: unknown): PratiqueError {
  return policyErrors.error('TRUST_INVALID', { message, cause });
}
